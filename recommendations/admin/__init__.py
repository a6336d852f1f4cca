"""The admin: training and its runs, what serves, placements, and what a customer would see."""

from .log import log_activation
from .placements import ActiveModelAdmin, NeverRecommendAdmin, PlacementAdmin
from .runs import ModelRunAdmin

__all__ = ["ActiveModelAdmin", "ModelRunAdmin", "NeverRecommendAdmin", "PlacementAdmin", "log_activation"]
