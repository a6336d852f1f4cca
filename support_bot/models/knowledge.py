"""The FAQ: entries, the other ways to ask for them, and their categories."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


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


class Entry(models.Model):
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
    active_from = models.DateTimeField(_("active from"), null=True, blank=True)
    active_until = models.DateTimeField(_("active until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_index=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["category__position", "slug", "language"]
        constraints = [models.UniqueConstraint(fields=["slug", "language"], name="concierge_support_entry")]

    def __str__(self) -> str:
        return self.question


class Phrasing(models.Model):
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
        constraints = [models.UniqueConstraint(fields=["entry", "text"], name="concierge_support_phrasing")]

    def __str__(self) -> str:
        return self.text
