"""A conversation as the office reads it: who said what, how sure the bot was, what it showed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from support_bot.models import Entry, Message
from support_bot.skills import all as all_skills

from . import describe

MAX_MESSAGES = 400  # on one page, the newest


@dataclass(frozen=True, slots=True)
class Said:
    """One message, ready for the template."""

    message: Message
    author: str
    emotion: str
    facts: list[str]  # what it was taken for, how surely, by which build, in what time
    vote: str
    comment: str
    cards: list[dict[str, Any]]
    suggestions: list[str]


def transcript(messages: QuerySet[Message]) -> list[Said]:
    """The newest messages in the order in which they were said; two queries."""
    newest = messages.select_related("staff", "feedback", "build").order_by("-sequence")[:MAX_MESSAGES]
    listed = list(newest)[::-1]
    titles = topic_titles({message.topic for message in listed})
    return [_said(message, titles) for message in listed]


def topic_titles(topics: Iterable[str]) -> dict[str, str]:
    """What topics are called: an entry's question, in the reader's language if it can be, a skill's title."""
    wanted = {topic for topic in topics if topic}
    language = describe.reader_language()
    named = Entry.objects.filter(slug__in=wanted).values_list("slug", "language", "question")
    found = {
        slug: question
        for slug, _code, question in sorted(named, key=lambda row: (row[1] == language, row[1]))
    }
    skills = {name: str(skill.title) for name, skill in all_skills().items()}
    for topic in wanted - found.keys():
        name = topic.removeprefix("skill:")
        found[topic] = skills.get(name) or name.removeprefix("talk:").replace("_", " ")
    return found


def _said(message: Message, titles: dict[str, str]) -> Said:
    payload = describe.mapping(message.payload)
    vote = getattr(message, "feedback", None)
    by_customer = message.author == Message.Author.CUSTOMER
    return Said(
        message=message,
        author=describe.author(message),
        emotion=describe.emotion(message.emotion) if by_customer else "",
        facts=_facts(message, titles.get(message.topic, "")),
        vote="" if vote is None else _("helped") if vote.helpful else _("did not help"),
        comment="" if vote is None else vote.comment,
        cards=[_card(card) for card in describe.rows(payload.get("cards"))[:12]],
        suggestions=[
            describe.text(one.get("label"), 120) for one in describe.rows(payload.get("suggestions"))[:6]
        ],
    )


def _facts(message: Message, topic: str) -> list[str]:
    if message.author == Message.Author.PERSON:
        return []
    if message.author == Message.Author.CUSTOMER:
        first = _("understood as: %s") % topic if topic else ""
    else:
        first = ": ".join(filter(None, (describe.kind(message.kind), topic)))
    sure = "" if message.confidence is None else describe.percent(message.confidence, 0)
    found = (
        first[:1].upper() + first[1:],
        _("confidence %s") % sure if sure else "",
        "" if message.milliseconds is None else describe.milliseconds(message.milliseconds),
        "" if message.build is None else _("build %s") % message.build,
    )
    return [fact for fact in found if fact]


def _card(card: dict[str, Any]) -> dict[str, Any]:
    """Title and facts of a card; its picture and link are the customer's, not needed here."""
    facts = card.get("fields")
    pairs = [
        (describe.text(pair[0], 80), describe.text(pair[1], 200))
        for pair in (facts if isinstance(facts, list | tuple) else [])
        if isinstance(pair, list | tuple) and len(pair) == 2
    ]
    return {"title": describe.text(card.get("title"), 200), "fields": pairs}
