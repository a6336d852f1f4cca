"""One answer: subject, candidates, filter, rank, diversify, explain. Never touches PyTorch, never breaks a page."""

from .answer import Served, aget_recommendations, get_recommendations
from .marks import is_personal, mark_personal
from .placements import PlacementConfig, UnknownPlacement, configure

__all__ = [
    "PlacementConfig",
    "Served",
    "UnknownPlacement",
    "aget_recommendations",
    "configure",
    "get_recommendations",
    "is_personal",
    "mark_personal",
]
