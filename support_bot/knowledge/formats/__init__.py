"""The three formats of a FAQ file; each module reads text into rows and writes rows as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Final, Literal

from ..rows import Report, Row
from . import json_objects, markdown, table

Format = Literal["csv", "json", "markdown"]
READERS: Final[dict[str, Callable[[str, Report], list[Row]]]] = {
    "csv": table.read,
    "json": json_objects.read,
    "markdown": markdown.read,
}
WRITERS: Final[dict[str, Callable[[list[Row]], str]]] = {
    "csv": table.write,
    "json": json_objects.write,
    "markdown": markdown.write,
}
_SUFFIXES: Final = {".csv": "csv", ".json": "json", ".md": "markdown", ".markdown": "markdown"}


def format_of(name: str) -> str | None:
    """The format that a file's name tells by its ending, None when it tells none."""
    return _SUFFIXES.get(PurePath(name).suffix.lower())
