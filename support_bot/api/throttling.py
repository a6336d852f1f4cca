"""How often one conversation, one visitor and one address may call: ``SUPPORT_BOT["THROTTLE"]``.

What is sent counts at these rates. What only reads (a widget that asks for news) is counted apart and has ten
times as much, so that polling never stands in the way of sending.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Final

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from ..answers.background import log_once_a_minute
from ..conf import DEFAULTS, settings

READS_PER_SEND: Final = 10


class Throttle(SimpleRateThrottle):
    """A dead cache stops nobody: what cannot be counted is let through, and logged."""

    kind: ClassVar[str]  # the key of THROTTLE
    num_requests: int | None

    def get_rate(self) -> str | None:
        return settings.THROTTLE.get(self.kind)

    def parse_rate(self, rate: str | None) -> tuple[int | None, int | None]:
        """A rate that cannot be read is the default: a typing error must not switch the bot off."""
        try:
            return super().parse_rate(rate)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            log_once_a_minute(f'SUPPORT_BOT["THROTTLE"]["{self.kind}"] is {rate!r}, no rate', error)
            return super().parse_rate(DEFAULTS["THROTTLE"][self.kind])

    def allow_request(self, request: Request, view: APIView) -> bool:
        reads = view.only_reads(request)  # type: ignore[attr-defined]
        self.scope = f"concierge_support_{self.kind}_{'read' if reads else 'sent'}"
        if reads and self.num_requests is not None:
            self.num_requests *= READS_PER_SEND
        try:
            return bool(super().allow_request(request, view))
        except Exception as error:  # noqa: BLE001 - each cache has errors of its own
            log_once_a_minute("Counting API calls in the cache", error)
            return True

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        who = self.who(request, view)
        if who is None:
            return None
        # What a client writes into a cookie or X-Forwarded-For is no cache key: too long for some caches,
        # or with spaces in it.
        ident = hashlib.blake2b(str(who).encode(errors="replace"), digest_size=16).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": ident}

    def who(self, request: Request, view: APIView) -> Any:
        """Whom the call counts for, None for nobody."""
        raise NotImplementedError


class ByConversation(Throttle):
    """Counts those only who may use the conversation: nobody else can use up its rate."""

    kind = "conversation"

    def who(self, request: Request, view: APIView) -> Any:
        found = getattr(view, "conversation", None)
        return None if found is None else found.pk


class ByVisitor(Throttle):
    """An account, else a session; whoever has neither is counted by address alone."""

    kind = "visitor"

    def who(self, request: Request, view: APIView) -> Any:
        if request.user and request.user.is_authenticated:
            return f"user {request.user.pk}"
        session = getattr(request._request, "session", None)
        return f"session {key}" if (key := getattr(session, "session_key", None)) else None


class ByAddress(Throttle):
    kind = "address"

    def who(self, request: Request, view: APIView) -> Any:
        return self.get_ident(request)
