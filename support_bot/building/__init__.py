"""Building: from the FAQ as it is to an engine that answers, learned, judged, stored and activated."""

from .learning import learn
from .pulse import Listener
from .runner import run
from .stages import Rejected

__all__ = ["Listener", "Rejected", "learn", "run"]
