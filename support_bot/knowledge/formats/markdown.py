"""Markdown: a heading is a question, what follows is its answer.

::

    language: en

    # returns: Returns and refunds

    ## How do I return an item?
    slug: start-return
    phrasing: I want to send something back

    Within **30 days**, free of charge.

``# slug: Title`` begins a category, ``## `` an entry. The lines right under a question are its fields, up to
the first empty line; the rest, up to the next such heading, is the answer (### and below are its own).
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

from ...models.knowledge import lines_of
from ..rows import FIELDS, Report, Row, unknown_field

_KEYS: Final = (
    "phrasing",
    *(name for name in FIELDS if name not in ("category", "category_title", "question", "answer")),
)
_KEY_LINE: Final = re.compile(r"([A-Za-z][A-Za-z_]*)[:：][ \t]*(.*)")
_HEADING: Final = re.compile(r" {0,3}(##?)(?:[ \t]+(.*))?$")
_CATEGORY: Final = re.compile(r"([-a-zA-Z0-9_]+)(?:[ \t]*[:：][ \t]*(.*))?$")


def read(text: str, report: Report) -> list[Row]:
    """The entries of a Markdown text; what is wrong is reported by line, and the reading goes on."""
    return _Reader(report).read(text)


class _Reader:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.rows: list[Row] = []
        self.shared: dict[str, str] = {}  # what holds for the entries below: language and category
        self.row: Row | None = None
        self.in_fields = False
        self.answer: list[str] = []

    def read(self, text: str) -> list[Row]:
        for number, (line, is_code) in enumerate(lines_of(text), 1):
            heading = None if is_code else _HEADING.match(line)
            if heading:
                self._finish()
                self._category(number, heading[2] or "") if heading[1] == "#" else self._entry(
                    number, heading[2]
                )
            elif self.row is None:
                self._preamble(number, line.strip())
            elif self.in_fields:
                self._field(number, line)
            else:
                self._answer_line(number, line)
        self._finish()
        return self.rows

    def _finish(self) -> None:
        if self.row is not None:
            self.row.values["answer"] = "\n".join(self.answer)
        self.row, self.answer = None, []

    def _category(self, number: int, heading: str) -> None:
        match = _CATEGORY.match(heading.strip())
        if match is None:
            example = "# returns: Returns and refunds"
            self.report(
                number,
                _("“# %(got)s” is no category; write “%(example)s”.")
                % {"got": heading[:60], "example": example},
            )
            return
        self.shared |= {"category": match[1], "category_title": (match[2] or "").strip()}

    def _entry(self, number: int, heading: str | None) -> None:
        # A file says all there is of an entry: a field that is not there is empty.
        values = {**dict.fromkeys(FIELDS, ""), **self.shared, "question": (heading or "").strip()}
        if not self.shared.get("language"):
            del values["language"]
        self.row = Row(number, values, [])
        self.rows.append(self.row)
        self.in_fields = True

    def _preamble(self, number: int, line: str) -> None:
        match = _KEY_LINE.fullmatch(line)
        if match and match[1].lower() == "language":
            self.shared["language"] = match[2].strip()
        elif line and line != "---" and not self.rows:
            message = _(
                "Text before the first question. Begin one with “## ”; only “language: en” may stand above."
            )
            self.report(number, message)
        elif line and line != "---":
            self.report(number, _("Text under a category. Begin a question with “## ” above it."))

    def _field(self, number: int, line: str) -> None:
        assert self.row is not None and self.row.phrasings is not None  # noqa: S101 -- narrows the types
        match = _KEY_LINE.fullmatch(line.strip())
        if match is None:
            self.in_fields = False
            self._answer_line(number, line)
        elif (key := match[1].lower()) not in _KEYS:
            self.report(number, unknown_field(key, _KEYS) + " " + _("An answer begins after an empty line."))
        elif key == "phrasing":
            self.row.phrasings.append((number, match[2]))
        elif key in self.row.lines:
            self.report(number, _("“%(key)s” is given twice.") % {"key": key})
        else:
            self.row.values[key], self.row.lines[key] = match[2].strip(), number

    def _answer_line(self, number: int, line: str) -> None:
        assert self.row is not None  # noqa: S101 -- narrows the type
        if line.strip():
            self.row.lines.setdefault("answer", number)
        self.answer.append(line)


def write(rows: list[Row]) -> str:
    """The rows as a Markdown text that :func:`read` takes back; rows of one category must stand together.

    A category has no end but the next one, so rows without any come first.
    """
    languages = {row.values["language"] for row in rows}
    parts = [f"language: {languages.copy().pop()}"] if len(languages) == 1 else []
    shelf = ("", "")
    for row in sorted(rows, key=lambda row: bool(row.values["category"])):
        values = row.values
        if values["category"] and (values["category"], values["category_title"]) != shelf:
            shelf = values["category"], values["category_title"]
            parts.append("# " + ": ".join(filter(None, shelf)))
        fields = [f"{key}: {values[key]}" for key in _KEYS if key != "phrasing" and values.get(key)]
        if len(languages) == 1:
            fields.remove(f"language: {values['language']}")
        fields += [f"phrasing: {text}" for _line, text in row.phrasings or ()]
        parts.append(
            "\n".join([f"## {values['question']}", *fields]) + "\n\n" + _own_headings(values["answer"])
        )
    return "\n\n".join(parts) + "\n"


def _own_headings(answer: str) -> str:
    """# and ## of an answer that was stored unchecked would begin a category or an entry: ### then."""
    lines = [
        line if is_code else re.sub(r"^( {0,3})##?(?=\s|$)", r"\1###", line)
        for line, is_code in lines_of(answer)
    ]
    return "\n".join(lines)
