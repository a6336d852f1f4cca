"""What sells lately: popularity in which a purchase loses half its weight every few days."""

from __future__ import annotations

from recommendations.interactions import Interactions

from .base import Fit, Learned, NotEnoughDataError
from .popularity import Popularity


class Trending(Popularity):
    """Popularity with a half-life, which needs the times of the purchases."""

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        if data.time is None:
            raise NotEnoughDataError("trending needs orders with times, found none; use popularity.")
        return super().learn(data, fit)
