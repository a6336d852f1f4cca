"""Splits: what is learned from, tuned on and judged by. No two parts share an order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions.dataset import Feature, Interactions
from recommendations.interactions.matrix import run_starts

_TRAIN, _VALIDATION, _TEST, _LEFT_OUT = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class Split:
    """Three parts of one data set, over its vocabularies.

    ``part``: int8, one per row of ``data``: 0 train, 1 validation, 2 test, 3 left out. ``cutoff`` and
    ``validation_cutoff`` (UTC epoch seconds) are where the test and the validation part begin in a temporal
    split, else None.
    """

    data: Interactions
    part: NDArray[np.int8]
    name: Literal["temporal", "leave-last"]
    cutoff: float | None = None
    validation_cutoff: float | None = None

    @cached_property
    def train(self) -> Interactions:
        """What a candidate learns from."""
        return self.data.where(self.part == _TRAIN)

    @cached_property
    def validation(self) -> Interactions | None:
        """What parameters are chosen on; None when no such part was asked for or none could be made."""
        chosen = self.part == _VALIDATION
        return self.data.where(chosen) if chosen.any() else None

    @cached_property
    def test(self) -> Interactions:
        """What a candidate is judged by."""
        return self.data.where(self.part == _TEST)

    @cached_property
    def development(self) -> Interactions:
        """Train and validation together: everything known before the test."""
        return self.data.where((self.part == _TRAIN) | (self.part == _VALIDATION))

    @cached_property
    def before_test(self) -> Split:
        """The same split without its test: what algorithms are given, so that none can look ahead.

        Its parts train and validation are over the users and items that have rows in them: a vocabulary of
        all the data would tell which items are sold for the first time in the test. An item's feature
        ``price``, today's in a shop, becomes what was last paid for it before the test, where the rows have
        prices. Whatever the test part holds, this is the same, bit for bit.
        """
        kept = (self.part == _TRAIN) | (self.part == _VALIDATION)
        data = _priced_as_paid(self.data.where(kept).compact())
        return Split(data, self.part[kept], self.name, self.cutoff, self.validation_cutoff)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able: name, cutoffs as ISO text, and rows and users of each part."""
        parts = {}
        for name, code in (("train", _TRAIN), ("validation", _VALIDATION), ("test", _TEST)):
            rows = self.part == code
            parts[name] = {"rows": int(rows.sum()), "users": len(np.unique(self.data.user[rows]))}
        return {
            "split": self.name,
            "cutoff": iso(self.cutoff),
            "validation_cutoff": iso(self.validation_cutoff),
            **parts,
            "left_out": int((self.part == _LEFT_OUT).sum()),
        }


def temporal_split(
    data: Interactions,
    *,
    cutoff: float | None = None,
    test_share: float = 0.2,
    validation_share: float = 0.0,
) -> Split:
    """Train on what was ordered before ``cutoff``, test on what came from then on.

    ``cutoff`` (UTC epoch seconds) is, by default, chosen so that the newest ``test_share`` of the orders are
    the test; the newest ``validation_share`` of the remaining ones are the validation part. Every row of
    train is older than every row of validation, and that older than every row of the test. An order whose
    rows lie on both sides of a cutoff belongs to the later part, and its earlier rows to none
    ("left out"). Rows without an order are orders of their own, save that one user's rows of one moment are
    one order.

    Where all orders are of one moment the test is empty, never the training part. Raises ``ValueError`` for
    rows without times and for a share outside 0..1.
    """
    for name, share in (("test_share", test_share), ("validation_share", validation_share)):
        if not 0 <= share < 1:
            raise ValueError(f"{name} is at least 0 and less than 1; got {share!r}.")
    if data.time is None:
        raise ValueError("A temporal split needs the rows' times. Use leave_last_order_split instead.")
    order, last = _orders(data)
    if cutoff is None:
        cutoff = _newest(last, test_share)
    part = np.where(last >= cutoff, _TEST, _TRAIN).astype(np.int8)
    validation_cutoff = None
    if validation_share and (part == _TRAIN).any():
        validation_cutoff = _newest(last[part == _TRAIN], validation_share)
        part[(part == _TRAIN) & (last >= validation_cutoff)] = _VALIDATION
    rows = part[order]
    starts = np.array([-np.inf, -np.inf if validation_cutoff is None else validation_cutoff, cutoff])
    rows[data.time < starts[rows]] = _LEFT_OUT
    return Split(data, rows, "temporal", float(cutoff), validation_cutoff)


