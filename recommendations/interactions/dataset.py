"""Interactions: who took what, when, in which order. One row is one order line or one rating."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recommendations.interactions.matrix import Weight, counted_orders, csr, mean_values
from recommendations.interactions.vocabulary import GUEST, Vocabulary, as_list, code_keys

Kind = Literal["orders", "ratings"]
FeatureKind = Literal["text", "category", "number"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One property of every item (or user) of a vocabulary: ``values[code]``.

    ``text`` and ``category`` values are strings ("" or None when unknown), ``number`` values are floats
    (NaN when unknown).
    """

    kind: FeatureKind
    values: Sequence[Any] | NDArray[Any]

    def take(self, codes: NDArray[np.int64]) -> Feature:
        """The same feature of the given codes only, in their order."""
        if isinstance(self.values, np.ndarray):
            return Feature(self.kind, self.values[codes])
        return Feature(self.kind, [self.values[code] for code in codes.tolist()])


@dataclass(frozen=True, eq=False, repr=False)
class Interactions:
    """Rows of equal length over two vocabularies; never aggregated, never changed.

    ``user``, ``item``: int32 codes. ``value``: float32, the quantity or the rating. ``time``: float64, UTC
    epoch seconds, or None. ``order``: int64 codes of the orders, or None. ``price``: float32, what one unit
    cost (NaN where unknown), or None. Build one by :meth:`from_arrays` or :meth:`from_codes`.
    """

    kind: Kind
    users: Vocabulary
    items: Vocabulary
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    value: NDArray[np.float32]
    time: NDArray[np.float64] | None = None
    order: NDArray[np.int64] | None = None
    price: NDArray[np.float32] | None = None
    item_features: Mapping[str, Feature] = field(default_factory=dict)
    user_features: Mapping[str, Feature] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ("orders", "ratings"):
            raise ValueError(f'kind is "orders" or "ratings"; got {self.kind!r}.')
        _check_columns(self)
        _check_features("item_features", self.item_features, len(self.items))
        _check_features("user_features", self.user_features, len(self.users))

    @classmethod
    def from_arrays(
        cls,
        user_keys: Iterable[str],
        item_keys: Iterable[str],
        values: ArrayLike | None = None,
        times: ArrayLike | None = None,
        orders: Iterable[Hashable] | None = None,
        kind: Kind = "orders",
        *,
        prices: ArrayLike | None = None,
        item_features: Mapping[str, Feature] | None = None,
        user_features: Mapping[str, Feature] | None = None,
    ) -> Interactions:
        """Interactions from parallel columns, one entry a row.

        Keys are strings. ``values`` are finite numbers, 1 by default; ``times`` UTC epoch seconds; ``orders``
        anything hashable (None: the row is an order of its own). Features hold one value per key of the
        vocabulary, in its order (sorted by UTF-8 bytes).

        Raises ``ValueError`` for columns of unequal length and for a value, time or price that is not finite
        (a price may be NaN: unknown), ``TypeError`` for a key that is no string.
        """
        users, user = code_keys(user_keys)
        items, item = code_keys(item_keys)
        order = None if orders is None else code_orders(orders)
        return cls.from_codes(
            users,
            items,
            user,
            item,
            values,
            times,
            order,
            kind,
            price=prices,
            item_features=item_features,
            user_features=user_features,
        )

    @classmethod
    def from_codes(
        cls,
        users: Vocabulary,
        items: Vocabulary,
        user: ArrayLike,
        item: ArrayLike,
        value: ArrayLike | None = None,
        time: ArrayLike | None = None,
        order: ArrayLike | None = None,
        kind: Kind = "orders",
        *,
        price: ArrayLike | None = None,
        item_features: Mapping[str, Feature] | None = None,
        user_features: Mapping[str, Feature] | None = None,
    ) -> Interactions:
        """Interactions from codes into two vocabularies; otherwise as :meth:`from_arrays`.

        Raises ``ValueError`` for a code outside its vocabulary.
        """
        user = _column(user, np.int32)
        return cls(
            kind,
            users,
            items,
            user,
            _column(item, np.int32),
            np.ones(len(user), np.float32) if value is None else _column(value, np.float32),
            None if time is None else _column(time, np.float64),
            None if order is None else _column(order, np.int64),
            None if price is None else _column(price, np.float32),
            dict(item_features or {}),
            dict(user_features or {}),
        )

    def __len__(self) -> int:
        return len(self.user)

    def __repr__(self) -> str:
        return f"Interactions({self.kind}: {len(self)} rows, {self.n_users} users, {self.n_items} items)"

    @property
    def n_users(self) -> int:
        """Keys in the user vocabulary, with rows or without."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Keys in the item vocabulary, with rows or without."""
        return len(self.items)

    @property
    def n_customers(self) -> int:
        """Keys in the user vocabulary that are no guests'; they come first."""
        return bisect_left(self.users.keys, GUEST)

    def customers(self) -> Interactions:
        """The rows of customers alone, over the users and items that have such rows.

        A guest is a user of one order, nobody who comes back. Without guests these interactions themselves.
        """
        known = self.n_customers
        return self if known == self.n_users else self.where(self.user < known).compact()

    def matrix(
        self, weight: Weight = "count", *, half_life: float | None = None, now: float | None = None
    ) -> Any:
        """Users x items as ``scipy.sparse.csr_matrix``, float32, sorted indices: the only aggregation.

        ``count``: the distinct orders in which the user took the item (rows, where orders are unknown); with
        ``half_life`` (days) an order counts 2^-(age / half_life), age running to ``now`` (UTC epoch seconds,
        the newest row by default). ``log1p`` and ``sqrt`` are taken of that count, ``binary`` is 1 for every
        pair. Of ratings it is the mean rating (decayed: the weighted mean) instead of the count.

        Raises ``ValueError`` for an unknown weight, a half-life that is not positive, or one without times.
        """
        weights = None if half_life is None else self._decay(half_life, now)
        if self.kind == "ratings":
            entries = mean_values(self.user, self.item, self.value, weights)
        else:
            entries = counted_orders(self.user, self.item, self.order, weights)
        return csr(entries, weight, (self.n_users, self.n_items))

    def where(self, mask: ArrayLike) -> Interactions:
        """The rows where ``mask`` (bool, one per row) is true, over the same vocabularies."""
        keep = np.asarray(mask)
        if keep.dtype != np.bool_ or keep.shape != (len(self),):
            raise ValueError(
                f"A mask is a bool array of shape ({len(self)},); got {keep.dtype} of shape {keep.shape}."
            )
        return replace(
            self,
            user=self.user[keep],
            item=self.item[keep],
            value=self.value[keep],
            time=None if self.time is None else self.time[keep],
            order=None if self.order is None else self.order[keep],
            price=None if self.price is None else self.price[keep],
        )

    def compact(self) -> Interactions:
        """The same rows over the users and items that have rows; orders are numbered anew from 0."""
        users, user, kept_users = _compacted(self.users, self.user)
        items, item, kept_items = _compacted(self.items, self.item)
        return replace(
            self,
            users=users,
            items=items,
            user=user,
            item=item,
            order=None if self.order is None else _renumbered(self.order),
            item_features={name: feature.take(kept_items) for name, feature in self.item_features.items()},
            user_features={name: feature.take(kept_users) for name, feature in self.user_features.items()},
        )

    def fingerprint(self) -> str:
        """SHA-256 (hex) of rows, keys and features: equal for equal data, on every machine."""
        digest = hashlib.sha256(self.kind.encode())
        for vocabulary in (self.users, self.items):
            _digest_texts(digest, vocabulary.keys)
        for column in (self.user, self.item, self.value, self.time, self.order, self.price):
            digest.update(b"-" if column is None else b"+" + column.tobytes())
        for features in (self.item_features, self.user_features):
            for name in sorted(features):
                _digest_texts(digest, [name, features[name].kind, *map(str, features[name].values)])
        return digest.hexdigest()

    def _decay(self, half_life: float, now: float | None) -> NDArray[np.float64]:
        if not half_life > 0:
            raise ValueError(f"half_life is a positive number of days; got {half_life!r}.")
        if self.time is None:
            raise ValueError("half_life needs the rows' times; these interactions have none. Leave it out.")
        latest = now if now is not None else (self.time.max() if len(self) else 0.0)
        age = np.maximum(latest - self.time, 0.0) / 86_400.0
        return np.asarray(np.exp2(-age / half_life))


