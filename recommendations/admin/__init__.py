"""The admin: training and its runs, what serves, placements, and what a customer would see."""

from .placements import ActiveModelAdmin, NeverRecommendAdmin, PlacementAdmin
from .runs import ModelRunAdmin

__all__ = ["ActiveModelAdmin", "ModelRunAdmin", "NeverRecommendAdmin", "PlacementAdmin"]