def leave_last_order_split(data: Interactions, *, validation: bool = False) -> Split:
    """Test on the last order of every user who has two or more; train on the rest.

    With ``validation`` the last order but one of every user with three or more is the validation part. An
    order is as old as its newest row (without times: as its last row). An order shared by several users goes
    whole to the latest part that one of them puts it in.
    """
    order, last = _orders(data)
    # One entry per (user, order), each user's newest first.
    pairs = np.unique(np.stack([data.user.astype(np.int64), order]), axis=1)
    by = np.lexsort((-pairs[1], -last[pairs[1]], pairs[0]))
    who, which = pairs[0][by], pairs[1][by]
    starts = run_starts(who)
    counts = np.diff(np.append(starts, len(who)))
    place = np.arange(len(who)) - np.repeat(starts, counts)
    orders = np.repeat(counts, counts)
    part = np.zeros(len(last), np.int8)
    if validation:
        part[which[(place == 1) & (orders >= 3)]] = _VALIDATION
    part[which[(place == 0) & (orders >= 2)]] = _TEST
    return Split(data, part[order], "leave-last")


def iso(moment: float | None) -> str | None:
    """UTC epoch seconds as ISO 8601 text."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()


def _orders(data: Interactions) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order of each row as a code 0..n-1 (by first appearance), and the time of each order's newest row."""
    if data.order is not None:
        order = _coded(data.order)
    elif data.time is not None:
        by = np.lexsort((data.time, data.user))
        starts = run_starts(data.user[by], data.time[by])
        code = np.zeros(len(by), np.int64)
        code[by] = np.cumsum(np.bincount(starts, minlength=len(by))) - 1
        order = _coded(code)
    else:
        order = np.arange(len(data), dtype=np.int64)
    moment = np.arange(len(data), dtype=np.float64) if data.time is None else data.time
    last = np.full(order.max(initial=-1) + 1, -np.inf)
    np.maximum.at(last, order, moment)
    return order, last


def _priced_as_paid(data: Interactions) -> Interactions:
    """The feature ``price`` as of the newest of these rows; NaN where no row has a price."""
    feature = data.item_features.get("price")
    if feature is None or feature.kind != "number" or data.price is None:
        return data
    known = np.flatnonzero(np.isfinite(data.price))
    moment = known if data.time is None else data.time[known]
    by = known[np.lexsort((known, moment))]
    paid = np.full(data.n_items, np.nan)
    paid[data.item[by]] = data.price[by]  # of several prices the last one stays
    return replace(data, item_features={**data.item_features, "price": Feature("number", paid)})


def _coded(column: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes in the order of first appearance, so that later rows have higher codes where times are equal."""
    _, first, inverse = np.unique(column, return_index=True, return_inverse=True)
    by = np.argsort(first, kind="stable")
    rank = np.empty(len(by), np.int64)
    rank[by] = np.arange(len(by))
    return rank[inverse]


def _newest(last: NDArray[np.float64], share: float) -> float:
    """The moment from which on the newest ``share`` of orders are; past all of them if none would be left."""
    if not len(last) or share == 0:
        return float(np.nextafter(last.max(initial=0.0), np.inf))
    moments = np.sort(last)
    moment = moments[min(int(np.ceil(len(moments) * (1 - share))), len(moments) - 1)]
    if moment > moments[0]:
        return float(moment)
    later = moments[moments > moments[0]]
    return float(later[0]) if len(later) else float(np.nextafter(moments[0], np.inf))
