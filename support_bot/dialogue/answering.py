"""Replies from the FAQ: an entry's answer for this person, or the question which entry was meant."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot import skills
from support_bot.adapters import SupportAdapter
from support_bot.answers import Match
from support_bot.faq import address
from support_bot.knowledge import render
from support_bot.knowledge.variables import used_variables
from support_bot.models import Entry
from support_bot.types import Citation, Profile, Reply, Subject, Suggestion

from . import wording
from .context import Context
from .guard import attempt


def entry_reply(
    entry: Entry,
    *,
    subject: Subject,
    profile: Profile,
    adapter: SupportAdapter,
    confidence: float | None = None,
) -> Reply:
    """The entry's answer with its variables filled in for ``subject``, and where it can be read."""
    wanted = set(used_variables(entry.answer))
    none: dict[str, str] = {}
    values = attempt(
        "Reading variables", lambda: adapter.variables(subject, profile=profile, only=wanted), none
    )
    rendered = render(entry.answer, values)
    return Reply(
        kind="answer",
        text=rendered.text,
        html=rendered.html,
        confidence=confidence,
        citations=(Citation(entry.slug, entry.question, address(entry.slug)),),
        topic=entry.slug,
    )


def clarify(matches: Sequence[Match], context: Context) -> Reply:
    """ "Did you mean …": the two or three matches to choose from."""
    offered = [(title(match), match.label) for match in matches if title(match)]
    context.options = [{"text": text, "label": label} for text, label in offered]
    suggestions = tuple(Suggestion(text, text) for text, _label in offered)
    return wording.plain(
        "clarify",
        wording.say("clarify", context),
        suggestions=suggestions,
        confidence=matches[0].confidence,
    )


def title(match: Match) -> str:
    """What a match is called on a button; empty for small talk and for a skill that is gone."""
    if match.entry is not None:
        return match.entry.question
    skill = skills.get(match.skill) if match.skill else None
    return "" if skill is None else str(skill.title)
