"""JSON: a list of objects, one an entry, with the fields of a row and ``phrasings``, a list of texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from ..rows import FIELDS, Report, Row, unknown_field

_SPACE = " \t\r\n"


def read(text: str, report: Report) -> list[Row]:
    """The entries of a JSON text; a line is that on which an object begins."""
    return [row for line, value in _objects(text, report) if (row := _row(line, value, report)) is not None]


def _objects(text: str, report: Report) -> Iterator[tuple[int, Any]]:
    """Each element of the list with its line, so that what is wrong inside one can be found in the file."""
    decoder = json.JSONDecoder()
    position = _skip(text, 0, _SPACE)
    if text[position : position + 1] != "[":
        report(1, _('A list of objects is needed: [{"slug": …, "question": …, "answer": …}].'))
        return
    line, counted = 1, 0
    position = _skip(text, position + 1, _SPACE)
    while position < len(text) and text[position] != "]":
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:  # ValueError also for a number of too many digits
            report(getattr(error, "lineno", line), _("This is no JSON: %(error)s.") % {"error": error})
            return
        yield line, value
        position = _skip(text, position, _SPACE)
        if text[position : position + 1] not in (",", "]"):
            break
        position = _skip(text, position + 1, _SPACE) if text[position] == "," else position
    if text[position : position + 1] != "]" or text[position + 1 :].strip():
        report(text.count("\n", 0, position) + 1, _("This is no JSON: the list does not end here."))


def _skip(text: str, position: int, characters: str) -> int:
    while position < len(text) and text[position] in characters:
        position += 1
    return position


def _row(line: int, value: Any, report: Report) -> Row | None:
    if not isinstance(value, dict):
        report(
            line,
            _("An object is needed, with the fields %(names)s.")
            % {"names": ", ".join((*FIELDS, "phrasings"))},
        )
        return None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        report(line, _("“%(got)s” is half a character; no database can store it.") % {"got": half})
        return None
    row = Row(line)
    for name, given in value.items():
        if name == "phrasings":
            row.phrasings = _phrasings(line, given, report)
        elif name not in FIELDS:
            report(line, unknown_field(name, (*FIELDS, "phrasings")))
        elif given is None or isinstance(given, bool):
            row.values[name] = {None: "", True: "yes", False: "no"}[given]
        elif isinstance(given, str):
            row.values[name] = given
        else:
            report(
                line, _("“%(key)s” is %(got)s; a text is needed.") % {"key": name, "got": repr(given)[:60]}
            )
    return row


def _phrasings(line: int, given: Any, report: Report) -> list[tuple[int, str]]:
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        report(line, _("“phrasings” must be a list of texts."))
        return []
    return [(line, text) for text in given]


def write(rows: list[Row]) -> str:
    """The rows as JSON text that :func:`read` takes back."""
    objects = [
        {
            **{name: row.values.get(name, "") for name in FIELDS},
            "phrasings": [text for _line, text in row.phrasings or ()],
        }
        for row in rows
    ]
    return json.dumps(objects, ensure_ascii=False, indent=2) + "\n"
