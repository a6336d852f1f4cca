"""JSON from anybody: bodies of a bounded size, and none that exhausts the stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from .errors import TooLarge

MAX_BYTES: Final = 64 * 1024  # 2,000 characters, each escaped as a surrogate pair, are 24 KB


def refuse_large(request: HttpRequest) -> None:
    """Refuse a body by its announced length, before anything (CSRF's search for a form field) reads it."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    if announced > MAX_BYTES:
        raise TooLarge
    if announced < 0:  # Django would read all that there is
        raise exceptions.ParseError(_("The body's length is negative."))


class BoundedJSONParser(BaseParser):
    """Numbers that JSON does not know (NaN, Infinity) are refused as well."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge
        try:
            return json.loads(body, parse_constant=_refuse)
        except RecursionError:
            raise exceptions.ParseError(_("The JSON is nested too deeply.")) from None
        except ValueError as error:
            raise exceptions.ParseError(_("The body is no JSON: %(error)s") % {"error": error}) from None


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
