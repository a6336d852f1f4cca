"""The app's settings: ``from support_bot.conf import settings``, then ``settings.ENCODERS`` and so on.

Each attribute is a key of the host's ``SUPPORT_BOT`` with its default filled in; read when first asked for,
never at import, and again when a test overrides them. The system checks complain about wrong values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from recommendations.conf import settings as shared

DEFAULTS: Final[Mapping[str, Any]] = {
    "ADAPTER": "support_bot.adapters.SupportAdapter",
    "ENCODERS": {"*": ["lexical"]},
    "ENCODER_OPTIONS": {},
    "SKILLS": None,
    "RECOMMEND": None,
    "GENERATOR": None,
    "QUEUE": {"build": None, "light": None},
    "JOBS": None,
    "STORAGE": "support_bot",
    "GATE_TOLERANCE": 0.02,
    "KEEP_BUILDS": 5,
    "RETENTION_DAYS": 365,
    "CONTEXT_MINUTES": 30,
    "AGENT_EMAILS": [],
    "THROTTLE": {"conversation": "20/min", "visitor": "60/min", "address": "120/min"},
}


class Settings:
    """One attribute per key of ``SUPPORT_BOT``; any other is an ``AttributeError`` listing them."""

    ADAPTER: str
    ENCODERS: Mapping[str, list[str]]  # language or "*" -> encoder names, joined in this order
    ENCODER_OPTIONS: Mapping[str, Mapping[str, Any]]  # encoder name -> its options: {"onnx": {"folder": …}}
    SKILLS: list[str] | None  # dotted paths, None for all of ours
    RECOMMEND: str | None
    GENERATOR: str | None
    QUEUE: Mapping[str, str | None]
    JOBS: str | None  # None: as RECOMMENDATIONS["JOBS"]
    STORAGE: str
    GATE_TOLERANCE: float
    KEEP_BUILDS: int
    RETENTION_DAYS: int | None
    CONTEXT_MINUTES: int
    AGENT_EMAILS: list[str]
    THROTTLE: Mapping[str, str | None]

    def __getattr__(self, name: str) -> Any:
        if name not in DEFAULTS:
            raise AttributeError(f"SUPPORT_BOT has no {name!r}; it has {', '.join(DEFAULTS)}")
        value = host_settings().get(name, DEFAULTS[name])
        if isinstance(DEFAULTS[name], Mapping) and name in ("QUEUE", "THROTTLE"):
            value = {**DEFAULTS[name], **(value if isinstance(value, Mapping) else {})}
        if name == "ENCODER_OPTIONS" and isinstance(value, Mapping):
            value = _with_cache(value)
        self.__dict__[name] = value
        return value

    def reload(self) -> None:
        """Forget the values read so far."""
        self.__dict__.clear()


def _with_cache(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options with a folder for the table of ``use``: one that no alias of ``STORAGE`` is kept under."""
    use = options.get("use", {})
    if not isinstance(use, Mapping):
        return options  # a check complains
    return {**options, "use": {"cache": str(shared.CACHE_DIR / ".encoders"), **use}}


def closest(given: object, choices: Iterable[str]) -> str:
    """A hint: the choice that was probably meant, or all of them when none is near."""
    valid = sorted(str(choice) for choice in choices)
    near = get_close_matches(str(given), valid, 1, 0.5)
    return f"Closest valid value: {near[0]!r}." if near else f"Valid values: {', '.join(valid) or 'none'}."


def host_settings() -> Mapping[str, Any]:
    """``settings.SUPPORT_BOT`` as the host wrote it; empty where it is missing or no dict."""
    value = getattr(django_settings, "SUPPORT_BOT", None)
    return value if isinstance(value, Mapping) else {}


settings = Settings()


def _reload(*, setting: str, **_kwargs: Any) -> None:
    if setting == "SUPPORT_BOT":
        settings.reload()


setting_changed.connect(_reload, dispatch_uid="concierge_support.conf")
