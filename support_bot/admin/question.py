"""Try a question: what would the bot answer this person, how surely, and why; and what it confuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot import answers
from support_bot.adapters import SupportAdapter, get_adapter
from support_bot.knowledge import collisions, render
from support_bot.knowledge.collisions import questions
from support_bot.knowledge.variables import used_variables
from support_bot.models import Entry, Phrasing
from support_bot.skills import all as all_skills
from support_bot.types import Profile, Subject

from . import describe

MAX_QUESTION = 2000
MAX_RANKED = 1000  # phrasings that a request asks the engine about, 25 ms each with an encoder
AS_SURE = 0.9  # of its confidence: the bot asks back which of the two was meant
MAX_CHECKED = 20  # phrasings of an entry that has just been saved


class TryForm(forms.Form):
    """A question, in the language that it turns out to be unless told, by a visitor or by a customer."""

    q = forms.CharField(label=gettext_lazy("Question"), max_length=MAX_QUESTION)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=lambda: [("", _("found out")), *django_settings.LANGUAGES],
    )
    customer = forms.CharField(
        label=gettext_lazy("As customer"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("A login name or the customer's key; a visitor when left empty."),
    )


def may_ask_as_customer(request: HttpRequest) -> bool:
    """An answer to a customer shows what the shop knows of them: the users must be viewable."""
    users = get_user_model()._meta
    return request.user.has_perm(f"{users.app_label}.{get_permission_codename('view', users)}")


def context(query: Mapping[str, Any], *, as_customer: bool) -> dict[str, Any]:
    """Everything that the page shows for the question in ``query``."""
    form = TryForm(query if query.get("q") else None)
    if not as_customer:
        form.fields.pop("customer")
    found: dict[str, Any] = {"form": form}
    if not form.is_valid():
        return found
    try:
        return found | _answered(get_adapter(), form.cleaned_data)
    except (ImproperlyConfigured, DatabaseError) as error:
        return found | {"trouble": str(error)}


def _answered(adapter: SupportAdapter, asked: Mapping[str, Any]) -> dict[str, Any]:
    subject, who = Subject(), _("a visitor")
    if wanted := asked.get("customer"):
        subject = customer(adapter, wanted)
        if subject.user_key is None:
            return {"trouble": _("No customer has the name or key “%s”.") % describe.text(wanted, 60)}
        who = subject.user.get_username() if subject.user is not None else subject.user_key
    profile = adapter.profile(subject)
    told = answers.explain(asked["q"], subject=subject, profile=profile, language=asked["language"] or None)
    found = told.found
    return {
        "who": who,
        "explanation": told,
        "outcome": outcome_words(found.outcome),
        "language": describe.language_name(found.language),
        "threshold": describe.percent(found.threshold, 0),
        "confidence": describe.percent(found.best.confidence, 0) if found.best else describe.DASH,
        "took": describe.milliseconds(told.milliseconds),
        "build": found.build,
        "degraded": found.degraded,
        "shown": [_shown(adapter, match, subject, profile) for match in _told(found)],
        "ranking": [_ranked(row) for row in told.ranking],
    }


def _told(found: answers.Found) -> tuple[answers.Match, ...]:
    """What the customer sees of the matches: the answer, or the choice between several."""
    if found.outcome == "none":
        return ()
    return found.matches[:1] if found.outcome == "answer" else found.matches


def outcome_words(outcome: str) -> str:
    """What the bot does, as a badge."""
    words = {
        "answer": _("answers"),
        "clarify": _("asks what was meant"),
        "none": _("says that it does not know, and offers a person"),
    }
    return str(words.get(outcome, outcome))


def customer(adapter: SupportAdapter, words: str) -> Subject:
    """The customer of that login name, else of that key; an anonymous subject when there is neither."""
    users = get_user_model()
    user = users._default_manager.filter(**{users.USERNAME_FIELD: words}).first()
    key = adapter.user_key(user) if user is not None else None
    return adapter.subject_for(key or words)


def preview(answer: str, request: HttpRequest) -> dict[str, Any]:
    """An answer rendered for whoever writes it, and what is wrong with its variables."""
    adapter = get_adapter()
    used = set(used_variables(answer))
    values = adapter.variables(adapter.subject(request), only=used) if used else {}
    unknown = sorted(used - set(adapter.VARIABLES))
    return {
        "rendered": _html(answer, values),
        "empty": sorted(used - values.keys() - set(unknown)),
        "unknown": unknown,
        "variables": sorted(values.items()),
    }


def taken_for(entry: Entry) -> list[tuple[str, str]]:
    """Phrasings of ``entry`` that the bot takes for another one's, or cannot tell whose; and that one."""
    state = answers.active()
    titles = dict(Entry.objects.active().filter(language=entry.language).values_list("slug", "question"))
    threshold = state.threshold(entry.language)
    equal = [one for one in collisions(entry.language) if entry in (one.entry, one.other)]
    found = [(one.text, (one.other if one.entry == entry else one.entry).question) for one in equal]
    for text in questions(entry)[:MAX_CHECKED]:
        ranked = state.engine.rank(text, language=entry.language, allow=titles, limit=2).candidates
        own = next((one.confidence for one in ranked if one.label == entry.slug), None)
        other = next((one for one in ranked if one.label != entry.slug), None)
        least = threshold if own is None else max(AS_SURE * own, threshold / 2)
        if other is not None and other.confidence >= least:
            found.append((text, titles[other.label]))
    return found


def collision_context(language: str, *, near: bool) -> dict[str, Any]:
    """Collisions of ``language``: equal phrasings, with ``near`` also what the bot can hardly tell apart."""
    known = sorted(set(Entry.objects.order_by().values_list("language", flat=True)))
    chosen = language if language in known else (describe.reader_language() if not language else "")
    chosen = chosen if chosen in known else next(iter(known), "")
    asked = Phrasing.objects.filter(entry__language=chosen, entry__is_published=True).count()
    ranked = near and asked <= MAX_RANKED
    found = collisions(chosen, near=ranked) if chosen else []
    return {
        "chosen": chosen,
        "languages": [(code, describe.language_name(code)) for code in known],
        "collisions": [(one, describe.percent(one.likeness, 0)) for one in found],
        "near": ranked,
        "may_rank": not near and asked <= MAX_RANKED,
        "asked": asked,
    }


def _shown(adapter: SupportAdapter, match: Any, subject: Subject, profile: Profile) -> dict[str, Any]:
    entry = match.entry
    skill = all_skills().get(match.skill) if match.skill else None
    used = set(used_variables(entry.answer)) if entry else set()
    values = adapter.variables(subject, profile=profile, only=used) if used else {}
    return {
        "title": entry.question if entry else (str(skill.title) if skill else match.label),
        "entry": entry,
        "skill": str(skill.title) if skill else "",
        "talk": match.talk,
        "html": _html(entry.answer, values) if entry else "",
    }


def _ranked(row: answers.Ranked) -> dict[str, Any]:
    one = row.candidate
    return {
        "title": row.title,
        "entry": row.entry,
        "confidence": describe.percent(one.confidence),
        "phrasing": one.phrasing,
        "parts": [describe.figure(float(part), 2) for part in (one.lexical, one.semantic, one.intent)],
        "why_not": row.why_not,
    }


def _html(answer: str, values: Mapping[str, str]) -> SafeString:
    return mark_safe(render(answer, values).html)  # noqa: S308  cleaned by nh3
