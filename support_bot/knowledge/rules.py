"""What an entry may say of things that the adapter and the skills know: variables, conditions, skills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from ..adapters import get_adapter
from ..conf import closest
from ..models import Entry
from ..models.knowledge import Problem
from .variables import validate_variables


def entry_problems(entry: Entry) -> Iterator[Problem]:
    """Pairs of a field and its error; the entry's own ``problems()`` asks for them."""
    try:
        validate_variables(entry.answer)
    except ValidationError as failure:
        yield "answer", failure
    parts = entry.condition_parts()
    if parts is not None and parts[0] not in (names := get_adapter().conditions):
        message = _("Unknown condition “%(got)s”. %(hint)s")
        hint = closest(parts[0], names)
        yield "condition", ValidationError(message, "condition", {"got": parts[0], "hint": hint})
    if entry.skill and entry.skill not in (known := skills()):
        message = _("Unknown skill “%(got)s”. %(hint)s")
        hint = closest(entry.skill, known)
        yield "skill", ValidationError(message, "skill", {"got": entry.skill, "hint": hint})


def skills() -> Mapping[str, object]:
    """The skills there are, by name; asked for by name, for they stand on a floor above."""
    found: Mapping[str, object] = import_string("support_bot.skills.all")()
    return found
