"""Every error of the API has one shape: ``{detail, code, errors?: {field: [{message, code}]}}``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger(__name__)


class Unavailable(exceptions.APIException):
    """Something that the answer needs is away: a database."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("The service is not available now. Try again later.")
    default_code = "unavailable"


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is too large: at most 64 KiB are read.")
    default_code = "too_large"


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to an exception of a view; None leaves it to Django (a defect of ours: 500)."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, DatabaseError | InterfaceError):
        logger.error("The database did not answer an API call", exc_info=error)
        error = Unavailable()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(wait)))
    return Response(body(error), status=error.status_code, headers=headers)


def body(error: exceptions.APIException) -> dict[str, Any]:
    """The error as JSON."""
    first = next(_texts(error.detail), None)
    detail = str(error.default_detail if first is None else first)
    if isinstance(error, exceptions.ValidationError) and isinstance(error.detail, Mapping):
        fields = {
            str(field): [{"message": str(text), "code": str(text.code)} for text in _texts(texts)]
            for field, texts in error.detail.items()
        }
        return {"detail": detail, "code": "invalid", "errors": fields}
    return {"detail": detail, "code": str(getattr(first, "code", None) or error.default_code)}


def _texts(detail: Any) -> Iterator[Any]:
    """The texts of details of any shape: a host's authentication may refuse with a dict or a list."""
    if isinstance(detail, Mapping):
        detail = list(detail.values())
    if isinstance(detail, list | tuple):
        for entry in detail:
            yield from _texts(entry)
    else:
        yield detail
