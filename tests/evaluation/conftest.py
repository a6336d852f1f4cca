"""A model that is nothing but its scores."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from recommendations.interactions import Vocabulary


@dataclass
class ScoredByTable:
    """``scores``: (users, items); remembers how many users it was asked for at once."""

    users: Vocabulary
    items: Vocabulary
    scores: np.ndarray
    asked: list[int] = field(default_factory=list)

    def score_users(self, users):
        self.asked.append(len(users))
        return self.scores[users]


@pytest.fixture
def table() -> Callable[..., ScoredByTable]:
    """Makes a model of {user: {item: score}}; items that are not named have no score."""

    def make(scores):
        users = Vocabulary(scores)
        items = Vocabulary(item for row in scores.values() for item in row)
        dense = np.full((len(users), len(items)), -np.inf, np.float32)
        for user, row in scores.items():
            dense[users.index([user])[0], items.index(row)] = list(row.values())
        return ScoredByTable(users, items, dense)

    return make
