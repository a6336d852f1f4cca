"""Personal pages must not land in shared caches: what the tags mark, this middleware makes private."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from .serving import is_personal


class PersonalPages:
    """Sets ``Cache-Control: private`` and ``Vary: Cookie`` on pages that hold a personal placement.

    Works under WSGI and ASGI. The body is never touched, so streaming responses pass through as they are.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._async_call(request)
        return _private(request, self.get_response(request))

    async def _async_call(self, request: HttpRequest) -> HttpResponseBase:
        return _private(request, await self.get_response(request))


def _private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if is_personal(request):
        patch_cache_control(response, private=True)
        patch_vary_headers(response, ["Cookie"])
    return response
