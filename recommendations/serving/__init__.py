"""One answer: subject, candidates, filter, rank, diversify, explain. No PyTorch, and no broken pages."""

from .answer import Served, aget_recommendations, get_recommendations
from .marks import is_personal, mark_personal
from .models import active, reset
from .placements import PlacementConfig, UnknownPlacement, configure
from .ranking import MAX_RANKED, rank

__all__ = [
    "MAX_RANKED",
    "PlacementConfig",
    "Served",
    "UnknownPlacement",
    "active",
    "aget_recommendations",
    "configure",
    "get_recommendations",
    "is_personal",
    "mark_personal",
    "rank",
    "reset",
]
