"""The entries of the catalogue by family, as data; see :mod:`..catalogue`."""

from __future__ import annotations

from . import baskets, counting, factorization, gradients, neighbours, people, ratings
from .base import AlgorithmInfo, Need, Role, Scope, Suits, gettext_noop

ENTRIES: tuple[AlgorithmInfo, ...] = (
    *counting.ENTRIES,
    *factorization.ENTRIES,
    *gradients.ENTRIES,
    *ratings.ENTRIES,
    *neighbours.ENTRIES,
    *people.ENTRIES,
    *baskets.ENTRIES,
)

__all__ = ["ENTRIES", "AlgorithmInfo", "Need", "Role", "Scope", "Suits", "gettext_noop"]
