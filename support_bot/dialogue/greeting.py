"""The first words: by name, time of day and what has not reached the customer yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from support_bot import skills
from support_bot.adapters import SupportAdapter, get_adapter
from support_bot.adapters.vocabulary import in_a_row
from support_bot.types import Order, Profile, Subject, Suggestion

from . import wording
from .guard import attempt
from .understanding import local_now

MENU: Final = ("order_status", "start_return", "availability", "recommend", "coupons")
OFFERED: Final = 4


def welcome(subject: Subject) -> tuple[str, tuple[Suggestion, ...]]:
    """The greeting in the active language, and quick replies to begin with. Whatever the shop's code does,
    there is a greeting."""
    plain: tuple[str, tuple[Suggestion, ...]] = (in_a_row(_hello("", ""), _offer(())), (wording.person(),))
    return attempt("Greeting a customer", lambda: _welcome(subject), plain)


def _welcome(subject: Subject) -> tuple[str, tuple[Suggestion, ...]]:
    adapter = get_adapter()
    profile = attempt("Reading a profile", lambda: adapter.profile(subject), Profile())
    none: list[Order] = []
    # Nobody's orders are not asked for: a filter for None would find those of all guests.
    is_known = subject.user_key is not None
    orders = attempt("Reading orders", lambda: list(adapter.orders(subject, 5)), none) if is_known else none
    name = attempt("Reading the shop's name", adapter.shop_name, "")
    coming = [order for order in orders if order.is_open]
    text = in_a_row(_hello(profile.first_name, name), _news(coming), _offer(coming))
    return text, (*_about(coming), *menu(adapter, subject, without=("order_status",) if coming else ()))[:6]


def menu(adapter: SupportAdapter, subject: Subject, without: Sequence[str] = ()) -> tuple[Suggestion, ...]:
    """Quick replies for what the bot can do in this shop for this person, and a person at the end."""
    none: dict[str, skills.Skill] = {}
    known = attempt("Reading the skills", lambda: skills.all(), none)
    offered = []
    for name in MENU:
        skill = known.get(name)
        if skill is None or name in without or (skill.login and subject.user_key is None):
            continue
        if attempt(f"Asking whether {name} is available", lambda: skill.available(adapter), False):  # noqa: B023
            offered.append(Suggestion(str(skill.title), str(skill.title)))
    return (*offered[:OFFERED], wording.person())


def _hello(first_name: str, shop: str) -> str:
    hour = local_now().hour
    day = (
        _("Good morning") if 5 <= hour < 12 else _("Good afternoon") if 12 <= hour < 18 else _("Good evening")
    )
    called = _("%(hello)s, %(name)s!") if first_name else _("%(hello)s!")
    called = called % {"hello": day, "name": first_name}
    bot = _("I am the bot of %(shop)s.") % {"shop": shop} if shop else _("I am the shop's bot.")
    return in_a_row(called, bot)


def _news(coming: Sequence[Order]) -> str:
    if len(coming) == 1:
        order = coming[0]  # packed or shipped: its status says which
        said = {"number": order.number, "status": order.status_label}
        return _("About your order %(number)s (%(status)s): just ask.") % said
    if coming:
        return _("%(count)d of your orders have not arrived yet: just ask.") % {"count": len(coming)}
    return ""


def _offer(coming: Sequence[Order]) -> str:
    return "" if coming else _("What can I do for you?")


def _about(coming: Sequence[Order]) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(
            _("Where is %(number)s?") % {"number": order.number},
            _("Where is my order %(number)s?") % {"number": order.number},
        )
        for order in coming[:2]
    )
