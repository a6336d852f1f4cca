"""Choose: the rules are asked from top to bottom, the first that has a reply gives it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from support_bot import answers, skills
from support_bot.answers import Match
from support_bot.models import Entry
from support_bot.skills import OrderSkill, ProductSkill
from support_bot.types import Reply

from . import acting, wording
from .answering import clarify, entry_reply
from .following import follow_up
from .greeting import menu
from .moment import Moment
from .understanding import key

SHORT: Final = 8  # words of a message that points at something rather than asks anew
SURE: Final = 0.9  # a question in the place of a free text that was asked for
LISTED: Final = 5  # orders that "the second one" counts among where none were shown
TOO_ANGRY: Final = 2  # messages in a row
TOO_MANY_MISSES: Final = 2
_WORDS: Final = re.compile(r"[^\W\d_]+|\d+|[\u3400-\u9fff]")

Rule = Callable[[Moment], Reply | None]


def choose(moment: Moment) -> Reply:
    """The reply to a message; the context afterwards is what the next one may refer to."""
    asked = moment.context.asking
    for rule in RULES:
        reply = rule(moment)
        if reply is not None:
            return acting.remind(moment, asked, reply) if rule in ASIDES else reply
    return give_up(moment)


def confirms_by_click(moment: Moment) -> Reply | None:
    return acting.confirm(moment) if moment.confirm else None


def leaves(moment: Moment) -> Reply | None:
    """ "Never mind": nothing is asked, proposed or offered any longer."""
    if _talk_name(moment) != "never_mind":
        return None
    moment.context.let_go()
    moment.context.misses = 0
    return _talk(moment, "never_mind")


def wants_a_person(moment: Moment) -> Reply | None:
    pressed = key(moment.said.text) == key(wording.person().text)
    meant = None if _is_bare(moment) else _sure(moment)
    if pressed or (meant is not None and meant.skill == "person"):
        return acting.call_person(moment, "asked")
    return None


def answers_the_offer(moment: Moment) -> Reply | None:
    """A person was offered: yes takes it, no goes on with the bot."""
    if not moment.context.offered:
        return None
    moment.context.offered = False
    if _says_yes(moment):
        return acting.call_person(moment, "repeated" if moment.context.misses else "asked")
    if _says_no(moment):
        moment.context.misses = moment.context.angry = 0
        return wording.plain("small_talk", wording.say("no_offer", moment.context))
    return None


def answers_the_proposal(moment: Moment) -> Reply | None:
    """Yes does it, no leaves it, "no, the other order" proposes that one. Asked something else in between,
    only the button still does it: a late yes may mean anything."""
    pending = moment.context.pending
    if not pending or not pending.get("fresh"):
        return None
    pending["fresh"] = False
    entities = moment.said.entities
    if _points(moment) or entities.order_numbers:
        return acting.run(moment, pending["skill"])
    if _says_yes(moment):
        return acting.confirm(moment)
    return acting.decline(moment) if _says_no(moment) else None


def picks_an_option(moment: Moment) -> Reply | None:
    """One of "did you mean …", pressed, typed or by its place."""
    options, moment.context.options = moment.context.options, []
    if not options:
        return None
    typed = key(moment.said.text)
    label = next((one["label"] for one in options if key(one["text"]) == typed), "")
    if not label and (place := _place(moment, len(options))) is not None:
        label = options[place]["label"]
    if not label and len(options) == 1 and _says_yes(moment):
        label = options[0]["label"]
    return _tell(moment, label) if label else None


def fills_the_slot(moment: Moment) -> Reply | None:
    """What was asked for; unless it is small talk or clearly another question."""
    asking = moment.context.asking
    if not asking or moment.said.talk or _asks_something_else(moment):
        return None
    value = acting.fill(moment)
    if value is not None:
        slots = {**asking.get("slots", {}), asking["slot"]: value}
        return acting.run(moment, asking["skill"], slots=slots)
    meant = _sure(moment)
    if meant is not None and meant.skill != asking["skill"]:
        return None
    return acting.ask_again(moment)


def is_too_angry(moment: Moment) -> Reply | None:
    return acting.call_person(moment, "anger") if moment.context.angry >= TOO_ANGRY else None


def points_at_something(moment: Moment) -> Reply | None:
    """ "What about the second one?", "no, the other order", a number alone: the same about that one."""
    skill = skills.get(moment.context.topic.removeprefix("skill:"))
    words = len(_WORDS.findall(moment.said.text))
    entities = moment.said.entities
    if entities.order_numbers and words <= SHORT and _sure(moment) is None:
        about = skill if isinstance(skill, OrderSkill) else skills.get("order_status")
        return acting.run(moment, about.name) if about is not None else None
    if not isinstance(skill, OrderSkill | ProductSkill) or words > SHORT or not _points(moment):
        return None
    is_known = moment.subject.user_key is not None
    if is_known and isinstance(skill, OrderSkill) and not moment.context.listed:  # of those they know of
        known = moment.adapter.orders(moment.subject, LISTED)
        moment.context.listed = [["order", order.number] for order in known]
    return acting.run(moment, skill.name)


def is_small_talk(moment: Moment) -> Reply | None:
    name = _talk_name(moment)
    return _talk(moment, name) if name else None


def follows_up(moment: Moment) -> Reply | None:
    likely = follow_up(moment)
    if len(likely) == 1:
        return _tell(moment, likely[0].label, likely[0].confidence)
    return _ask_back(moment, likely) if likely else None


def tells(moment: Moment) -> Reply | None:
    """What the shop knows: a skill's doing or an entry's answer."""
    meant = _sure(moment)
    return _tell(moment, meant.label, meant.confidence) if meant is not None else None


def asks_back(moment: Moment) -> Reply | None:
    found = moment.said.found
    if found.outcome != "clarify":
        return None
    return _ask_back(moment, found.matches)


def give_up(moment: Moment) -> Reply:
    """Nothing to say: a person is offered, and called when that happens twice in a row."""
    context = moment.context
    if context.pending and _says_yes(moment):  # something else was talked about since: what was the yes for?
        return acting.run(moment, context.pending["skill"], slots=context.pending["slots"])
    if _says_yes(moment) or _says_no(moment):
        return wording.plain("small_talk", wording.say("nothing_open", context))
    context.misses += 1
    if context.misses >= TOO_MANY_MISSES:
        return acting.call_person(moment, "repeated")
    return acting.offer_person(moment, "unknown")


RULES: Final[tuple[Rule, ...]] = (
    confirms_by_click,
    leaves,
    wants_a_person,
    answers_the_offer,
    answers_the_proposal,
    picks_an_option,
    is_too_angry,
    fills_the_slot,
    points_at_something,
    follows_up,
    is_small_talk,
    tells,
    asks_back,
)
# What may be asked in between while a skill waits for a slot.
ASIDES: Final = (follows_up, is_small_talk, tells)


def _tell(moment: Moment, label: str, confidence: float | None = None) -> Reply | None:
    """What a label stands for: a skill's doing, else an entry's answer; None where neither is there now."""
    context = moment.context
    shelf = answers.active().topics.shelf(moment.said.language)
    hidden = shelf.hidden(moment.subject, moment.profile, timezone.now())
    entries = Entry.objects.active().filter(language=moment.said.language, slug=label)
    entry = None if label in hidden else entries.first()
    skill = skills.get(shelf.bound.get(label, label.removeprefix("skill:")))
    if skill is not None and skill.available(moment.adapter):
        reply = acting.run(moment, skill.name, entry=entry)
    elif entry is not None:
        reply = entry_reply(
            entry,
            subject=moment.subject,
            profile=moment.profile,
            adapter=moment.adapter,
            confidence=confidence,
        )
        context.asking, context.options, context.offered = {}, [], False  # what waits for a yes still does
        context.topic, context.question = label, entry.question
        context.category = entry.category_id or 0
    else:
        return None
    context.misses = 0
    return replace(reply, confidence=confidence)


def _ask_back(moment: Moment, matches: Sequence[Match]) -> Reply:
    moment.context.asking, moment.context.offered = {}, False
    return clarify(matches, moment.context)


def _talk(moment: Moment, name: str) -> Reply:
    """Small talk answers and leaves what is being asked as it is."""
    context = moment.context
    suggestions = menu(moment.adapter, moment.subject) if name in ("hello", "help") else ()
    if name in ("abuse", "robot"):
        suggestions = (wording.person(),)
        context.offered = name == "abuse"
        context.angry += name == "abuse"
    return wording.plain(
        "small_talk", wording.say(name, context), suggestions=suggestions, topic=f"talk:{name}"
    )


def _sure(moment: Moment) -> Match | None:
    found = moment.said.found
    return found.best if found.outcome == "answer" else None


def _talk_name(moment: Moment) -> str:
    """The small talk that the message is: known by heart, or as it was learned."""
    meant = _sure(moment)
    return moment.said.talk or (meant.talk if meant is not None else "")


def _says_yes(moment: Moment) -> bool:
    return moment.said.entities.yes or key(moment.said.text) == key(_("Yes"))


def _says_no(moment: Moment) -> bool:
    return moment.said.entities.no or key(moment.said.text) == key(_("No"))


def _is_bare(moment: Moment) -> bool:
    """One word, yes or no: an answer to what was asked, whatever it is ranked as."""
    text = moment.said.text.strip()
    is_one_word = len(text.split()) == 1 and (text.isascii() or len(text) <= 3)
    return is_one_word and (_says_yes(moment) or _says_no(moment))


def _points(moment: Moment) -> bool:
    return bool(moment.said.entities.other or moment.said.entities.ordinals)


def _place(moment: Moment, count: int) -> int | None:
    """Which of ``count`` options "the first" or "the last one" is; a bare 2 too."""
    ordinals: Sequence[int] = moment.said.entities.ordinals
    typed = key(moment.said.text)
    if not ordinals and typed.isdecimal() and len(typed) == 1:
        ordinals = (int(typed),)
    for ordinal in ordinals:
        if 0 < ordinal <= count:
            return ordinal - 1
        if -count <= ordinal < 0:
            return count + ordinal
    return None


def _asks_something_else(moment: Moment) -> bool:
    """Whether a message in the place of a slot's value is clearly another question."""
    meant, asking = _sure(moment), moment.context.asking
    if meant is None or meant.talk or meant.skill == asking["skill"] or asking.get("options"):
        return False
    is_question = moment.said.text.rstrip().endswith(("?", "？"))
    return is_question or meant.confidence >= SURE
