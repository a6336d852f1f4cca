"""A small model of each scorer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from recommendations.artifacts import History, KeyTable, Model
from recommendations.artifacts.scorers import Factors, FoldIn, ItemItem, OwnHistory, Scorer, Static

N_USERS, N_ITEMS, WIDTH = 7, 30, 4
EVERYTHING = {"recommend", "similar", "fold_in", "explain"}


@pytest.fixture(autouse=True)
def nothing_is_loaded_yet() -> Iterator[None]:
    """Here is nothing that a web process would remember, and no Django to ask."""
    yield


def scorers() -> dict[str, Scorer]:
    rng = np.random.default_rng(0)
    users = rng.normal(size=(N_USERS, WIDTH)).astype(np.float32)
    items = rng.normal(size=(N_ITEMS, WIDTH)).astype(np.float32)
    gram = items.T.astype(np.float64) @ items + np.eye(WIDTH)
    indices = np.concatenate([[(row + 1) % N_ITEMS, (row + 2) % N_ITEMS] for row in range(N_ITEMS)])
    return {
        "factors": Factors(users, items, gram, fold_in=FoldIn("implicit", 2.0), weight="log1p", latent=WIDTH),
        "item_item": ItemItem(
            np.arange(0, 2 * N_ITEMS + 1, 2),
            indices.astype(np.int32),
            rng.random(2 * N_ITEMS).astype(np.float32),
        ),
        "history": OwnHistory(np.full(N_ITEMS, 1e-6, np.float32)),
        "static": Static(rng.random(N_ITEMS).astype(np.float32)),
    }


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """Makes a model around one of the scorers."""

    def make(name: str = "factors", **options: object) -> Model:
        seen = History(
            np.arange(0, 3 * N_USERS + 1, 3, dtype=np.int64),
            np.tile(np.array([1, 5, 9], np.int32), N_USERS),
            np.tile(np.array([1, 2, 3], np.float32), N_USERS),
        )
        given = {
            "algorithm": name,
            "parameters": {"factors": 4, "half_life": None},
            "supports": EVERYTHING if name in ("factors", "item_item") else {"recommend", "fold_in"},
            "scorer": scorers()[name],
            "items": KeyTable.from_keys([f"i{n:02}" for n in range(N_ITEMS)]),
            "users": KeyTable.from_keys([f"ü{n}" for n in range(N_USERS)]),
            "seen": seen,
            "manifest": {"roles": ["personal"]},
        }
        return Model(**{**given, **options})

    return make
