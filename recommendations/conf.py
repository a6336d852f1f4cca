"""The app's settings: ``from recommendations.conf import settings``, then ``settings.PLACEMENTS`` and so on.

Each attribute is a key of the host's ``RECOMMENDATIONS`` with its default filled in. Values are read when
they are first asked for, never at import, and read again when a test overrides them. Nothing here complains
about a wrong value: the system checks do, and name the setting and the closest valid value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# Where a served item can come from: the roles that a model fills, and the newest items of the catalogue.
STRATEGIES: Final = ("personal", "similar", "bought_together", "buy_again", "trending", "new")
JOB_MODES: Final = ("process", "celery", "inline")
MAX_LIMIT: Final = 100

DEFAULTS: Final[Mapping[str, Any]] = {
    "SHOP": {},
    "ADAPTER": "recommendations.adapters.DeclarativeAdapter",
    "PLACEMENTS": {},
    "QUEUE": {"train": None, "light": None},
    "JOBS": "process",
    "STORAGE": "recommendations",
    "ARTIFACT_DIR": None,
    "CACHE_DIR": None,
    "DATABASE": None,
    "GATE_TOLERANCE": 0.02,
    "AVAILABLE_TTL": 60,
    "KEEP_RUNS": 10,
    "ALGORITHMS": {},
}

PLACEMENT_DEFAULTS: Final[Mapping[str, Any]] = {
    "strategies": ["personal", "trending", "new"],
    "limit": 12,
    "filters": {},
    "max_per_category": None,
    "mmr": 0.0,
}

# The last strategies of a list are what refills it when a model is missing or has too little to say.
PLACEMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "for-you": {
        "title": _("Recommended for you"),
        "strategies": ["personal", "similar", "bought_together", "trending", "new"],
        "max_per_category": 3,
    },
    "similar": {"title": _("Similar items"), "strategies": ["similar", "bought_together", "trending", "new"]},
    "bought-together": {
        "title": _("Often bought together"),
        "strategies": ["bought_together", "similar", "trending", "new"],
        "limit": 6,
    },
    "buy-again": {"title": _("Buy it again"), "strategies": ["buy_again"]},
    "trending": {"title": _("Trending now"), "strategies": ["trending", "new"]},
    "new": {"title": _("New arrivals"), "strategies": ["new"]},
    "basket": {
        "title": _("Goes well with your basket"),
        "strategies": ["bought_together", "personal", "trending", "new"],
        "limit": 6,
    },
}


class Settings:
    """One attribute per key of ``RECOMMENDATIONS``; any other is an ``AttributeError`` listing them."""

    SHOP: Mapping[str, Any]
    ADAPTER: str
    PLACEMENTS: Mapping[str, Mapping[str, Any]]  # slug -> every field of PLACEMENT_DEFAULTS and "title"
    QUEUE: Mapping[str, str | None]
    JOBS: str
    STORAGE: str
    ARTIFACT_DIR: Path
    CACHE_DIR: Path
    DATABASE: str | None
    GATE_TOLERANCE: float
    AVAILABLE_TTL: int
    KEEP_RUNS: int
    ALGORITHMS: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        if name not in DEFAULTS:
            raise AttributeError(f"RECOMMENDATIONS has no {name!r}; it has {', '.join(DEFAULTS)}")
        value = host_settings().get(name, DEFAULTS[name])
        self.__dict__[name] = _READERS[name](value) if name in _READERS else value
        return self.__dict__[name]

    def reload(self) -> None:
        """Forget the values read so far."""
        self.__dict__.clear()


def closest(given: object, choices: Iterable[str]) -> str:
    """A hint: the choice that was probably meant, or all of them when none is near."""
    valid = sorted(str(choice) for choice in choices)
    near = get_close_matches(str(given), valid, 1, 0.5)
    return f"Closest valid value: {near[0]!r}." if near else f"Valid values: {', '.join(valid) or 'none'}."


def host_settings() -> Mapping[str, Any]:
    """``settings.RECOMMENDATIONS`` as the host wrote it; empty where it is missing or no dict."""
    return _mapping(getattr(django_settings, "RECOMMENDATIONS", None))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _placements(value: Any) -> dict[str, Mapping[str, Any]]:
    """The host's fields over ours, slug by slug; a slug set to None takes the placement away."""
    host = _mapping(value)
    merged: dict[str, Mapping[str, Any]] = {}
    for slug in [*PLACEMENTS, *(slug for slug in host if slug not in PLACEMENTS)]:
        if slug in host and host[slug] is None:
            continue
        named = {"title": capfirst(str(slug).replace("-", " "))}
        merged[slug] = {**PLACEMENT_DEFAULTS, **named, **PLACEMENTS.get(slug, {}), **_mapping(host.get(slug))}
    return merged


def _artifact_dir(value: Any) -> Path:
    if value:
        return Path(value)
    return Path(getattr(django_settings, "BASE_DIR", None) or Path.cwd()) / "var" / "recommendations"


def _cache_dir(value: Any) -> Path:
    return Path(value) if value else settings.ARTIFACT_DIR / "cache"


_READERS: Final = {
    "SHOP": _mapping,
    "PLACEMENTS": _placements,
    "QUEUE": lambda value: {**DEFAULTS["QUEUE"], **_mapping(value)},
    "ARTIFACT_DIR": _artifact_dir,
    "CACHE_DIR": _cache_dir,
    "ALGORITHMS": _mapping,
}

settings = Settings()


def _reload(*, setting: str, **_kwargs: Any) -> None:
    if setting in ("RECOMMENDATIONS", "BASE_DIR"):
        settings.reload()


setting_changed.connect(_reload, dispatch_uid="concierge_recommendations.conf")
