"""A training that lasts exactly as long as a test wants: it waits while the file ``hold`` exists."""

from __future__ import annotations

import time

from django.conf import settings

from recommendations.algorithms.base import Algorithm, Fit, Learned
from recommendations.algorithms.catalogue import info
from recommendations.algorithms.item_knn import ItemKNN
from recommendations.interactions import Interactions


class Patient(Algorithm):
    """What ``item_cosine`` learns, after waiting."""

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        hold = settings.FOLDER / "hold"
        step = 0
        while hold.exists():
            step += 1
            fit.report("fit", step, step + 1, loss=1.0 / step)
            time.sleep(0.05)
        return ItemKNN("item_cosine", info("item_cosine").defaults).learn(data, fit)
