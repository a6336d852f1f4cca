"""The FAQ: entries, the other ways to ask for them, and their categories."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ..conf import closest

MAX_ANSWER: Final = 20_000  # characters
# By name: what the adapter and the skills know lies on floors above.
RULES: Final = "support_bot.knowledge.rules.entry_problems"
Problem = tuple[str, ValidationError]  # a field and what is wrong with it


def tidy(text: str) -> str:
    """One line without needless spaces, in Unicode's composed form."""
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def control_characters(text: str) -> str:
    """The names of the characters in ``text`` that no reader sees, but line breaks and tabs; else empty."""
    hidden = sorted({c for c in text if (unicodedata.category(c) == "Cc" and c not in "\n\t") or c in _BIDI})
    return ", ".join(f"U+{ord(c):04X}" for c in hidden)


_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _hidden(field: str, text: str) -> Iterator[Problem]:
    if found := control_characters(text):
        message = _("Control characters are not allowed: %(found)s. Remove them.")
        yield field, ValidationError(message, "control", {"found": found})


class Checked(models.Model):
    """Trims its texts before they are measured, and reports all that is wrong of the fields asked for."""

    class Meta:
        abstract = True

    def tidy(self) -> None: ...

    def problems(self) -> Iterator[Problem]:
        yield from ()

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.tidy()
        errors: dict[str, Any] = {}
        try:
            super().clean_fields(exclude)
        except ValidationError as failure:
            errors = failure.update_error_dict({})
        for field, error in self.problems():
            if field not in (exclude or ()):
                errors.setdefault(field, []).append(error)
        if errors:
            raise ValidationError(errors)


class Category(models.Model):
    """A shelf of the FAQ; ``titles`` holds its name by language code."""

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    titles = models.JSONField(
        _("titles"), default=dict, blank=True, help_text=_('By language: {"en": "Returns"}.')
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.title()

    def title(self, language: str | None = None) -> str:
        """The name in ``language`` (the active one by default), else in any, else made of the slug."""
        titles = self.titles if isinstance(self.titles, dict) else {}
        wanted = language or get_language() or ""
        found = titles.get(wanted) or titles.get(wanted.split("-")[0]) or next(iter(titles.values()), "")
        return str(found or self.slug.replace("-", " ").capitalize())


class EntryQuerySet(models.QuerySet["Entry"]):
    def active(self) -> EntryQuerySet:
        """Published entries within their dates."""
        now = timezone.now()
        return self.filter(
            Q(active_from=None) | Q(active_from__lte=now),
            Q(active_until=None) | Q(active_until__gt=now),
            is_published=True,
        )


class Entry(Checked):
    """A question and its answer in one language; the same ``slug`` in two languages is the same entry."""

    class Audience(models.TextChoices):
        EVERYONE = "everyone", _("everyone")
        LOGGED_IN = "logged_in", _("customers who are logged in")
        CONDITION = "condition", _("customers who meet a condition")

    slug = models.SlugField(
        _("slug"), max_length=80, help_text=_("The same in every language; evaluations name entries by it.")
    )
    language = models.CharField(_("language"), max_length=12)
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="entries",
    )
    question = models.CharField(_("question"), max_length=300)
    answer = models.TextField(
        _("answer"), help_text=_("Markdown; variables such as {shop.name} are filled in.")
    )
    skill = models.CharField(
        _("skill"),
        max_length=60,
        blank=True,
        help_text=_("What the bot does when asked this; the answer is for whom it cannot do it."),
    )
    audience = models.CharField(
        _("audience"), max_length=12, choices=Audience.choices, default=Audience.EVERYONE
    )
    condition = models.CharField(
        _("condition"), max_length=120, blank=True, help_text=_("A fact of the profile: country=US.")
    )
    is_published = models.BooleanField(_("published"), default=True)
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("Where it stands in its category.")
    )
    active_from = models.DateTimeField(_("active from"), null=True, blank=True)
    active_until = models.DateTimeField(_("active until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_index=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["category__position", "position", "slug", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "language"],
                name="concierge_support_entry_slug",
                violation_error_message=_("There is an entry with this slug in this language already."),
            )
        ]

    def __str__(self) -> str:
        return self.question

    def condition_parts(self) -> tuple[str, str] | None:
        """``("country", "US")`` of the condition ``country=US``; None where there is none or it is none."""
        name, equals, value = (part.strip() for part in self.condition.partition("="))
        return (name, value) if equals and name and value else None

    def tidy(self) -> None:
        self.question = tidy(self.question)
        self.condition = tidy(self.condition)
        lines = unicodedata.normalize("NFC", self.answer or "").replace("\r\n", "\n").replace("\r", "\n")
        self.answer = re.sub(r"^(?:[ \t]*\n)+", "", lines).rstrip()

    def problems(self) -> Iterator[Problem]:
        """What is wrong beyond single fields' types; what the adapter knows is asked by :data:`RULES`."""
        languages = dict(django_settings.LANGUAGES)
        if self.language and self.language not in languages:
            message = _("Unknown language “%(got)s”. %(hint)s")
            hint = closest(self.language, languages)
            yield "language", ValidationError(message, "language", {"got": self.language, "hint": hint})
        yield from _hidden("question", self.question)
        yield from _hidden("answer", self.answer)
        if len(self.answer) > MAX_ANSWER:
            message = _("%(got)d characters; at most %(most)d are allowed. Link to a page instead.")
            yield "answer", ValidationError(message, "long", {"got": len(self.answer), "most": MAX_ANSWER})
        if heading := first_heading(self.answer):
            message = _("“%(got)s”: headings in an answer begin with ###; # and ## are the FAQ's own.")
            yield "answer", ValidationError(message, "heading", {"got": heading[:60]})
        if self.active_from and self.active_until and self.active_from >= self.active_until:
            message = _("It must be later than “active from”.")
            yield "active_until", ValidationError(message, "dates")
        yield from self._audience_problems()
        yield from import_string(RULES)(self)

    def _audience_problems(self) -> Iterator[Problem]:
        if self.audience == self.Audience.CONDITION and self.condition_parts() is None:
            message = _("“%(got)s” is no condition; write name=value, such as country=US.")
            yield "condition", ValidationError(message, "condition", {"got": self.condition})
        elif self.audience != self.Audience.CONDITION and self.condition:
            message = _("A condition is for the audience “%(audience)s”; choose it, or clear the condition.")
            label = self.Audience.CONDITION.label
            yield "condition", ValidationError(message, "audience", {"audience": label})


