"""Every error of the API has one shape: ``{detail, code, errors?: {field: [{message, code}]}}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger(__name__)


class Conflict(exceptions.APIException):
    """The run is not in a state in which this can be done to it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Unavailable(exceptions.APIException):
    """Something that the answer needs is away: a database, a broker."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("The service is not available now. Try again later.")
    default_code = "unavailable"


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
    return Response(body(error), status=error.status_code, headers=_headers(error))


def body(error: exceptions.APIException) -> dict[str, Any]:
    """The error as JSON."""
    if isinstance(error, exceptions.ValidationError):
        errors = dict(_fields(error.get_full_details()))
        first = next(
            (entry["message"] for entries in errors.values() for entry in entries), error.default_detail
        )
        return {"detail": str(first), "code": "invalid", "errors": errors}
    first = _first(error.detail)
    code = getattr(first, "code", None) or error.default_code
    return {"detail": str(error.default_detail if first is None else first), "code": str(code)}


def _first(detail: Any) -> Any:
    """The first text of details of any shape: a host's authentication may refuse with a dict or a list."""
    if isinstance(detail, Mapping):
        detail = list(detail.values())
    if not isinstance(detail, list | tuple):
        return detail
    return next((found for entry in detail if (found := _first(entry)) is not None), None)


def _fields(details: Any, path: str = "") -> Any:
    """``(field, [{message, code}])`` of nested details; a field inside a list is ``items.3``."""
    if isinstance(details, list):
        messages = [entry for entry in details if set(entry) == {"message", "code"}]
        if messages:
            yield (
                path or "non_field_errors",
                [{**entry, "message": str(entry["message"])} for entry in messages],
            )
        for place, entry in enumerate(details):
            if entry and entry not in messages:
                yield from _fields(entry, f"{path}.{place}" if path else str(place))
    elif set(details) == {"message", "code"} and not isinstance(details["message"], dict | list):
        yield path or "non_field_errors", [{**details, "message": str(details["message"])}]
    else:
        for name, entry in details.items():
            yield from _fields(entry, f"{path}.{name}" if path else str(name))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = f"{wait:.0f}"
    return headers
