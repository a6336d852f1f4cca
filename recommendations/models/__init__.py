"""The tables of the app: runs, active models, placements as a manager changed them, items never to show."""

from .managers import AlreadyRunning, CannotActivate
from .placements import NeverRecommend, Placement
from .runs import ActiveModel, ModelRun

__all__ = ["ActiveModel", "AlreadyRunning", "CannotActivate", "ModelRun", "NeverRecommend", "Placement"]
