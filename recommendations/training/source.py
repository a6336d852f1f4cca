"""The shop's rows as the trainings of one process share them: each kind is read and cleaned once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..adapters import get_adapter
from ..interactions import CleaningReport, Interactions
from ..interactions.dataset import Kind

Progress = Callable[[str, int, int, Mapping[str, Any]], bool | None]


@dataclass(frozen=True, slots=True)
class Rows:
    """What was read: the clean rows, what cleaning did, and the fingerprint of the rows."""

    data: Interactions
    report: CleaningReport
    fingerprint: str

    def of_customers(self) -> Rows:
        """The rows without those of guests."""
        data = self.data.customers()
        return self if data is self.data else Rows(data, self.report, data.fingerprint())

    def until(self, last: float | None) -> Rows:
        """The rows of no later than ``last`` (UTC epoch seconds): what a run that goes on had read before."""
        time = self.data.time
        if last is None or time is None or not len(time) or time.max() <= last:
            return self
        data = self.data.where(time <= last).compact()
        return Rows(data, self.report, data.fingerprint())

    def summary(self) -> dict[str, Any]:
        """JSON-able: counts, first and last time (UTC epoch seconds, None without times) and fingerprint."""
        time, order = self.data.time, self.data.order
        first, last = (
            (float(time.min()), float(time.max())) if time is not None and len(time) else (None, None)
        )
        return {
            "kind": self.data.kind,
            "rows": len(self.data),
            "users": self.data.n_customers,
            "items": self.data.n_items,
            "orders": None if order is None else len(set(order.tolist())),
            "first": first,
            "last": last,
            "fingerprint": self.fingerprint,
        }


class Source:
    """Reads through the host's adapter; a second ``read`` of the same kind is answered from memory."""

    def __init__(self) -> None:
        self._rows: dict[Kind, Rows] = {}

    def read(self, kind: Kind, *, on_progress: Progress | None = None) -> Rows:
        """The shop's rows of this kind. Raises what the database raises."""
        if kind not in self._rows:
            data, report = get_adapter().read_interactions(kind, on_progress=on_progress)
            self._rows[kind] = Rows(data, report, data.fingerprint())
        return self._rows[kind]
