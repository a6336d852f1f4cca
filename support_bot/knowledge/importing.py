"""Importing a FAQ: a file is taken whole or not at all; every row that is wrong is named with its line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ..conf import closest
from .collisions import questions, same_phrasings
from .drafts import Drafts
from .formats import READERS, format_of
from .rows import Problem, Report, Row

MAX_BYTES: Final = 20 * 1024 * 1024
Source = str | Path | IO[Any]


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or with ``dry_run`` would do; with any ``errors`` it did nothing.

    ``errors`` and ``warnings`` are ``(line, message, file)``, in the order of the files and lines.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        return not self.errors


def import_file(
    source: Source,
    format: str | None = None,
    *,
    name: str = "",
    language: str | None = None,
    dry_run: bool = False,
    replace: bool = False,
) -> ImportReport:
    """Import one file: see :func:`import_files`. ``source`` is a path or an open file, text or binary.

    ``name`` is what an open file is called; its ending tells the format when ``format`` does not.
    """
    named = (name or str(getattr(source, "name", source)), source)
    return import_files([named], format, language=language, dry_run=dry_run, replace=replace)


def import_files(
    sources: Sequence[Source | tuple[str, Source]],
    format: str | None = None,
    *,
    language: str | None = None,
    dry_run: bool = False,
    replace: bool = False,
) -> ImportReport:
    """Import several files in one transaction.

    An entry is known by its slug and language: a new one is created, another gets what the file says. Of its
    phrasings those of an earlier import that the file lacks are removed, those added by hand or from
    conversations stay. With ``replace`` the files are all there is: other entries *of their languages*,
    and other phrasings, are removed, and the entries stand in the files' order.
    The language is the row's own, else the file's name (``en.md``), else ``language``.
    Nothing is raised for bad contents: the report lists every error, and nothing is stored then.
    """
    errors: list[Problem] = []
    rows: list[Row] = []
    for source in sources:
        rows += _read(source, format, language, errors)
    drafts = Drafts(rows, errors, replace=replace)
    if replace and not rows and not errors:
        errors.append(Problem(1, _("There are no entries in it: nothing is replaced by nothing.")))
    warnings = [*drafts.warnings, *_shared_phrasings(drafts)]
    report = ImportReport(
        created=drafts.count("created"),
        updated=drafts.count("updated"),
        unchanged=drafts.count("unchanged"),
        removed=len(drafts.surplus),
        errors=sorted(errors, key=lambda problem: (problem.file, problem.line)),
        warnings=sorted(warnings, key=lambda problem: (problem.file, problem.line)),
        dry_run=dry_run,
    )
    if errors or dry_run:
        return report
    try:
        with transaction.atomic():
            drafts.store()
    except IntegrityError as error:  # another import, or a manager, came between reading and writing
        message = _("The FAQ was changed meanwhile (%(error)s); import again.") % {"error": error}
        return ImportReport(errors=[Problem(1, message)])
    return report


def _read(
    source: Source | tuple[str, Source], format: str | None, language: str | None, errors: list[Problem]
) -> list[Row]:
    name, opened = source if isinstance(source, tuple) else (str(getattr(source, "name", source)), source)
    file = Path(name).name

    def report(line: int, message: str) -> None:
        errors.append(Problem(line, message, file))

    kind = format or format_of(name)
    if kind not in READERS:
        hint = (
            closest(kind, READERS) if kind else _("Name it .csv, .json or .md, or say which format it has.")
        )
        report(1, _("Unknown format “%(got)s”. %(hint)s") % {"got": kind or file, "hint": hint})
        return []
    text = _text(opened, report)
    if text is None:
        return []
    rows = READERS[kind](text, report)
    for row in rows:
        row.file = file
        if not row.values.get("language"):
            row.values["language"] = _language_of(file) or language or ""
    return rows


def _language_of(file: str) -> str:
    """The language that a file is named for: ``en.md``, ``faq.zh-hans.csv``; empty when it is for none."""
    last = Path(file).stem.rpartition(".")[2].lower().replace("_", "-")
    return last if last in dict(django_settings.LANGUAGES) else ""


def _text(source: Source, report: Report) -> str | None:
    """The contents as text with ``\\n`` line ends; None (and a report) when they are no UTF-8 text."""
    try:
        data = Path(source).read_bytes() if isinstance(source, (str, Path)) else source.read(MAX_BYTES + 1)
    except OSError as error:
        report(1, _("The file cannot be read: %(error)s.") % {"error": error.strerror or error})
        return None
    if len(data) > MAX_BYTES:
        report(1, _("The file is larger than %(most)d MB; split it.") % {"most": MAX_BYTES // 2**20})
        return None
    text = _decoded(data, report) if isinstance(data, bytes) else data
    return text and text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes, report: Report) -> str | None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        report(1, _("The file is UTF-16; save it as UTF-8 (in a spreadsheet: “CSV UTF-8”)."))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        report(line, _("This is no UTF-8 text; save it as UTF-8 (in a spreadsheet: “CSV UTF-8”)."))
        return None


def _shared_phrasings(drafts: Drafts) -> Iterator[Problem]:
    """Phrasings that another entry of that language has as well: allowed, but who could tell them apart."""
    for language in {draft.entry.language for draft in drafts.drafts}:
        lines = {
            (draft.entry.slug, text): Problem(line, "", draft.row.file)
            for draft in drafts.drafts
            if draft.entry.language == language
            for line, text in draft.questions
        }
        asked = [
            *lines,
            *((entry.slug, text) for entry in drafts.others(language) for text in questions(entry)),
        ]
        for slugs, texts in same_phrasings(asked):
            where = lines.get((slugs[1], texts[1])) or lines.get((slugs[0], texts[0]))
            if where is not None:
                message = _(
                    "“%(text)s” is a phrasing of “%(one)s” and of “%(other)s”: the bot cannot tell which."
                )
                yield where._replace(message=message % {"text": texts[0], "one": slugs[0], "other": slugs[1]})
