"""Training: one run from the shop's rows to the model that serves; the scorecard of several algorithms."""

from .pulse import Listener
from .runner import run
from .scorecard import evaluate_algorithms
from .source import Source
from .stages import Rejected

__all__ = ["Listener", "Rejected", "Source", "evaluate_algorithms", "run"]
