"""The tables of the app: runs, active models, placements as a manager changed them, items never to show."""

from .placements import NeverRecommend, Placement
from .runs import ActiveModel, AlreadyRunning, ModelRun

__all__ = ["ActiveModel", "AlreadyRunning", "ModelRun", "NeverRecommend", "Placement"]
