"""Which skills there are, and running one of them safely."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import transaction
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from support_bot.adapters import NotPossible
from support_bot.conf import settings
from support_bot.types import Reply, Suggestion

from .base import Skill
from .calls import Call, Outcome

BUILT_IN: Final = tuple(
    f"support_bot.skills.{path}"
    for path in (
        "order_status.OrderStatus",
        "delivery_date.DeliveryDate",
        "cancel_order.CancelOrder",
        "start_return.StartReturn",
        "reorder.Reorder",
        "availability.Availability",
        "coupons.Coupons",
        "loyalty.Loyalty",
        "recommend.Recommend",
        "goes_with.GoesWith",
        "change_address.ChangeAddress",
        "person.Person",
    )
)


def paths() -> list[Any]:
    """Dotted paths of the skills: the setting's, in which ``"*"`` stands for all of ours, as None does."""
    named = ["*"] if settings.SKILLS is None else settings.SKILLS
    return [path for one in named for path in (BUILT_IN if one == "*" else (one,))]


@cache
def all() -> dict[str, Skill]:
    """The skills in ``SUPPORT_BOT["SKILLS"]``, by name.

    Raises ``ImproperlyConfigured`` for a path that is no ``Skill`` and for a name that comes twice.
    """
    found: dict[str, Skill] = {}
    for path in paths():
        skill = _load(path)
        if skill.name in found:
            raise ImproperlyConfigured(f'SUPPORT_BOT["SKILLS"] holds two skills named {skill.name!r}.')
        found[skill.name] = skill
    return found


def get(name: str) -> Skill | None:
    """The skill of that name; None when there is none."""
    return all().get(name)


def perform(skill: Skill, call: Call) -> Outcome:
    """Run ``skill`` in the call's language, for whom it may be run.

    Whoever is not logged in, and a shop that has not what the skill needs, get a reply instead. A confirmed
    run is one transaction. What the shop's rules forbid (``NotPossible``) becomes the shop's sentence; any
    other error is the caller's to handle, and nothing was changed.
    """
    with translation.override(call.language or translation.get_language()):
        if not skill.available(call.adapter):
            return skill.nothing(_("That I cannot do here."), call, suggestions=(_person(),))
        if skill.login and call.subject.user_key is None:
            return _log_in(skill, call)
        try:
            if not call.confirmed:
                return skill.run(call)
            with transaction.atomic():
                return skill.run(call)
        except NotPossible as refused:
            return skill.reply(refused.text)


def _log_in(skill: Skill, call: Call) -> Reply:
    """What the FAQ says, and the link to log in at: a guest may have asked in general."""
    text = _("For your own orders and points I need to know who you are: please log in and ask me again.")
    return skill.nothing(text, call, last=True, link=(_("Log in"), call.adapter.login_url()))


def _person() -> Suggestion:
    return Suggestion(_("Talk to a person"), _("Talk to a person"))


def _load(path: Any) -> Skill:
    try:
        skill = import_string(path)()
    except (ImportError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(f'SUPPORT_BOT["SKILLS"] names {path!r}: {error}') from error
    if not isinstance(skill, Skill) or not getattr(skill, "name", ""):
        raise ImproperlyConfigured(
            f'SUPPORT_BOT["SKILLS"] names {path!r}: it must be a subclass of support_bot.skills.Skill '
            "with a name"
        )
    return skill


def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting == "SUPPORT_BOT":
        all.cache_clear()


setting_changed.connect(_forget, dispatch_uid="concierge_support.skills")
