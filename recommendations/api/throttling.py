"""How often one user and one address may call. The rates are DRF's own setting, with defaults of ours.

``REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]``: ``recommendations_user``, ``recommendations_address`` and, for
what starts or changes runs, ``recommendations_runs``; None switches one off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from ..serving.guard import log_once_a_minute

RATES: Final[Mapping[str, str]] = {
    "recommendations_user": "300/min",
    "recommendations_address": "600/min",
    "recommendations_runs": "60/min",
}


class Throttle(SimpleRateThrottle):
    """A dead cache stops nobody: what cannot be counted is let through, and logged."""

    scope: str

    def get_rate(self) -> str | None:
        configured: Mapping[str, Any] = api_settings.DEFAULT_THROTTLE_RATES or {}
        return configured.get(self.scope, RATES[self.scope])

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except Exception as error:  # noqa: BLE001 - each cache has errors of its own
            log_once_a_minute("Counting API calls in the cache", error)
            return True


class ByUser(Throttle):
    scope = "recommendations_user"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if not request.user or not request.user.is_authenticated:
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk}


class ByAddress(Throttle):
    scope = "recommendations_address"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        # What a client writes into X-Forwarded-For is no cache key: too long for some caches, or with
        # spaces in it.
        address = hashlib.blake2b(str(self.get_ident(request)).encode(), digest_size=16).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": address}


class RunsByUser(ByUser):
    """For the few who may start and change runs: only calls that change something count."""

    scope = "recommendations_runs"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return None if request.method in ("GET", "HEAD", "OPTIONS") else super().get_cache_key(request, view)
