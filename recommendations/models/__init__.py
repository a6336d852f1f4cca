"""The tables of the app: runs and their trials, active models, placements as a manager changed them, items
never to show.
"""

from .managers import AUTO, AlreadyRunning, CannotActivate, CannotRetry
from .placements import NeverRecommend, Placement
from .runs import ActiveModel, ModelRun
from .trials import Trial

__all__ = [
    "AUTO",
    "ActiveModel",
    "AlreadyRunning",
    "CannotActivate",
    "CannotRetry",
    "ModelRun",
    "NeverRecommend",
    "Placement",
    "Trial",
]
