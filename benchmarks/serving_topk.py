"""The top 20 of 50,000 items for one visitor, beside implicit's ``recommend`` with the same filter.

50,000 items x 64 float32; a visitor's own items are left out and 5,000 more are filtered. Ours is
``Model.recommend`` for a known user with 100 items and ``Model.fold_in`` for a stranger with 20; the peer is
``AlternatingLeastSquares.recommend``, with ``recalculate_user`` beside fold_in. Each gets the filter in the
form that it takes: ours a server's mask, the peer the array of ids. The answers are compared first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import sparse

from recommendations.artifacts import History, KeyTable, Model
from recommendations.artifacts.scorers import Factors, FoldIn

from .results import write

ITEMS, USERS, FACTORS, OWN, RECENT, FILTERED, K = 50_000, 1_000, 64, 100, 20, 5_000, 20
REGULARIZATION = 0.1
ROUNDS, CALLS = 41, 25


def build() -> tuple[Model, Any, Any, Any, np.ndarray[Any, Any]]:
    """Our model and the peer's over the same factors, histories long and short, which items are filtered."""
    from implicit.cpu.als import AlternatingLeastSquares

    rng = np.random.default_rng(0)
    users = rng.normal(size=(USERS, FACTORS)).astype(np.float32)
    items = rng.normal(size=(ITEMS, FACTORS)).astype(np.float32)
    own = np.sort(np.argsort(rng.random((USERS, ITEMS // 50)), axis=1)[:, :OWN] * 50, axis=1).astype(np.int32)
    indptr = np.arange(0, USERS * OWN + 1, OWN)
    weights = np.ones(USERS * OWN, np.float32)
    filtered = np.zeros(ITEMS, dtype=bool)
    filtered[rng.choice(ITEMS, FILTERED, replace=False)] = True
    gram = items.T.astype(np.float64) @ items + REGULARIZATION * np.eye(FACTORS)
    model = Model(
        algorithm="als",
        parameters={},
        supports={"recommend", "fold_in"},
        scorer=Factors(users, items, gram, fold_in=FoldIn("implicit", 1.0), weight="binary", latent=FACTORS),
        items=KeyTable.from_keys([f"{n:06}" for n in range(ITEMS)]),
        users=KeyTable.from_keys([f"{n:06}" for n in range(USERS)]),
        seen=History(indptr, own.ravel(), weights),
    )
    peer = AlternatingLeastSquares(factors=FACTORS, regularization=REGULARIZATION, alpha=1.0, num_threads=1)
    peer.user_factors, peer.item_factors = users, items
    recent = own[:, :RECENT].ravel(), np.arange(0, USERS * RECENT + 1, RECENT)
    histories = sparse.csr_matrix((weights * 2, own.ravel(), indptr), shape=(USERS, ITEMS))
    visitors = sparse.csr_matrix((np.full(USERS * RECENT, 2, np.float32), *recent), shape=(USERS, ITEMS))
    return model, peer, histories, visitors, filtered


def calls() -> dict[str, tuple[Callable[[int], list[str]], Callable[[int], list[str]]]]:
    """name -> (ours, the peer's), both from a user's number to the keys of the best items."""
    model, peer, histories, visitors, filtered = build()
    ids = np.flatnonzero(filtered)

    def peers(user: int, history: Any, fresh: bool) -> list[str]:
        found, _ = peer.recommend(user, history, N=K, filter_items=ids, recalculate_user=fresh)
        return [f"{n:06}" for n in found]

    def known(user: int) -> list[str]:
        return model.recommend([f"{user:06}"], k=K, deny=filtered)[0][0]

    def visitor(user: int) -> list[str]:
        bought = model.seen.row(user)[0][:RECENT]
        return model.fold_in([(f"{n:06}", 1.0) for n in bought], k=K, deny=filtered)[0]

    return {
        "serving_topk": (known, lambda user: peers(user, histories[user], False)),
        "serving_topk_fold_in": (visitor, lambda user: peers(user, visitors[user], True)),
    }


def main() -> None:
    for name, (ours, peers) in calls().items():
        for user in range(20):
            assert ours(user) == peers(user), f"{name}: the answers for user {user} differ"
        pairs = []
        for start in range(0, ROUNDS * CALLS, CALLS):
            chosen = [user % USERS for user in range(start, start + CALLS)]
            pairs.append((_seconds(ours, chosen), _seconds(peers, chosen)))
        measured = {
            "name": name,
            "unit": "seconds a visitor",
            "pairs": pairs,
            "peer_name": "implicit 0.7.3 recommend" + (" recalculating the user" if "fold" in name else ""),
            "better": "lower",
            "protocol": f"top {K} of {ITEMS} items x {FACTORS} float32, "
            f"{RECENT if 'fold' in name else OWN} own items and {FILTERED} more filtered, one thread, "
            f"{CALLS} visitors a round, in turn",
        }
        write(measured, packages=("implicit", "numpy"))


def _seconds(call: Callable[[int], list[str]], users: list[int]) -> float:
    start = time.perf_counter()
    for user in users:
        call(user)
    return (time.perf_counter() - start) / len(users)


if __name__ == "__main__":
    main()
