"""CSV: one line an entry, the phrasings in one cell, with `` | `` between them.

Written with a byte order mark, so that a spreadsheet opens it as UTF-8. A cell that a spreadsheet would take
for a formula gets an apostrophe in front; reading takes it away again.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from django.utils.translation import gettext as _

from ..rows import FIELDS, Report, Row, unknown_field

COLUMNS: Final = (*FIELDS, "phrasings")
_BETWEEN: Final = re.compile(r"(?<!\\)\|")
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")


def read(text: str, report: Report) -> list[Row]:
    """The entries of a CSV text with a line of column names; commas, semicolons or tabs between the cells."""
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    names: list[str] | None = None
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if names is None:
                    names = _header(start, cells, report)
                elif len(cells) != len(names):
                    counts = {"got": len(cells), "needed": len(names)}
                    report(start, _("%(got)d cells; the first line has %(needed)d.") % counts)
                else:
                    rows.append(_row(start, dict(zip(names, cells, strict=True))))
            start = reader.line_num + 1
    except csv.Error as error:
        hint = _(
            "Check its quotes: a cell with a quote, a comma or a line break stands between double quotes."
        )
        report(start, f"{error}. {hint}")
    return rows


def _header(line: int, cells: list[str], report: Report) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    for name in names:
        if name not in COLUMNS:
            report(line, unknown_field(name, COLUMNS))
        elif names.count(name) > 1:
            report(line, _("“%(key)s” is given twice.") % {"key": name})
    for name in ("question", "answer"):
        if name not in names:
            report(line, _("There is no column “%(name)s”.") % {"name": name})
    return names


def _row(line: int, cells: dict[str, str]) -> Row:
    values = {name: _unguarded(cell) for name, cell in cells.items() if name in FIELDS}
    if "phrasings" not in cells:
        return Row(line, values)
    texts = [text.replace("\\|", "|").strip() for text in _BETWEEN.split(_unguarded(cells["phrasings"]))]
    return Row(line, values, [(line, text) for text in texts if text])


def write(rows: list[Row]) -> str:
    """The rows as CSV text that :func:`read` takes back."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        texts = [text.replace("|", "\\|") for _line, text in row.phrasings or ()]
        cells = [*(row.values.get(name, "") for name in FIELDS), " | ".join(texts)]
        writer.writerow([_guarded(cell) for cell in cells])
    return out.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
