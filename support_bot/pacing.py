"""How often the plain page may be sent to: ``SUPPORT_BOT["THROTTLE"]``, without REST framework."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from time import time
from typing import Final

from django.core.cache import cache

from .answers.background import log_once_a_minute
from .conf import DEFAULTS, settings

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_RATE: Final = re.compile(r"(\d+)/([smhd])[a-z]*")


def seconds_to_wait(who: Mapping[str, str]) -> int:
    """Count one message of ``who`` (kind of rate -> whom it counts for); 0 when it may be sent now.

    Counted by the clock's minute (or what the rate names) in Django's default cache; one that does not answer
    stops nobody.
    """
    try:
        return max((_count(kind, ident) for kind, ident in who.items() if ident), default=0)
    except Exception as error:  # noqa: BLE001 - each cache has errors of its own
        log_once_a_minute("Counting messages in the cache", error)
        return 0


def _count(kind: str, ident: str) -> int:
    rate = settings.THROTTLE.get(kind)
    if rate is None:
        return 0
    match = _RATE.fullmatch(str(rate)) or _RATE.fullmatch(DEFAULTS["THROTTLE"][kind])
    most, seconds = int(match[1]), _SECONDS[match[2]]  # type: ignore[index]
    hashed = blake2b(ident.encode(errors="replace"), digest_size=16).hexdigest()
    now = int(time())
    # The window is part of the key: some caches (database, files) give a new expiry to what they count.
    key = f"concierge_support_page_{kind}_{now // seconds}_{hashed}"
    cache.add(key, 0, timeout=seconds)
    try:
        return seconds - now % seconds if cache.incr(key) > most else 0
    except ValueError:  # it ran out between the two calls
        return 0
