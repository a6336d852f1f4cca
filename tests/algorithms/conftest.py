"""Small data whose right answer is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from recommendations.interactions import Interactions

DAY = 86_400.0
GROUPS = 2
USERS = 24
ITEMS = 8


@pytest.fixture(autouse=True)
def nothing_is_loaded_yet() -> Iterator[None]:
    """Here is nothing that a web process would remember, and no Django to ask."""
    yield


def block_rows(seed: int = 0) -> list[tuple[str, str, float, float, int, float]]:
    """(user, item, value, time, order, rating): everybody takes from their own group's items only.

    User ``a03`` never takes item ``a-3``: that is what suits them best of all they do not have. In ratings
    they also rate two items of the other group, badly.
    """
    rng = np.random.default_rng(seed)
    rows = []
    order = 0
    for group in "ab"[:GROUPS]:
        for user in range(USERS):
            own = [item for item in range(ITEMS) if item != user % ITEMS]
            for visit in range(6):
                order += 1
                time = 1.7e9 - visit * 5 * DAY
                for item in rng.choice(own, 4, replace=False):
                    rows.append((f"{group}{user:02}", f"{group}-{item}", 1.0, time, order, 5.0))
            other = "b" if group == "a" else "a"
            for item in range(4):
                rows.append((f"{group}{user:02}", f"{other}-{(user + item) % ITEMS}", 0.0, 1.7e9, order, 1.0))
    return rows


def interactions(rows: list[tuple[str, str, float, float, int, float]], kind: str) -> Interactions:
    """The rows as orders (those of value 0 left out) or as ratings."""
    rows = [row for row in rows if kind == "ratings" or row[2]]
    users, items, values, times, orders, ratings = (list(column) for column in zip(*rows, strict=True))
    if kind == "ratings":
        return Interactions.from_arrays(users, items, ratings, times, kind="ratings")
    return Interactions.from_arrays(users, items, values, times, orders)


@pytest.fixture(scope="session")
def blocks() -> dict[str, Interactions]:
    """The block data as orders and as ratings."""
    return {kind: interactions(block_rows(), kind) for kind in ("orders", "ratings")}