def code_orders(orders: Iterable[Hashable]) -> NDArray[np.int64]:
    """Codes of orders by first appearance: int64. None is an order of its own each time."""
    listed = as_list(orders)
    codes: dict[Hashable, int] = {}
    column = np.fromiter((codes.setdefault(order, len(codes)) for order in listed), np.int64, len(listed))
    if None in codes:
        alone = column == codes[None]
        column[alone] = len(codes) + np.arange(alone.sum())
    return column


def _column(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
    column = np.asarray(values)
    if column.ndim != 1:
        raise ValueError(f"A column is one-dimensional; got shape {column.shape}.")
    with np.errstate(over="ignore"):  # what overflows becomes inf, which _check_columns refuses
        return np.ascontiguousarray(column, dtype=dtype)


def _check_columns(data: Interactions) -> None:
    rows = len(data.user)
    for name in ("item", "value", "time", "order", "price"):
        column = getattr(data, name)
        if column is not None and len(column) != rows:
            raise ValueError(f"Columns are of one length; user has {rows} rows, {name} has {len(column)}.")
    for name, column, vocabulary in (("user", data.user, data.users), ("item", data.item, data.items)):
        if rows and not 0 <= column.min() <= column.max() < len(vocabulary):
            raise ValueError(
                f"{name} codes lie in 0..{len(vocabulary) - 1}; got {column.min()}..{column.max()}."
            )
    for name in ("value", "time"):
        column = getattr(data, name)
        if column is not None and not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(
                f"Every {name} is finite; row {row} has {column[row]}. Leave such rows out first."
            )
    if data.price is not None and np.isinf(data.price).any():
        raise ValueError("A price is finite, or NaN where unknown; got inf. Leave such rows out first.")


def _check_features(argument: str, features: Mapping[str, Feature], size: int) -> None:
    for name, feature in features.items():
        if feature.kind not in ("text", "category", "number"):
            raise ValueError(
                f'{argument}[{name!r}] is of kind "text", "category" or "number"; got {feature.kind!r}.'
            )
        if len(feature.values) != size:
            raise ValueError(
                f"{argument}[{name!r}] needs one value per key of the vocabulary ({size}); "
                f"got {len(feature.values)}."
            )


def _compacted(
    vocabulary: Vocabulary, codes: NDArray[np.int32]
) -> tuple[Vocabulary, NDArray[np.int32], NDArray[np.int64]]:
    used = np.zeros(len(vocabulary), np.bool_)
    used[codes] = True
    renumber = (np.cumsum(used) - 1).astype(np.int32)
    return vocabulary.select(used), renumber[codes], np.flatnonzero(used)


def _renumbered(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _digest_texts(digest: Any, texts: Sequence[str]) -> None:
    written = [text.encode("utf-8", "surrogatepass") for text in texts]
    digest.update(np.array([len(text) for text in written], np.int64).tobytes())
    digest.update(b"".join(written))
