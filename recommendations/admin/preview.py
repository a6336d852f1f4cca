"""What would this customer see? Every placement as it is served now, with scores, sources and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recommendations.adapters import DeclarativeAdapter, get_adapter
from recommendations.conf import settings
from recommendations.models import Placement
from recommendations.serving import Served, get_recommendations
from recommendations.types import Reason, Recommendation, Subject

from . import describe

MATCHES = 20
MAX_DAYS = 3
KEY_LENGTH = 200
ABOUT_AN_ITEM = ("similar", "bought_together")  # a placement that begins with these stands on an item's page


class PreviewForm(forms.Form):
    """Whom to look for, or whose key it is; ``item`` is the item whose page the customer is on."""

    q = forms.CharField(
        label=gettext_lazy("Customer"),
        max_length=KEY_LENGTH,
        required=False,
        help_text=gettext_lazy("A part of the login name, or the customer's key (the id)."),
    )
    customer = forms.CharField(max_length=KEY_LENGTH, required=False, widget=forms.HiddenInput)
    item = forms.CharField(
        label=gettext_lazy("On the page of item"),
        max_length=KEY_LENGTH,
        required=False,
        help_text=gettext_lazy("The key of an item; the last one bought when left empty."),
    )


@dataclass(frozen=True, slots=True)
class Match:
    """A customer that the search has found."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One place of a list, ready for the template."""

    place: Recommendation
    title: str
    url: str | None
    source: str
    because: list[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """One placement: what was served, on whose page, and why it is short if it is."""

    served: Served
    about: str
    shown: list[Shown]


def is_allowed(request: HttpRequest) -> bool:
    """Placements and customers may both be viewed: the page shows what a customer bought."""
    users = get_user_model()._meta
    view_customers = f"{users.app_label}.{get_permission_codename('view', users)}"
    return request.user.has_perms([view_customers, f"{Placement._meta.app_label}.view_placement"])


def context(request: HttpRequest) -> dict[str, Any]:
    """Everything that the page shows, from the query ``q``, ``customer`` and ``item``."""
    form = PreviewForm(request.GET or None)
    found: dict[str, Any] = {"form": form, "matches": [], "key": "", "previews": []}
    if not form.is_valid():
        return found
    try:
        return found | _answer(get_adapter(), form.cleaned_data)
    except (ImproperlyConfigured, DatabaseError) as error:
        return found | {"trouble": str(error)}


def _answer(adapter: DeclarativeAdapter, asked: dict[str, str]) -> dict[str, Any]:
    key, matches = asked["customer"], []
    if not key and asked["q"]:
        matches = search(adapter, asked["q"])
        key = matches[0].key if len(matches) == 1 else ""
    if not key:
        trouble = _("No customer has this name or key.") if asked["q"] and not matches else ""
        return {"matches": matches, "trouble": trouble}
    subject = adapter.subject_for(key)
    if subject.user_key is None:
        return {"trouble": _("No customer can have the key “%s”.") % describe.text(key, 60)}
    keys = [key for key, _weight, _time in subject.recent]
    for_sale, bought = adapter.fetch(keys, subject), adapter.titles(keys)
    about = asked["item"] or next((key for key in keys if key in for_sale), "")
    return {
        "key": subject.user_key,
        "name": _name(adapter, subject.user_key),
        "bought": [
            {
                "key": key,
                "title": bought.get(key, key),
                "is_for_sale": key in for_sale,
                "at": datetime.fromtimestamp(time, UTC),
            }
            for key, _weight, time in subject.recent
        ],
        "previews": [_preview(adapter, slug, subject, about, bought) for slug in settings.PLACEMENTS],
    }


def search(adapter: DeclarativeAdapter, words: str) -> list[Match]:
    """Accounts whose login name contains ``words``, after the customer whose key it is, if it can be one."""
    users = get_user_model()
    name = users.USERNAME_FIELD
    found = users._default_manager.filter(**{f"{name}__icontains": words}).order_by(name)[:MATCHES]
    matches = [
        Match(key, user.get_username()) for user in found if (key := adapter.user_key(user)) is not None
    ]
    key = adapter.subject_for(words).user_key
    if key is not None and all(match.key != key for match in matches) and _is_known(adapter, key):
        matches.insert(0, Match(key, _name(adapter, key)))
    return matches


def titles(keys: Sequence[str]) -> dict[str, str]:
    """Titles of those items that anybody may buy now; none while the shop cannot be read."""
    try:
        adapter = get_adapter()
        found = adapter.fetch(keys, Subject())
    except (ImproperlyConfigured, DatabaseError):
        return {}
    return {key: _title(adapter, item, Subject(), key) for key, item in found.items()}


def _is_known(adapter: DeclarativeAdapter, key: str) -> bool:
    """Somebody has this key: an account, or a customer who has ordered."""
    return bool(_user(adapter, key)) or bool(adapter.recent(key))


def _user(adapter: DeclarativeAdapter, key: str) -> Any:
    if not adapter.accounts.are_users:
        return None
    return get_user_model()._default_manager.filter(pk=key).first()


def _name(adapter: DeclarativeAdapter, key: str) -> str:
    user = _user(adapter, key)
    return user.get_username() if user is not None else _("customer %s") % key


def _preview(
    adapter: DeclarativeAdapter, slug: str, subject: Subject, about: str, bought: dict[str, str]
) -> Preview:
    strategies = settings.PLACEMENTS[slug].get("strategies") or [""]
    about = about if strategies[0] in ABOUT_AN_ITEM else ""
    served = get_recommendations(slug, subject=subject, item=about or None, explain=True)
    named = adapter.fetch([about], subject) if about else {}
    title = _title(adapter, named[about], subject, about) if about in named else about
    return Preview(served, title, [_shown(adapter, place, subject, bought) for place in served.items])


def _shown(
    adapter: DeclarativeAdapter, place: Recommendation, subject: Subject, bought: dict[str, str]
) -> Shown:
    facts = adapter.serialize(place.item, subject)
    because = [_because(reason, subject, bought) for reason in place.reasons]
    return Shown(place, facts.get("title") or place.key, facts.get("url"), _source(place.source), because)


def _source(name: str) -> str:
    return _("New items") if name == "new" else describe.role_title(name)


def _because(reason: Reason, subject: Subject, bought: dict[str, str]) -> str:
    """The reason with its item, also one no longer sold, its share and the days on which that was ordered."""
    parts = [reason.text]
    title = bought.get(reason.item or "", "")
    if title not in reason.text:
        parts.append(title)
    if reason.share is not None and reason.share < 1:
        parts.append(f"{describe.figure(100 * reason.share, 0)} %")
    days = [datetime.fromtimestamp(time, UTC) for key, _weight, time in subject.recent if key == reason.item]
    if days:
        dates = dict.fromkeys(date_format(day, "SHORT_DATE_FORMAT") for day in days[:MAX_DAYS])
        parts.append(_("ordered %s") % ", ".join(dates))
    return ", ".join(parts)


def _title(adapter: DeclarativeAdapter, item: Any, subject: Subject, key: str) -> str:
    return adapter.serialize(item, subject).get("title") or key
