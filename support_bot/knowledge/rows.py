"""A row of a file: an entry as it was written there, each field with its line, not judged yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from ..conf import closest

# The fields of a row that are plain text in every format; phrasings come beside them.
FIELDS: Final = (
    "slug",
    "language",
    "category",
    "category_title",
    "question",
    "answer",
    "skill",
    "audience",
    "condition",
    "active_from",
    "active_until",
    "published",
)


class Problem(NamedTuple):
    """What is wrong in a file, on which line, and what is allowed there."""

    line: int
    message: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.file else f"{self.line}: {self.message}"


@dataclass
class Row:
    """``values`` lacks what the file does not speak of; so ``phrasings`` may be None."""

    line: int
    values: dict[str, str] = field(default_factory=dict)
    phrasings: list[tuple[int, str]] | None = None
    lines: dict[str, int] = field(default_factory=dict)
    file: str = ""

    def line_of(self, name: str) -> int:
        return self.lines.get(name, self.line)


Report = Callable[[int, str], None]  # a line and what is wrong there


def unknown_field(name: str, allowed: Iterable[str]) -> str:
    return _("Unknown field “%(name)s”. %(hint)s") % {"name": name[:60], "hint": closest(name, allowed)}
