"""The closed set of scorers: how a fitted model answers, in numpy alone.

An algorithm, once fitted, names one of these and gives it tensors, so that a model answers by the same code
after ``fit`` and after ``load``, and a web worker never needs what the algorithm was trained with.
"""

from __future__ import annotations

from .base import Scorer
from .factors import Factors, FoldIn
from .item_item import ItemItem
from .linear import Linear
from .own_history import OwnHistory
from .rated_factors import RatedFactors
from .rules import Rules
from .static import Static
from .user_user import Neighbourhood, UserUser

__all__ = [
    "SCORERS",
    "Factors",
    "FoldIn",
    "ItemItem",
    "Linear",
    "Neighbourhood",
    "OwnHistory",
    "RatedFactors",
    "Rules",
    "Scorer",
    "Static",
    "UserUser",
]

SCORERS: dict[str, type[Scorer]] = {
    scorer.name: scorer
    for scorer in (Factors, ItemItem, Linear, OwnHistory, RatedFactors, Rules, Static, UserUser)
}
