"""How a shop is read: the only code that knows the host's models."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from recommendations.conf import settings

from .declarative import DeclarativeAdapter
from .extraction import ItemPage, ReadingCancelled
from .pages import ReadingFailed

__all__ = ["DeclarativeAdapter", "ItemPage", "ReadingCancelled", "ReadingFailed", "get_adapter"]


@cache
def get_adapter() -> DeclarativeAdapter:
    """The adapter that ``RECOMMENDATIONS["ADAPTER"]`` names, one per process.

    Raises ``ImproperlyConfigured`` when it cannot be imported or is no ``DeclarativeAdapter``.
    """
    try:
        adapter = import_string(settings.ADAPTER)()
    except (ImportError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(f'RECOMMENDATIONS["ADAPTER"] is {settings.ADAPTER!r}: {error}') from error
    if not isinstance(adapter, DeclarativeAdapter):
        raise ImproperlyConfigured(
            f'RECOMMENDATIONS["ADAPTER"] is {settings.ADAPTER!r}: it must be a subclass of '
            "recommendations.adapters.DeclarativeAdapter"
        )
    return adapter


def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting in ("RECOMMENDATIONS", "AUTH_USER_MODEL", "DATABASE_ROUTERS"):
        get_adapter.cache_clear()


setting_changed.connect(_forget, dispatch_uid="concierge_recommendations.adapters")
