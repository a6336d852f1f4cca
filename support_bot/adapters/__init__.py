"""How a shop is asked: the only code of the bot that knows the host's customers, orders and goods."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from support_bot.conf import settings

from .recommending import Pick
from .support import OPERATIONS, AddressField, NotPossible, Reordered, SupportAdapter, plain_number
from .vocabulary import CONDITIONS, VARIABLES

__all__ = [
    "CONDITIONS",
    "OPERATIONS",
    "VARIABLES",
    "AddressField",
    "NotPossible",
    "Pick",
    "Reordered",
    "SupportAdapter",
    "get_adapter",
    "plain_number",
]


@cache
def get_adapter() -> SupportAdapter:
    """The adapter that ``SUPPORT_BOT["ADAPTER"]`` names, one per process.

    Raises ``ImproperlyConfigured`` when it cannot be imported or is no ``SupportAdapter``.
    """
    try:
        adapter = import_string(settings.ADAPTER)()
    except (ImportError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(f'SUPPORT_BOT["ADAPTER"] is {settings.ADAPTER!r}: {error}') from error
    if not isinstance(adapter, SupportAdapter):
        raise ImproperlyConfigured(
            f'SUPPORT_BOT["ADAPTER"] is {settings.ADAPTER!r}: it must be a subclass of '
            "support_bot.adapters.SupportAdapter"
        )
    return adapter


def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting in ("SUPPORT_BOT", "AUTH_USER_MODEL"):
        get_adapter.cache_clear()


setting_changed.connect(_forget, dispatch_uid="concierge_support.adapters")
