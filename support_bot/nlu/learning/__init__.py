"""Learning an engine from the shop's entries and phrasings: the only room here that needs torch."""

from __future__ import annotations

from .build import Cancelled, Learned, learn

__all__ = ["Cancelled", "Learned", "learn"]
