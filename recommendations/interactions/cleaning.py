"""Cleaning: declared rules, each with its count. Nothing is dropped or changed in silence."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions.builder import RawLines
from recommendations.interactions.dataset import Interactions
from recommendations.interactions.duplicates import repeated
from recommendations.interactions.matrix import run_starts
from recommendations.interactions.returns import match_returns
from recommendations.interactions.vocabulary import GUEST, Vocabulary

_DAY = 86_400.0
_LARGEST = 1e9
"""No shop sells more than this in one line; beyond it sums of float64 would lose the small quantities."""


@dataclass(frozen=True, slots=True)
class CleaningRules:
    """What cleaning may be told. None switches a rule off.

    ``quantity_quantile``: quantities are capped at this quantile over the items of each item's own usual
    largest quantity (see :func:`robust_cap`). Every item counts once, so that the one that is sold by the
    millilitre does not set the cap, however often it is sold. ``max_lines_per_day``: the lines of a user on a
    day (UTC) with more lines than this are a machine's. ``unpriced``: items that never had a price above 0
    (coupons, deposits booked as items) are not for sale, unless nothing in the shop has a price.
    """

    quantity_quantile: float | None = 0.999
    max_lines_per_day: int | None = 1_000
    duplicates: bool = True
    unpriced: bool = True


@dataclass(frozen=True, slots=True)
class RuleCount:
    """One rule: how many rows it met, and what was done about them. ``rule`` is a stable name."""

    rule: str
    count: int
    done: str


@dataclass(frozen=True, slots=True)
class CleaningReport:
    """What cleaning did, rule by rule in the order of work; rules that met nothing are there with 0."""

    rows_in: int
    rows_out: int
    users: int
    items: int
    rules: tuple[RuleCount, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able: ``{rows_in, rows_out, users, items, rules: [{rule, count, done}]}``."""
        rules = [{"rule": rule.rule, "count": rule.count, "done": rule.done} for rule in self.rules]
        return {
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "users": self.users,
            "items": self.items,
            "rules": rules,
        }

    def lines(self) -> list[str]:
        """The report as text, one line per rule that met something."""
        met = [
            f"{rule.rule.replace('_', ' ')}: {rule.count:,} {rule.done}" for rule in self.rules if rule.count
        ]
        summary = (
            f"{self.rows_in:,} rows read, {self.rows_out:,} kept: {self.users:,} users, {self.items:,} items"
        )
        return [summary, *met]


def clean(
    raw: RawLines,
    *,
    known_items: Iterable[str] | None = None,
    known_users: Iterable[str] | None = None,
    never_for_sale: Iterable[str] = (),
    latest: float | None = None,
    guests: bool = False,
    rules: CleaningRules | None = None,
) -> tuple[Interactions, CleaningReport]:
    """Interactions of the rows worth learning from, and the report of what happened to the others.

    In this order: rows without user, item or time, or with an unreadable quantity, are dropped; so are rows
    later than ``latest`` (UTC epoch seconds; None: no limit), because age is counted from the newest row and
    one slip of the pen would make all others old; so are rows of users and items that are no longer among
    ``known_users`` and ``known_items`` (keys; None: all are known) and of items ``never_for_sale`` (keys),
    and exact duplicates. Returns are taken off their
    purchases (:func:`match_returns`), what is left of quantity 0 or less is dropped, machines' lines are
    dropped, outlier quantities capped. Of ratings only the rules about users, items, times, unreadable
    numbers and duplicates apply. Rows without an order, where the shop has orders, are orders of their own.

    With ``guests`` each order without a user is kept as a user of its own, with a key that begins with
    ``GUEST``: see :meth:`Interactions.customers`.
    """
    work = _Cleaning(_with_guests(raw) if guests else raw, rules or CleaningRules())
    if guests:
        work.guests()
    work.missing(latest)
    work.deleted(known_users, known_items)
    if raw.kind == "orders":
        work.never_for_sale(never_for_sale)
    work.duplicates()
    if raw.kind == "orders":
        work.returns()
        work.machines()
        work.outliers()
    data = work.interactions()
    return data, CleaningReport(len(raw), len(data), data.n_customers, data.n_items, tuple(work.counts))


