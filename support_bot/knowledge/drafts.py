"""Drafts: what each row of a file makes of its entry, judged all together and then stored all together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import slugify
from django.utils.translation import gettext as _

from ..clock import as_stored
from ..conf import closest
from ..models import Category, Entry, Phrasing
from .rows import Problem, Row

Status = Literal["created", "updated", "unchanged"]
LAST_DAY: Final = date.max  # how many a system writes "for ever"
_YES: Final = {"": True, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_PLAIN: Final = ("question", "answer", "skill", "condition")
_STORED: Final = (
    "category",
    "question",
    "answer",
    "skill",
    "audience",
    "condition",
    "is_published",
    "active_from",
    "active_until",
    "position",
)


@dataclass
class Draft:
    """An entry as a row wants it, not stored yet; ``add`` and ``drop`` are what happens to its phrasings."""

    row: Row
    entry: Entry
    status: Status = "unchanged"
    category: str | None = None  # a slug, empty for none; None where the row does not say
    add: list[str] = field(default_factory=list)
    drop: list[Phrasing] = field(default_factory=list)
    questions: list[tuple[int, str]] = field(default_factory=list)  # all ways to ask for it, with their lines


class Drafts:
    """The drafts of ``rows``; what is wrong is appended to ``errors``, and then nothing may be stored."""

    def __init__(self, rows: list[Row], errors: list[Problem], *, replace: bool) -> None:
        self.errors = errors
        self.warnings: list[Problem] = []
        self.replace = replace
        self.categories = {category.slug: category for category in Category.objects.all()}
        self.changed_categories: list[Category] = []
        for row in rows:
            made = slugify(row.values.get("question", ""))[:80].strip("-")
            row.values["slug"] = row.values.get("slug", "").strip() or made
            row.values["language"] = row.values["language"].strip().lower().replace("_", "-")
        languages = {row.values["language"] for row in rows}
        stored = list(
            Entry.objects.filter(language__in=languages)
            .select_related("category")
            .prefetch_related("phrasings")
        )
        self.stored = {(entry.slug, entry.language): entry for entry in stored}
        self.last = dict.fromkeys(languages, -1)  # where the last entry of each language stands
        for entry in [] if replace else stored:
            self.last[entry.language] = max(self.last[entry.language], entry.position)
        seen: dict[tuple[str, str], Row] = {}
        self.drafts = [draft for row in rows if (draft := self._draft(row, seen)) is not None]
        self.surplus = [entry for key, entry in self.stored.items() if key not in seen] if replace else []

    def count(self, status: Status) -> int:
        return sum(draft.status == status for draft in self.drafts)

    def others(self, language: str) -> list[Entry]:
        """The stored entries of a language that the import does not touch."""
        touched = {id(draft.entry) for draft in self.drafts} | {id(entry) for entry in self.surplus}
        return [one for one in self.stored.values() if one.language == language and id(one) not in touched]

    def store(self) -> None:
        """Write everything; call it in a transaction."""
        for category in self.changed_categories:
            category.save()
        for draft in self.drafts:
            if draft.category is not None:
                draft.entry.category = self.categories.get(draft.category)
        new = [draft.entry for draft in self.drafts if draft.status == "created"]
        Entry.objects.bulk_create(new, batch_size=200)
        changed = [draft.entry for draft in self.drafts if draft.status == "updated"]
        for entry in changed:
            entry.updated_at = timezone.now()
        Entry.objects.bulk_update(changed, [*_STORED, "updated_at"], batch_size=50)
        Phrasing.objects.filter(pk__in=[one.pk for draft in self.drafts for one in draft.drop]).delete()
        Phrasing.objects.bulk_create(
            (
                Phrasing(entry=draft.entry, text=text, source=Phrasing.Source.IMPORTED)
                for draft in self.drafts
                for text in draft.add
            ),
            batch_size=200,
        )
        Entry.objects.filter(pk__in=[entry.pk for entry in self.surplus]).delete()

    def _draft(self, row: Row, seen: dict[tuple[str, str], Row]) -> Draft | None:
        """The draft of a row, None when the row does not say which entry it is about."""
        slug, language = key = (row.values["slug"], row.values["language"])
        if not slug:
            self._error(row, "slug", _("There is no slug; add one, such as “slug: start-return”."))
        if not language:
            message = _(
                "There is no language; write “language: en” at the top, name the file en.md, or choose one."
            )
            self._error(row, "language", message)
        if not slug or not language:
            return None
        if key in seen:
            first = seen[key]
            message = _("“%(slug)s” (%(language)s) stands on line %(line)s already.")
            where = f"{first.file}:{first.line}" if first.file != row.file else first.line
            self._error(row, "slug", message % {"slug": slug, "language": language, "line": where})
            return None
        seen[key] = row
        stored = self.stored.get(key)
        before = None if stored is None else _snapshot(stored)
        draft = Draft(row, stored or Entry(slug=slug, language=language))
        self._fill(draft)
        if self.replace or stored is None:
            self.last[language] += 1
            draft.entry.position = self.last[language]
        self._judge(draft)
        self._phrasings(draft, [] if stored is None else list(stored.phrasings.all()))
        if stored is None:
            draft.status = "created"
        elif before != _snapshot(stored, draft.category) or draft.add or draft.drop:
            draft.status = "updated"
        return draft

    def _fill(self, draft: Draft) -> None:
        values, entry = draft.row.values, draft.entry
        for name in _PLAIN:
            if name in values:
                setattr(entry, name, values[name])
        if "audience" in values or "condition" in values:
            given = values.get("audience", "").strip().lower().replace("-", "_")
            entry.audience = given or ("condition" if entry.condition else "everyone")
            if entry.audience not in Entry.Audience.values:
                message = _("Unknown audience “%(got)s”. %(hint)s")
                hint = closest(given, Entry.Audience.values)
                self._error(draft.row, "audience", message % {"got": given[:60], "hint": hint})
                entry.audience = "condition" if entry.condition else "everyone"
        if "published" in values:
            entry.is_published = self._yes(draft.row, values["published"])
        if "active_from" in values:
            entry.active_from = self._moment(draft.row, "active_from", values["active_from"])
        if "active_until" in values:
            entry.active_until = self._moment(draft.row, "active_until", values["active_until"])
        if "category" in values:
            draft.category = values["category"].strip()
            self._category(draft.row, draft.category, values.get("category_title", "").strip())

    def _yes(self, row: Row, given: str) -> bool:
        known = _YES.get(given.strip().lower())
        if known is None:
            self._error(row, "published", _("“%(got)s”: yes or no is needed.") % {"got": given[:60]})
        return bool(known)

    def _moment(self, row: Row, name: str, given: str) -> datetime | None:
        """A time with or without an offset, or a date: from its first moment on, or through its last."""
        given = given.strip()
        if not given:
            return None
        try:
            day = parse_date(given)
            moment = datetime.combine(day, time.min) if day else parse_datetime(given)
            if day and name == "active_until" and moment and day < LAST_DAY:
                moment += timedelta(days=1)
            if moment is not None:
                stored = as_stored(moment)
                if timezone.is_aware(stored):
                    stored.astimezone(UTC)  # as the database will; it overflows at the calendar's ends
                return stored
        except (ValueError, OverflowError):
            pass
        message = _("“%(got)s” is no date; write 2026-12-31 or 2026-12-31T08:00.")
        self._error(row, name, message % {"got": given[:60]})
        return None

    def _category(self, row: Row, slug: str, title: str) -> None:
        """Take the category from the database, or from the file when it gives a title with it."""
        category = self.categories.get(slug)
        if not slug or (category is not None and not title):
            return
        if category is None:
            if not title:
                message = _("Unknown category “%(got)s”; give it a title. %(hint)s")
                self._error(row, "category", message % {"got": slug, "hint": closest(slug, self.categories)})
                return
            position = max((one.position for one in self.categories.values()), default=-1) + 1
            category = self.categories[slug] = Category(slug=slug, titles={}, position=position)
            try:
                category.clean_fields()
            except ValidationError as failure:
                self._error(row, "category", f"{slug}: {' '.join(failure.messages)}")
        titles = category.titles if isinstance(category.titles, dict) else {}
        if titles.get(row.values["language"]) != title:
            category.titles = {**titles, row.values["language"]: title}
            if category not in self.changed_categories:
                self.changed_categories.append(category)

    def _judge(self, draft: Draft) -> None:
        try:
            draft.entry.clean_fields(exclude={"category", "position"})
        except ValidationError as failure:
            for name, messages in failure.message_dict.items():
                for message in messages:
                    self._error(draft.row, name, f"{name}: {message}")

    def _phrasings(self, draft: Draft, stored: list[Phrasing]) -> None:
        entry, row = draft.entry, draft.row
        wanted: dict[str, int] = {}
        for line, text in row.phrasings or ():
            phrasing = Phrasing(text=text)
            try:
                phrasing.clean_fields(exclude={"entry"})
            except ValidationError as failure:
                self.errors.append(Problem(line, f"phrasing: {' '.join(failure.messages)}", row.file))
                continue
            if phrasing.text in wanted or phrasing.text == entry.question:
                message = _("“%(text)s” is given twice; once is enough.") % {"text": phrasing.text}
                self.warnings.append(Problem(line, message, row.file))
            wanted.setdefault(phrasing.text, line)
        wanted.pop(entry.question, None)
        draft.questions = [(row.line, entry.question)]
        if row.phrasings is not None:
            there = {phrasing.text for phrasing in stored}
            draft.add = [text for text in wanted if text not in there]
            draft.drop = [one for one in stored if one.text not in wanted and self._may_go(one)]
        draft.questions += [(line, text) for text, line in wanted.items()]
        draft.questions += [
            (row.line, one.text) for one in stored if one.text not in wanted and one not in draft.drop
        ]

    def _may_go(self, phrasing: Phrasing) -> bool:
        return self.replace or phrasing.source == Phrasing.Source.IMPORTED

    def _error(self, row: Row, name: str, message: str) -> None:
        self.errors.append(Problem(row.line_of(name), message, row.file))


def _snapshot(entry: Entry, category: str | None = None) -> tuple[object, ...]:
    """What is compared to see whether an import changes an entry."""
    slug = category if category is not None else (entry.category.slug if entry.category else "")
    return (slug, *(getattr(entry, name) for name in _STORED if name != "category"))
