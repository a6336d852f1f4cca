"""The id of a served list: a signed value, so that nothing is written when a page is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.core import signing

_SALT: Final = "recommendations.request_id"


@dataclass(frozen=True, slots=True)
class ServedList:
    """What a request id says: placement, run, when (UTC epoch seconds), and a digest of the items."""

    placement: str
    run: int | None
    time: float
    digest: str

    def holds(self, keys: Iterable[str]) -> bool:
        """Whether the list was exactly ``keys``, in this order."""
        return self.digest == digest(keys)


def make(placement: str, run: int | None, keys: Iterable[str], *, now: float) -> str:
    """The signed id of a list served at ``now`` (UTC epoch seconds)."""
    return signing.dumps([placement, run, round(now, 3), digest(keys)], salt=_SALT)


def read(request_id: str, *, max_age: int | None = None) -> ServedList:
    """What ``request_id`` says.

    Raises ``signing.BadSignature`` when it is not ours or older than ``max_age`` seconds.
    """
    placement, run, time, items = signing.loads(request_id, salt=_SALT, max_age=max_age)
    return ServedList(placement, run, time, items)


def digest(keys: Iterable[str]) -> str:
    """96 bits over the item keys in their order, as hex."""
    return hashlib.blake2b("\0".join(keys).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