def first_heading(answer: str) -> str:
    """The first line that a Markdown file would take for a category or question of its own; else empty."""
    return next(
        (line for line, code in lines_of(answer) if not code and re.match(r" {0,3}##?(\s|$)", line)), ""
    )


def lines_of(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of a Markdown text, and whether each lies within a fenced block of code."""
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        yield line, bool(fence)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""


class Phrasing(Checked):
    """Another way to ask for an entry; the bot learns from it."""

    class Source(models.TextChoices):
        WRITTEN = "written", _("written")
        IMPORTED = "imported", _("imported")
        CONVERSATION = "conversation", _("from a conversation")

    entry = models.ForeignKey(
        Entry, verbose_name=_("entry"), on_delete=models.CASCADE, related_name="phrasings"
    )
    text = models.CharField(_("text"), max_length=300)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices, default=Source.WRITTEN)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("phrasing")
        verbose_name_plural = _("phrasings")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "text"],
                name="concierge_support_phrasing_text",
                violation_error_message=_("This entry has this phrasing already."),
            )
        ]

    def __str__(self) -> str:
        return self.text

    def tidy(self) -> None:
        self.text = tidy(self.text)

    def problems(self) -> Iterator[Problem]:
        yield from _hidden("text", self.text)


@receiver([post_save, post_delete], sender=Phrasing, dispatch_uid="concierge_support.phrasing")
def _entry_has_changed(instance: Phrasing, using: str, origin: Any = None, **_kwargs: Any) -> None:
    """An entry's ``updated_at`` moves with its phrasings: what the bot has learned of it is out of date."""
    model = getattr(origin, "model", None) or type(origin)
    if origin is None or issubclass(model, Phrasing):  # and not while the entry itself is being deleted
        Entry.objects.using(using).filter(pk=instance.entry_id).update(updated_at=timezone.now())
