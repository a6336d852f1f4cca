"""Questions without an answer, and what a manager does about them: an entry, a phrasing, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from support_bot import answers
from support_bot.insights import Question, clusters, questions
from support_bot.models import Entry, Message, Phrasing

from . import describe
from .periods import period_form, shortcuts

if TYPE_CHECKING:
    from .pages import PagesMixin

PER_PAGE = 20
SHOWN = 6  # questions of a cluster on the page
MAX_MESSAGES = 80  # of a cluster that a link carries
MAX_PHRASINGS = 8  # that are proposed for an entry; more of the same teach little
SUGGESTED = 5


class AssignForm(forms.Form):
    """Which entry the questions mean, and which of them become its phrasings."""

    entry = forms.ModelChoiceField(
        Entry.objects.none(),
        label=gettext_lazy("Entry"),
        error_messages={"required": gettext_lazy("Choose an entry.")},
    )
    phrasing = forms.MultipleChoiceField(
        label=gettext_lazy("Add these ways of asking"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, asked: list[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = {question.language for question in asked}
        self.fields["entry"].queryset = Entry.objects.filter(language__in=languages).order_by(  # type: ignore[attr-defined]
            "question"
        )
        listed = [(question.text[:300], question.text) for question in asked]
        self.fields["phrasing"].choices = listed  # type: ignore[attr-defined]
        self.fields["phrasing"].initial = [value for value, _text in listed[:MAX_PHRASINGS]]


def context(query: Mapping[str, Any]) -> dict[str, Any]:
    """The clusters of the period in ``query``, a page of them."""
    form = period_form(query)
    period = form.period()
    asked = questions(period)
    total = sum(len(question.messages) for question in asked)
    page = Paginator(clusters(asked), PER_PAGE).get_page(query.get("page"))
    return {
        "form": form,
        "shortcuts": shortcuts(),
        "simulated": period.simulated,
        "page": page,
        "total": total,
        "total_shown": describe.figure(total),
        "clusters": [
            {
                "cluster": cluster,
                "language": describe.language_name(cluster.language),
                "others": cluster.questions[1:SHOWN],
                "more": max(0, len(cluster.questions) - SHOWN),
                "keys": ",".join(map(str, cluster.messages[:MAX_MESSAGES])),
            }
            for cluster in page
        ],
    }


def named(request: HttpRequest) -> str:
    """The messages that the address names, for whoever may read conversations; none for anybody else."""
    permission = f"{Message._meta.app_label}.view_conversation"
    return request.GET.get("messages", "") if request.user.has_perm(permission) else ""


def asked_in(keys: str) -> list[Question]:
    """The questions of the customers' messages that a link names by ``keys`` ("12,15")."""
    wanted = [int(key) for key in keys.split(",")[:MAX_MESSAGES] if key.isdecimal() and len(key) < 19]
    found: dict[str, list[Message]] = {}
    for message in Message.objects.filter(pk__in=wanted, author=Message.Author.CUSTOMER).order_by("pk"):
        found.setdefault(" ".join(message.text.split()).casefold(), []).append(message)
    listed = [
        Question(
            " ".join(same[0].text.split()),
            same[0].language,
            tuple(message.pk for message in same),
            same[-1].created_at,
        )
        for words, same in found.items()
        if words
    ]
    return sorted(listed, key=lambda question: -len(question.messages))


def proposal(request: HttpRequest) -> dict[str, Any]:
    """What the form of a new entry begins with: the first question, the others as phrasings."""
    asked = asked_in(named(request))
    if not asked:
        return {}
    texts = [question.text[:300] for question in asked]
    return {"question": texts[0], "language": asked[0].language, "phrasings": texts[1 : MAX_PHRASINGS + 1]}


def mark_handled(asked: Iterable[Question]) -> int:
    """The questions are dealt with: they leave the list."""
    keys = [message for question in asked for message in question.messages]
    return Message.objects.filter(pk__in=keys).update(is_handled=True)


def dismiss(page: PagesMixin, request: HttpRequest) -> HttpResponse:
    """Take a cluster off the list without teaching the bot anything."""
    if not page.may(request, "change_entry"):
        raise PermissionDenied
    n = mark_handled(asked_in(request.POST.get("messages", "")))
    words = ngettext("%d message is off the list.", "%d messages are off the list.", n) % n
    page.message_user(request, words, messages.SUCCESS)
    query = request.GET.urlencode()
    return redirect(f"{page.url('unanswered')}?{query}" if query else page.url("unanswered"))


def assign(page: PagesMixin, request: HttpRequest) -> HttpResponse:
    """Choose an entry, the likeliest first, and make the questions phrasings of it."""
    asked = asked_in(request.GET.get("messages", ""))
    if not asked:
        page.message_user(request, _("These questions are not there any more."), messages.WARNING)
        return redirect(page.url("unanswered"))
    suggested = suggestions(asked[0])
    initial = {"entry": suggested[0]["entry"].pk if suggested else None}
    form = AssignForm(request.POST or None, asked=asked, initial=initial)
    if request.method == "POST" and form.is_valid():
        entry = form.cleaned_data["entry"]
        n = add_phrasings(entry, form.cleaned_data["phrasing"], asked)
        page.log_change(request, entry, [{"changed": {"fields": ["phrasings"]}}])
        words = ngettext(
            "%(n)d phrasing is added to “%(entry)s”.", "%(n)d phrasings are added to “%(entry)s”.", n
        )
        page.message_user(request, words % {"n": n, "entry": entry}, messages.SUCCESS)
        return redirect(page.url("unanswered"))
    return page.render(
        request,
        "assign.html",
        _("Which entry answers this?"),
        form=form,
        asked=asked,
        suggested=suggested,
        chosen=str(form["entry"].value() or ""),
        unanswered_url=page.url("unanswered"),
    )


def add_phrasings(entry: Entry, texts: Iterable[str], asked: Iterable[Question]) -> int:
    """Add what the entry does not have yet, and mark the messages; the number added."""
    with transaction.atomic():
        known = {" ".join(text.split()).casefold() for text in _known(entry)}
        new = {text.casefold(): text for text in texts if text.casefold() not in known}
        rows = [
            Phrasing(entry=entry, text=text, source=Phrasing.Source.CONVERSATION) for text in new.values()
        ]
        added = len(Phrasing.objects.bulk_create(rows))
        if added:
            entry.save(update_fields=["updated_at"])
        mark_handled(asked)
    return added


def suggestions(question: Question) -> list[dict[str, Any]]:
    """The entries that the bot itself thinks likeliest, with its confidence."""
    ranking = answers.active().engine.rank(question.text, language=question.language, limit=2 * SUGGESTED)
    labels = {candidate.label: candidate.confidence for candidate in ranking.candidates}
    named = {entry.slug: entry for entry in Entry.objects.filter(slug__in=labels, language=question.language)}
    return [
        {"entry": named[label], "confidence": describe.percent(confidence, 0)}
        for label, confidence in labels.items()
        if label in named
    ][:SUGGESTED]


def _known(entry: Entry) -> list[str]:
    return [entry.question, *entry.phrasings.values_list("text", flat=True)]
