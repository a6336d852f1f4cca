"""The FAQ in the admin: entries with their phrasings, categories, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from support_bot.adapters import get_adapter
from support_bot.knowledge import collisions, known_variables, quiet_entries
from support_bot.models import Category, Entry, Phrasing
from support_bot.skills import all as all_skills

from . import describe, exchange, gaps, question, traffic
from .pages import PagesMixin, with_note

QUIET_DAYS = 30


class QuietFilter(admin.SimpleListFilter):
    """Entries that nobody asks for."""

    title = gettext_lazy("traffic")
    parameter_name = "traffic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("none", gettext_lazy("none in 30 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        if self.value() != "none":
            return queryset
        return queryset.filter(pk__in=quiet_entries(QUIET_DAYS).values("pk"))


class EntryForm(forms.ModelForm):
    """An entry with what may be chosen listed: languages, skills, variables and conditions."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=lambda: django_settings.LANGUAGES)
    skill = forms.ChoiceField(
        label=gettext_lazy("Skill"),
        required=False,
        help_text=gettext_lazy("What the bot does when asked this; the answer is for whom it cannot do it."),
    )

    class Meta:
        model = Entry
        fields = "__all__"  # noqa: DJ007  the fieldsets of the admin say which
        widgets = {"question": forms.TextInput({"class": "vLargeTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {name: str(skill.title) for name, skill in all_skills().items()}
        current = self.instance.skill
        if current and current not in known:
            known[current] = _("%s (not there any more)") % current
        skill = self.fields.get("skill")
        if isinstance(skill, forms.ChoiceField):
            skill.choices = [("", _("none: the answer is all")), *known.items()]
        self._explain("answer", _variables())
        self._explain("condition", _conditions())

    def _explain(self, name: str, words: str) -> None:
        if name in self.fields and words:
            self.fields[name].help_text = format_lazy("{} {}", self.fields[name].help_text, words)


class PhrasingInline(admin.TabularInline):
    """The other ways to ask for an entry."""

    model = Phrasing
    fields = ("text", "source")
    readonly_fields = ("source",)
    extra = 1

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        proposed = gaps.proposal(request) if obj is None else {}
        return self.extra + len(proposed.get("phrasings", ()))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "text" and field is not None:
            field.widget.attrs["class"] = "vTextField bot-wide"
        return field


@admin.register(Category)
class CategoryAdmin(PagesMixin, admin.ModelAdmin):
    """The shelves of the FAQ."""

    list_display = ("slug", "titles_shown", "position")
    list_editable = ("position",)
    search_fields = ("slug",)

    @admin.display(description=gettext_lazy("titles"))
    def titles_shown(self, category: Category) -> str:
        titles = describe.mapping(category.titles)
        return ", ".join(f"{language}: {title}" for language, title in titles.items()) or describe.DASH


@admin.register(Entry)
class EntryAdmin(PagesMixin, admin.ModelAdmin):
    """What the bot answers, how it is asked for, and whether it is any good."""

    form = EntryForm
    inlines = (PhrasingInline,)
    change_list_template = "admin/concierge_support/entry_list.html"
    change_form_template = "admin/concierge_support/entry_form.html"
    list_display = ("question_and_language", "shelf", "is_published", "asked", "warnings")
    list_filter = ("language", "category", "audience", "is_published", QuietFilter)
    list_select_related = ("category",)
    list_per_page = 50
    search_fields = ("question", "slug", "answer", "phrasings__text")
    prepopulated_fields = {"slug": ("question",)}
    readonly_fields = ("updated_at",)
    fieldsets = (
        (None, {"fields": ("question", "slug", "language", "category", "answer", "skill")}),
        (
            gettext_lazy("Who sees it, and when"),
            {"fields": ("is_published", "audience", "condition", "active_from", "active_until", "position")},
        ),
        (None, {"fields": ("updated_at",)}),
    )
    save_on_top = False

    def page_urls(self) -> list[tuple[str, Any, str]]:
        return [
            ("try/", require_GET(self.try_view), "try"),
            ("import/", self.import_view, "import"),
            ("export/", require_GET(self.export_view), "export"),
            ("collisions/", require_GET(self.collisions_view), "collisions"),
            ("preview/", require_POST(self.preview_view), "preview"),
        ]

    # The list

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "try_form": question.TryForm(),
            "try_url": self.url("try"),
            "collisions_url": self.url("collisions"),
            "exchange_url": self.url("import"),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list with traffic, votes and warnings of its rows, read at once."""
        changelist = super().get_changelist_instance(request)
        listed = list(changelist.result_list)
        found = traffic.of(listed, QUIET_DAYS)
        colliding = _colliding({entry.language for entry in listed})
        quiet = set(
            quiet_entries(QUIET_DAYS)
            .filter(pk__in=[entry.pk for entry in listed])
            .order_by()
            .values_list("pk", flat=True)
        )
        for entry in listed:
            entry.traffic = found.get(entry.pk, traffic.NONE)
            entry.collides_with = colliding.get(entry.pk, "")
            entry.is_quiet = entry.pk in quiet
        changelist.result_list = listed
        return changelist

    @admin.display(description=gettext_lazy("question"), ordering="question")
    def question_and_language(self, entry: Entry) -> SafeString:
        return with_note(entry.question, f"{describe.language_name(entry.language)} · {entry.slug}")

    @admin.display(description=gettext_lazy("category"), ordering="category")
    def shelf(self, entry: Entry) -> SafeString:
        everyone = entry.audience == Entry.Audience.EVERYONE
        audience = "" if everyone else entry.condition or entry.get_audience_display()
        return with_note(str(entry.category or describe.DASH), audience)

    @admin.display(description=gettext_lazy("asked in 30 days"))
    def asked(self, entry: Entry) -> SafeString:
        seen = getattr(entry, "traffic", traffic.NONE)
        votes = _("%(helpful)s of %(votes)s found it helpful")
        told = votes % {"helpful": seen.helpful, "votes": seen.votes} if seen.votes else ""
        return with_note(describe.figure(seen.asked), told)

    @admin.display(description=gettext_lazy("warnings"))
    def warnings(self, entry: Entry) -> SafeString:
        other = getattr(entry, "collides_with", "")
        found = [
            (_("asked for in the same words as “%s”") % describe.text(other, 60)) if other else "",
            _("nobody asks for it") if getattr(entry, "is_quiet", False) else "",
        ]
        lines = format_html_join("", '<span class="bot-warning">{}</span>', ((one,) for one in found if one))
        return lines or format_html("{}", "")

    # The form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new entry may begin with questions that had no answer: ``?messages=12,15``."""
        proposed = gaps.proposal(request)
        if not proposed:
            return super().get_changeform_initial_data(request)
        asked = proposed["question"]
        return {"question": asked, "slug": slugify(asked)[:80], "language": proposed["language"]}

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "GET" and obj.pk is None and isinstance(inline, PhrasingInline):
            proposed = gaps.proposal(request)
            kwargs["initial"] = [{"text": text} for text in proposed.get("phrasings", ())]
        return kwargs

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        entry = form.instance
        asked = gaps.asked_in(gaps.named(request)) if not change else []
        if asked:
            texts = [asked_one.text[:300] for asked_one in asked]
            entry.phrasings.filter(text__in=texts).update(source=Phrasing.Source.CONVERSATION)
            n = gaps.mark_handled(asked)
            words = ngettext("%d question is off the list.", "%d questions are off the list.", n) % n
            self.message_user(request, words, messages.SUCCESS)
        for text, other in question.taken_for(entry)[:3]:
            words = _("The bot takes “%(text)s” for “%(other)s”: are they the same, or is one too broad?")
            self.message_user(request, words % {"text": text, "other": other}, messages.WARNING)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["preview_url"] = self.url("preview")
        return super().render_change_form(request, context, *args, **kwargs)

    # Pages

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """What the bot would answer, and why."""
        self.require(request, "view_entry")
        may_be_customer = question.may_ask_as_customer(request)
        return self.render(
            request,
            "try.html",
            _("Try a question"),
            **question.context(request.GET, as_customer=may_be_customer),
            entry_url_of=self.url_of(Entry, "changelist"),
        )

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """An answer as a customer would see it, before it is saved."""
        if not (self.has_view_permission(request) or self.has_add_permission(request)):
            self.require(request, "view_entry")
        context = question.preview(request.POST.get("answer", ""), request)
        return self.render(
            request, "preview.html", _("Preview"), asked=request.POST.get("question", ""), **context
        )

    def collisions_view(self, request: HttpRequest) -> HttpResponse:
        """Entries that the bot can hardly tell apart; asks the engine about each phrasing."""
        self.require(request, "view_entry")
        return self.render(
            request,
            "collisions.html",
            _("Entries that collide"),
            **question.collision_context(request.GET.get("language", ""), near="near" in request.GET),
        )

    def import_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request, "view_entry")
        may_import = all(self.may(request, f"{verb}_entry") for verb in ("add", "change"))
        if request.method == "POST":
            self.require(request, "add_entry", "change_entry")
            if request.POST.get("replace"):
                self.require(request, "delete_entry")
        context = exchange.context(self, request, may_import=may_import)
        return (
            context
            if isinstance(context, HttpResponse)
            else self.render(request, "exchange.html", _("Import and export"), **context)
        )

    def export_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request, "view_entry")
        return exchange.export_response(request.GET)


def _colliding(languages: set[str]) -> dict[int, str]:
    """For each entry that shares a phrasing with another the other's question, by key."""
    found: dict[int, str] = {}
    for language in sorted(languages):
        for one in collisions(language):
            found.setdefault(one.entry.pk, one.other.question)
            found.setdefault(one.other.pk, one.entry.question)
    return found


def _variables() -> str:
    try:
        names = sorted(known_variables())
    except ImproperlyConfigured:
        return ""
    return _("There are: %s.") % ", ".join("{" + name + "}" for name in names)


def _conditions() -> str:
    try:
        names = sorted(get_adapter().conditions)
    except ImproperlyConfigured:
        return ""
    return _("Facts that there are: %s.") % ", ".join(names) if names else ""
