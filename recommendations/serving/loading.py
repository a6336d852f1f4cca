"""From a run in the database to a model mapped from disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import artifacts, storage
from ..conf import settings
from ..models import ActiveModel, ModelRun


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model that answers. ``trained_until`` is the time of its newest interaction, UTC epoch seconds.

    ``keys``: the item keys as a fixed-width byte array (n_items,), in the model's order, to match many keys
    at once.
    """

    run_id: int
    algorithm: str
    model: artifacts.Model
    trained_until: float
    keys: NDArray[np.bytes_]

    def positions(self, keys: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Positions of those of ``keys`` (as ``as_bytes`` makes them) that the model knows."""
        if not len(self.keys):
            return np.zeros(0, np.int64)
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return found[self.keys[found] == keys]


def load(run_id: int, others: Iterable[LoadedModel] = ()) -> LoadedModel:
    """The model of a finished run, copied to this host if need be; it shares what it can with ``others``.

    Raises ``ModelRun.DoesNotExist`` and what ``storage`` and ``artifacts`` raise for a model that cannot be
    used.
    """
    run = ModelRun.objects.only("algorithm", "artifact", "checksum", "data_summary", "created_at").get(
        pk=run_id
    )
    if not run.artifact:
        raise artifacts.ArtifactError(
            f"Run {run_id} has no stored model; activate another run or train again."
        )
    folder = storage.localise(run.artifact, alias=settings.STORAGE, checksum=run.checksum)
    model = artifacts.load(folder, checksum=run.checksum or None)
    keys = next((other.keys for other in others if _same(other.model.items, model.items)), None)
    if keys is None:
        keys = as_bytes(model.items.keys(range(len(model.items))))
    return LoadedModel(run_id, model.algorithm, model, _trained_until(run), keys)


def forget_old_copies() -> None:
    """Remove this host's copies of models that answer for no role any more, nor did just before."""
    storage.forget_copies(ActiveModel.objects.checksums(), alias=settings.STORAGE)


def _same(one: artifacts.KeyTable, other: artifacts.KeyTable) -> bool:
    return np.array_equal(one.offsets, other.offsets) and np.array_equal(one.bytes, other.bytes)


def as_bytes(keys: list[str]) -> NDArray[np.bytes_]:
    """Keys as UTF-8 in a fixed-width array. Keys that UTF-8 cannot hold match nothing."""
    return np.array([key.encode("utf-8", "replace") for key in keys], dtype=np.bytes_)


def _trained_until(run: ModelRun) -> float:
    return epoch(run.data_summary) or run.created_at.timestamp()


def epoch(summary: Mapping[str, Any]) -> float | None:
    """The time of the newest interaction in a run's data summary: a number or ISO text."""
    last = summary.get("last")
    if isinstance(last, str):
        try:
            return datetime.fromisoformat(last).timestamp()
        except ValueError:
            return None
    return float(last) if isinstance(last, int | float) else None
