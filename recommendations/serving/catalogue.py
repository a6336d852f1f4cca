"""What may be shown now: masks over the models' items, and what to show where no model can say.

Built off the request and swapped whole; a mask may be a minute old, so what is fetched has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..adapters import get_adapter
from ..adapters.paths import as_condition
from .guard import attempt
from .loading import LoadedModel, as_bytes
from .placements import PlacementConfig

Mask = NDArray[np.bool_]

LIST_LENGTH: Final = 1_000
RECENT_LINES: Final = 20_000
CATEGORY_PAGE: Final = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """``masks``: (run, filter key) -> which of that model's items are available.

    ``trending`` and ``newest``: filter key -> available item keys, best first. ``passing``: filter key ->
    all keys that pass, as sorted bytes. ``failed``: filter keys whose filters the database refused.
    ``categories``: run -> a number for the category of each of that model's items, -1 for none; read once a
    model, because what is fetched brings its own. None: not read yet.
    """

    masks: Mapping[tuple[int, str], Mask] = field(default_factory=dict)
    trending: Mapping[str, Sequence[str]] = field(default_factory=dict)
    newest: Mapping[str, Sequence[str]] = field(default_factory=dict)
    passing: Mapping[str, NDArray[np.bytes_]] = field(default_factory=dict)
    categories: Mapping[int, NDArray[np.int32]] | None = None
    failed: frozenset[str] = frozenset()

    def passes(self, key: str, filter_key: str) -> bool:
        """Whether the item passes the filters; without filters ``fetch`` decides."""
        if not filter_key:
            return True
        listed, wanted = self.passing.get(filter_key), as_bytes([key])[0]
        if listed is None or not len(listed):
            return False
        return bool(listed[min(np.searchsorted(listed, wanted), len(listed) - 1)] == wanted)


def build(
    models: Iterable[LoadedModel], placements: Sequence[PlacementConfig], before: Catalogue, *, hurried: bool
) -> Catalogue:
    """Read what is available. Where the database cannot say, everything passes and ``fetch`` decides.

    ``hurried`` leaves the categories for later: somebody is waiting.
    """
    adapter = get_adapter()
    runs = {loaded.run_id: loaded for loaded in models}
    popular = attempt("Reading recent orders", lambda: adapter.recent_items(RECENT_LINES)[:LIST_LENGTH], [])
    newest = attempt("Reading the newest items", lambda: adapter.newest(LIST_LENGTH), [])
    wanted: dict[str, Any] = {"": None} | {config.filter_key: config.filters for config in placements}
    masks: dict[tuple[int, str], Mask] = {}
    trending: dict[str, list[str]] = {}
    latest: dict[str, list[str]] = {}
    passing: dict[str, NDArray[np.bytes_]] = {}
    failed: set[str] = set()
    for filter_key, filters in wanted.items():
        keys = attempt(f"Reading available items {filter_key}", partial(_available, filters), None)
        if keys is None and filters:
            failed.add(filter_key)
        trending[filter_key] = _within(popular, keys)
        latest[filter_key] = _within(newest, keys)
        if keys is not None:
            listed = as_bytes(keys)
            if filters:
                passing[filter_key] = np.sort(listed)
            masks |= {(run, filter_key): _mask(loaded, listed) for run, loaded in runs.items()}
    categories = None if hurried else _categories(runs, placements, before.categories or {})
    return Catalogue(masks, trending, latest, passing, categories, frozenset(failed))


def _available(filters: Any) -> list[str]:
    adapter = get_adapter()
    if not filters:
        return adapter.available_keys()
    rows = adapter.available().filter(as_condition(filters)).values_list("pk", flat=True)
    return [key for raw in rows if (key := adapter.variants.item_key(raw)) is not None]


def _within(keys: Iterable[str], available: list[str] | None) -> list[str]:
    if available is None:
        return list(keys)
    listed = set(available)
    return [key for key in keys if key in listed]


def _mask(loaded: LoadedModel, available: NDArray[np.bytes_]) -> Mask:
    mask = np.zeros(len(loaded.keys), np.bool_)
    mask[loaded.positions(available)] = True
    return mask


def _categories(
    runs: Mapping[int, LoadedModel],
    placements: Sequence[PlacementConfig],
    known: Mapping[int, NDArray[np.int32]],
) -> dict[int, NDArray[np.int32]]:
    """Where a placement needs them; models of the same items share one array."""
    if not any(config.max_per_category for config in placements):
        return {}
    of_keys = {id(runs[run].keys): numbers for run, numbers in known.items() if run in runs}
    for loaded in runs.values():
        if id(loaded.keys) not in of_keys:
            of_keys[id(loaded.keys)] = _numbered(loaded)
    return {run: of_keys[id(loaded.keys)] for run, loaded in runs.items()}


def _numbered(loaded: LoadedModel) -> NDArray[np.int32]:
    """A number for each distinct category among the model's items."""
    adapter = get_adapter()
    numbers: dict[str, int] = {}
    codes = np.full(len(loaded.keys), -1, np.int32)
    for start in range(0, len(codes), CATEGORY_PAGE):
        keys = [key.decode() for key in loaded.keys[start : start + CATEGORY_PAGE].tolist()]
        found = attempt("Reading categories", partial(adapter.categories, keys), {})
        for place, key in enumerate(keys, start):
            if (name := found.get(key)) is not None:
                codes[place] = numbers.setdefault(name, len(numbers))
    return codes
