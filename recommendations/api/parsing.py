"""JSON from anybody: bodies of a bounded size, and none that exhausts the stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

MAX_BYTES: Final = 2 * 1024 * 1024  # 1,000 keys of 200 letters, escaped, are 1.2 MB


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is too large: at most 2 MiB are read.")
    default_code = "too_large"


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
