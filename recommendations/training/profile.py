"""What kind of shop this is, and which algorithms of the catalogue are worth trying in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from ..algorithms import catalogue
from ..algorithms.catalogue import AlgorithmInfo
from ..interactions import Interactions


@dataclass(frozen=True, slots=True)
class Profile:
    """Size and kind of a shop. ``repeats``: the share of the purchases that are of an item bought in an
    earlier order; ``described``: the share of the items with a text or a category. Both from 0 to 1.
    """

    kind: str
    users: int
    items: int
    rows: int
    repeats: float
    described: float

    @classmethod
    def of(cls, data: Interactions) -> Profile:
        return cls(
            kind=data.kind,
            users=data.n_customers,
            items=data.n_items,
            rows=len(data),
            repeats=_repeats(data),
            described=_described(data),
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def suitable(role: str, shop: Profile) -> tuple[list[AlgorithmInfo], dict[str, str]]:
    """The algorithms to try for ``role``, cheap ones first, and for each of the others why not.

    Algorithms that cannot fill the role are in neither.
    """
    able = [info for info in catalogue.ALGORITHMS.values() if role in info.roles]
    left_out = {info.name: reason for info in able if (reason := next(_against(info, shop), ""))}
    chosen = [info for info in able if info.name not in left_out]
    return sorted(chosen, key=cost), left_out


def cost(info: AlgorithmInfo) -> int:
    """The cost class, 1 to 3; one that no search tries by itself counts as usual."""
    return info.suits.cost if info.suits else 2


def _against(info: AlgorithmInfo, shop: Profile) -> Iterator[str]:
    """What speaks against trying the algorithm in this shop."""
    if info.needs != shop.kind:
        kinds = {"orders": _("it learns from orders"), "ratings": _("it learns from ratings")}
        yield kinds[info.needs]
    if missing := [name for name in info.requires if find_spec(name) is None]:
        yield _("%(modules)s is not installed") % {"modules": ", ".join(missing)}
    suits = info.suits
    if suits is None:
        yield _("it is tried only when asked for")
        return
    limits = (
        (suits.users, shop.users, _("more than %(most)s customers")),
        (suits.items, shop.items, _("more than %(most)s items")),
        (suits.rows, shop.rows, _("more than %(most)s order lines")),
        (suits.smaller_side, min(shop.users, shop.items), _("more than %(most)s customers and items")),
    )
    for most, found, words in limits:
        if most is not None and found > most:
            yield words % {"most": f"{most:,}"}
    if shop.repeats < suits.repeats:
        yield _("only %(share)s of the purchases are repeats") % {"share": f"{shop.repeats:.0%}"}
    if shop.described < suits.described:
        yield _("only %(share)s of the items have a text or a category") % {"share": f"{shop.described:.0%}"}


def _repeats(data: Interactions) -> float:
    """The share of distinct (customer, order, item) whose item the customer has in an earlier order."""
    if not len(data):
        return 0.0
    pair = data.user.astype(np.int64) * data.n_items + data.item
    orders = np.arange(len(data)) if data.order is None else data.order
    purchases = np.unique(np.stack([pair, orders]), axis=1).shape[1]
    return 1.0 - len(np.unique(pair)) / purchases


def _described(data: Interactions) -> float:
    known = np.zeros(data.n_items, np.bool_)
    for feature in data.item_features.values():
        if feature.kind != "number":
            known |= np.fromiter((bool(value) for value in feature.values), np.bool_, data.n_items)
    return float(known.mean()) if len(known) else 0.0
