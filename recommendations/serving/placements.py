"""What a placement shows: the host's setting with a manager's row in the admin over it, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from django.utils.translation import gettext as _

from ..conf import MAX_LIMIT, PLACEMENT_DEFAULTS, STRATEGIES, settings
from .guard import log_once_a_minute

# What these show depends on nobody: a page with only such placements may lie in a shared cache.
IMPERSONAL: Final = frozenset({"trending", "new"})


class UnknownPlacement(LookupError):
    """No placement of that slug; the message lists the valid ones, the closest first."""

    def __init__(self, slug: object) -> None:
        names = sorted(settings.PLACEMENTS)
        close = get_close_matches(str(slug)[:60], names, n=1)
        ordered = [*close, *(name for name in names if name not in close)]
        shown = repr(slug) if len(str(slug)) <= 60 else repr(str(slug)[:60]) + "…"
        text = _("There is no placement %(slug)s. The placements are: %(names)s.")
        super().__init__(text % {"slug": shown, "names": ", ".join(ordered)})


@dataclass(frozen=True, slots=True)
class PlacementConfig:
    """One placement, as it stands now. ``strategies`` are tried in order until the list is full.

    ``filters`` are lookups of the item model; ``mmr`` is 0 (by score alone) to 1 (by difference alone).
    """

    slug: str
    title: Any
    strategies: tuple[str, ...]
    limit: int
    filters: Mapping[str, Any]
    max_per_category: int | None
    mmr: float
    enabled: bool = True

    @property
    def personal(self) -> bool:
        """Whether the list depends on who looks at it."""
        return not IMPERSONAL.issuperset(self.strategies)

    @property
    def filter_key(self) -> str:
        """The filters as one text: equal for equal filters, "" for none."""
        return json.dumps(dict(self.filters), sort_keys=True, default=str) if self.filters else ""


def configure(slug: str, overrides: Mapping[str, Mapping[str, Any]]) -> PlacementConfig:
    """The placement ``slug`` with its row of ``overrides`` (slug -> fields, blank or None: the setting's)
    over it.

    A value that cannot be used (the checks and the admin refuse it) is logged, and the next lower one counts.
    Raises ``UnknownPlacement``.
    """
    try:
        setting = settings.PLACEMENTS[slug]
    except (KeyError, TypeError):
        raise UnknownPlacement(slug) from None
    layers = (overrides.get(slug, {}), setting, PLACEMENT_DEFAULTS)
    fields = {name: _first_valid(slug, name, layers) for name in _VALID}
    return PlacementConfig(
        slug=slug,
        title=overrides.get(slug, {}).get("title") or setting.get("title") or slug,
        strategies=tuple(fields["strategies"]),
        limit=min(fields["limit"], MAX_LIMIT),
        filters=fields["filters"],
        max_per_category=fields["max_per_category"] or None,
        mmr=float(fields["mmr"]),
        enabled=bool(overrides.get(slug, {}).get("enabled", True)),
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_VALID: Final = {
    "strategies": lambda value: (
        isinstance(value, list | tuple) and value and all(name in STRATEGIES for name in value)
    ),
    "limit": lambda value: isinstance(value, int) and value >= 1 and value is not True,
    "filters": lambda value: isinstance(value, Mapping) and all(isinstance(name, str) for name in value),
    "max_per_category": lambda value: isinstance(value, int) and value >= 0 and value is not True,
    "mmr": lambda value: _number(value) and 0 <= value <= 1,
}


def _first_valid(slug: str, name: str, layers: tuple[Mapping[str, Any], ...]) -> Any:
    for layer in layers:
        value = layer.get(name)
        if value is None:
            continue
        if _VALID[name](value):
            return value
        log_once_a_minute(f"Placement {slug}: {name} cannot be {value!r:.80}; it is ignored")
    return None
