"""Several algorithms side by side on the shop's own orders, one split for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from ..algorithms import catalogue, create
from ..evaluation import ScorecardEntry, evaluate, scorecard
from ..interactions import Interactions, Split, leave_last_order_split, temporal_split
from .bench import TEST_SHARE, VALIDATION_SHARE, chosen, customers_of, fit_for
from .source import Source
from .stages import Rejected

SplitName = Literal["temporal", "leave-last"]
SCOPES: tuple[Literal["new", "all"], ...] = ("new", "all")


def evaluate_algorithms(
    names: Sequence[str] = (),
    *,
    k: int = 20,
    split: SplitName = "temporal",
    seed: int = 0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """The scorecard of ``names`` (all that learn from orders by default), the baseline popularity included.

    JSON-able: ``{split, cutoff, k, seed, users, items, rows}`` with one row an algorithm and scope. Every
    algorithm has its default parameters, "auto" replaced by what the validation part of the same split
    chooses, and is fitted on everything before the test. ``on_progress`` is told the algorithm, how many are
    done and how many there are. Raises ``Rejected`` where the shop's rows leave nothing to test on, and
    ``UnknownAlgorithm``.
    """
    infos = [catalogue.info(name) for name in names or _usual()]
    baseline = catalogue.info("popularity")
    others = [info for info in infos if info.name != baseline.name]
    kinds = {info.needs for info in others} or {baseline.needs}
    if len(kinds) > 1:
        raise Rejected("Algorithms that learn from ratings and from orders have no split in common")
    data = Source().read(kinds.pop()).of_customers().data
    infos = [baseline, *others]
    parts = _split(data, split)
    entries: list[ScorecardEntry] = []
    for done, info in enumerate(infos):
        if on_progress:
            on_progress(info.name, done, len(infos))
        entries += _entries(info, parts, k, seed)
    return scorecard(entries, parts, k=k, seed=seed)


def _usual() -> list[str]:
    return [name for name, info in catalogue.ALGORITHMS.items() if info.needs == "orders"]


def _split(data: Interactions, name: SplitName) -> Split:
    if not len(data):
        raise Rejected(f"Nothing to test on: no {'ratings' if data.kind == 'ratings' else 'order lines'}")
    if name == "leave-last":
        parts = leave_last_order_split(data, validation=True)
    elif data.time is None:
        raise Rejected("The rows carry no times; take --split leave-last")
    else:
        parts = temporal_split(data, test_share=TEST_SHARE, validation_share=VALIDATION_SHARE)
    if not len(parts.development) or not len(parts.test):
        raise Rejected(f"Nothing to test on: {len(data)} rows, {len(parts.test)} of them in the test part")
    return parts


def _entries(info: catalogue.AlgorithmInfo, parts: Split, k: int, seed: int) -> list[ScorecardEntry]:
    started = time.monotonic()
    values = chosen(info.name, {}, parts, seed=seed)
    model = create(info.name, **values).fit(fit_for(info.name, parts.before_test.development), seed=seed)
    fitted = time.monotonic() - started
    entries = []
    customers = customers_of(parts.development)
    for scope in SCOPES:
        began = time.monotonic()
        measured = evaluate(model, parts.development, parts.test, k=k, scope=scope, users=customers)
        seconds = fitted + time.monotonic() - began
        entries.append(ScorecardEntry(info.name, scope, values, seconds, measured))
    return entries