class _Cleaning:
    """The rows still alive (``alive``: bool), their quantities so far, and the counts of the rules so far."""

    def __init__(self, raw: RawLines, rules: CleaningRules) -> None:
        self.raw, self.rules = raw, rules
        self.alive = np.ones(len(raw), np.bool_)
        self.value = raw.value.astype(np.float64)
        self.price = raw.price
        self.counts: list[RuleCount] = []

    def guests(self) -> None:
        theirs = self.raw.user >= bisect_left(self.raw.users.keys, GUEST)
        self._count("guest_orders", theirs, "rows of guests kept for what sells and what is bought together")

    def missing(self, latest: float | None) -> None:
        raw = self.raw
        self._drop("missing_user", raw.user < 0, "rows without a user dropped")
        self._drop("missing_item", raw.item < 0, "rows without an item dropped")
        if raw.time is not None:
            self._drop("missing_time", ~np.isfinite(raw.time), "rows without a readable time dropped")
            late = np.zeros(len(raw), np.bool_) if latest is None else raw.time > latest
            self._drop("future_time", late, "rows dated in the future dropped")
        readable = np.abs(self.value) <= _LARGEST  # NaN is not
        self._drop("unreadable_value", ~readable, f"rows without a number up to {_LARGEST:,.0f} dropped")
        if raw.price is not None:
            sane = (raw.price >= 0) & (raw.price <= _LARGEST)
            given = self.alive & ~np.isnan(raw.price) & ~sane
            self._count("unreadable_price", given, "prices below 0 or beyond reason taken as unknown")
            self.price = np.where(sane, raw.price, np.float32(np.nan))

    def deleted(self, known_users: Iterable[str] | None, known_items: Iterable[str] | None) -> None:
        for name, known in (("user", known_users), ("item", known_items)):
            codes: NDArray[np.int32] = getattr(self.raw, name)
            vocabulary: Vocabulary = getattr(self.raw, f"{name}s")
            gone = np.zeros(len(codes), np.bool_) if known is None else ~_among(vocabulary, known)[codes]
            if name == "user":
                gone &= codes < bisect_left(vocabulary.keys, GUEST)
            self._drop(f"deleted_{name}", gone, f"rows of {name}s that no longer exist dropped")

    def never_for_sale(self, keys: Iterable[str]) -> None:
        listed = _among(self.raw.items, keys)
        self._drop("never_for_sale", listed[self.raw.item], "rows of items that are not for sale dropped")
        if self.price is None or not self.rules.unpriced:
            return
        priced = np.zeros(len(listed), np.bool_)
        priced[self.raw.item[self.alive & (self.price > 0)]] = True
        asked = np.zeros(len(listed), np.bool_)
        asked[self.raw.item[self.alive & ~np.isnan(self.price)]] = True
        unpriced = asked & ~priced & priced.any()
        self._drop("unpriced", unpriced[self.raw.item], "rows of items never sold at a price dropped")

    def duplicates(self) -> None:
        raw = self.raw
        if not self.rules.duplicates or (raw.order is None and raw.time is None):
            return
        rows = np.flatnonzero(self.alive)
        if raw.returned is not None:
            rows = rows[raw.returned[rows] == -1]
        columns: list[NDArray[Any] | None] = [raw.user, raw.item, self.value, raw.time, raw.order, self.price]
        again = self._spread(rows, repeated([column[rows] for column in columns if column is not None]))
        self._drop("duplicates", again, "rows equal in user, item, order, time, number and price dropped")

    def returns(self) -> None:
        raw, rows = self.raw, np.flatnonzero(self.alive)
        time = None if raw.time is None else raw.time[rows]
        result = match_returns(raw.user[rows], raw.item[rows], self.value[rows], time, self._returned(rows))
        whole = result.reduced & (result.kept <= 0)
        empty = (result.kept <= 0) & ~result.matched & ~result.unmatched & ~whole
        spread = self._spread
        self._drop("returns", spread(rows, result.matched), "returns taken off their purchases")
        self._drop("unmatched_returns", spread(rows, result.unmatched), "returns without a purchase dropped")
        self._drop("returned", spread(rows, whole), "purchases returned in full dropped")
        part = spread(rows, result.reduced & ~whole)
        self._count("returned_in_part", part, "purchases reduced by what was returned")
        self._drop("non_positive_quantity", spread(rows, empty), "rows of quantity 0 dropped")
        self.value[rows] = result.kept

    def machines(self) -> None:
        limit, time = self.rules.max_lines_per_day, self.raw.time
        if limit is None or time is None:
            return
        rows = np.flatnonzero(self.alive)
        day = np.floor(time[rows] / _DAY)
        by = np.lexsort((day, self.raw.user[rows]))
        starts = run_starts(self.raw.user[rows][by], day[by])
        lengths = np.diff(np.append(starts, len(by)))
        busy = self._spread(rows[by], np.repeat(lengths > limit, lengths))
        users = len(np.unique(self.raw.user[busy]))
        done = f"rows of {users:,} users on days with more than {limit:,} rows dropped (bots)"
        self._drop("too_many_lines_per_day", busy, done)

    def outliers(self) -> None:
        quantile = self.rules.quantity_quantile
        if quantile is None or not self.alive.any():
            return
        rows = np.flatnonzero(self.alive)
        cap = robust_cap(self.raw.item[rows], self.value[rows], quantile)
        self._count("outlier_quantity", self.alive & (self.value > cap), f"quantities capped at {cap:g}")
        self.value[rows] = np.minimum(self.value[rows], cap)

    def interactions(self) -> Interactions:
        raw, alive = self.raw, self.alive
        order = None if raw.order is None else raw.order[alive]
        if order is not None:
            alone = order < 0
            order[alone] = order.max(initial=-1) + 1 + np.arange(alone.sum())
        return Interactions.from_codes(
            raw.users,
            raw.items,
            raw.user[alive],
            raw.item[alive],
            self.value[alive],
            None if raw.time is None else raw.time[alive],
            order,
            raw.kind,
            price=None if self.price is None else self.price[alive],
        ).compact()

    def _returned(self, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """The declared returns among ``rows``, as positions within ``rows``."""
        if self.raw.returned is None:
            return None
        position = np.full(len(self.raw) + 2, -2, np.int64)
        position[rows] = np.arange(len(rows))
        position[-1] = -1  # found by returned == -1, as position[-2] is by -2
        return position[self.raw.returned[rows]]

    def _spread(self, rows: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        spread = np.zeros(len(self.raw), np.bool_)
        spread[rows[mask]] = True
        return spread

    def _drop(self, rule: str, mask: NDArray[np.bool_], done: str) -> None:
        self._count(rule, self.alive & mask, done)
        self.alive &= ~mask

    def _count(self, rule: str, mask: NDArray[np.bool_], done: str) -> None:
        self.counts.append(RuleCount(rule, int(np.count_nonzero(mask)), done))


def _with_guests(raw: RawLines) -> RawLines:
    """Every order without a user becomes a user of its own."""
    rows = np.flatnonzero((raw.user < 0) & (raw.order >= 0)) if raw.order is not None else ()
    if raw.order is None or not len(rows):
        return raw
    orders, guest = np.unique(raw.order[rows], return_inverse=True)
    user = raw.user.copy()
    user[rows] = len(raw.users) + guest
    keys = (f"{GUEST}{number:09d}" for number in range(len(orders)))
    return replace(raw, users=Vocabulary([*raw.users.keys, *keys]), user=user)


def robust_cap(item: NDArray[np.int32], quantity: NDArray[np.float64], quantile: float) -> float:
    """What a quantity is capped at, from each item's usual largest one: its own .99 quantile.

    The ``quantile`` of these over items, and no more than Tukey's outer fence of their logarithms (three
    interquartile ranges, at least three doublings, above the third quartile): the fence holds in a shop of
    too few items for a quantile so high. ``quantity`` is positive, at least one row.
    """
    by = np.lexsort((quantity, item))
    starts = run_starts(item[by])
    lengths = np.diff(np.append(starts, len(by)))
    usual = quantity[by[starts + np.ceil((lengths - 1) * 0.99).astype(np.int64)]]
    first, third = np.quantile(np.log2(usual), [0.25, 0.75])
    fence = np.exp2(third + 3.0 * max(third - first, 1.0))
    return float(min(np.quantile(usual, quantile, method="higher"), fence))


def _among(vocabulary: Vocabulary, keys: Iterable[str]) -> NDArray[np.bool_]:
    """Which codes of the vocabulary are among ``keys``; one more at the end for code -1 (none): False."""
    found = vocabulary.index(keys)
    among = np.zeros(len(vocabulary) + 1, np.bool_)
    among[found[found >= 0]] = True
    return among
