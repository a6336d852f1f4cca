"""Running a skill: its slots asked for one at a time, its changes confirmed once and done once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from django.core import signing
from django.utils.html import linebreaks
from django.utils.translation import gettext as _

from support_bot import skills
from support_bot.adapters.vocabulary import in_a_row
from support_bot.conf import settings
from support_bot.models import Conversation, Entry
from support_bot.skills import Ask, Call, Propose, Skill
from support_bot.types import Confirm, Reply, Suggestion

from . import handover, wording
from .answering import entry_reply
from .moment import Moment

State = Conversation.State
SALT: Final = "support_bot.confirm"
MOST_ASKED: Final = 3  # times that one slot is asked for before a person is offered


def run(
    moment: Moment,
    name: str,
    *,
    entry: Entry | None = None,
    slots: Mapping[str, str] | None = None,
    confirmed: bool = False,
) -> Reply:
    """What the skill of that name says now; whatever it raises is the caller's, and nothing was changed."""
    skill = skills.get(name)
    if skill is None:  # it was taken out of the settings while somebody was asked for a slot
        return offer_person(moment, "not_now")
    context = moment.context
    call = _call(moment, slots or {}, confirmed)
    if entry is not None:
        call.fallback = entry_reply(
            entry, subject=moment.subject, profile=moment.profile, adapter=moment.adapter
        )
    outcome = skills.perform(skill, call)
    context.let_go()
    context.topic = f"skill:{name}"
    context.question = entry.question if entry is not None else str(skill.title)
    context.category = (entry.category_id or 0) if entry is not None else 0
    context.mention(call.mentioned)
    if isinstance(outcome, Ask):
        return _ask(moment, skill, outcome)
    if isinstance(outcome, Propose):
        return _propose(moment, skill, outcome)
    if outcome.kind == "hand_over":
        return call_person(moment, "asked" if name == "person" else "skill")
    return outcome


def fill(moment: Moment) -> str | None:
    """The value that the message gives to the slot that is being asked for."""
    asking = moment.context.asking
    skill = skills.get(asking.get("skill", ""))
    if skill is None:
        return None
    call = _call(moment, asking.get("slots", {}), confirmed=False)
    return skill.fill(asking["slot"], moment.said.text, moment.said.entities, call)


def ask_again(moment: Moment) -> Reply:
    """The same question once more; a person is offered when it does not get an answer."""
    asking = moment.context.asking
    asking["times"] = asking.get("times", 1) + 1
    if asking["times"] > MOST_ASKED:
        return offer_person(moment, "unknown")
    text = in_a_row(wording.say("again", moment.context), asking.get("text", ""))
    options = tuple(Suggestion(label, sent) for label, sent in asking.get("options", ()))
    return wording.plain("action", text, suggestions=options, topic=asking["skill"])


def remind(moment: Moment, asked: dict[str, Any], reply: Reply) -> Reply:
    """After something asked in between, ``reply``, the open question is put once more, and only once."""
    context = moment.context
    is_busy = context.pending or context.offered or (context.asking and context.asking is not asked)
    if not asked or asked.get("reminded") or is_busy or moment.conversation.state != State.BOT:
        return reply
    context.asking = {**asked, "times": 1, "reminded": True}
    text = asked.get("text", "")
    return replace(
        reply,
        text=f"{reply.text}\n\n{text}",
        html=reply.html + linebreaks(text, autoescape=True),
        suggestions=tuple(Suggestion(label, sent) for label, sent in asked.get("options", ())),
    )


def confirm(moment: Moment) -> Reply:
    """Do what was proposed, once. The token came with the message, or a typed yes stands for it."""
    context = moment.context
    pending = context.pending
    nonce = _nonce(moment) if moment.confirm else pending.get("nonce", "")
    if context.used.get(nonce) == "done":
        return wording.plain("action", wording.say("done_already", context))
    if not pending or not nonce or nonce != pending.get("nonce"):
        return wording.plain("action", wording.say("expired", context))
    reply = run(moment, pending["skill"], slots=pending["slots"], confirmed=True)
    context.use(nonce, "done")
    return reply


def decline(moment: Moment) -> Reply:
    """Leave everything as it is."""
    moment.context.let_go()
    return wording.plain("action", wording.say("declined", moment.context))


def call_person(moment: Moment, reason: str) -> Reply:
    """Hand over now, and say what happens next."""
    _made, reply = handover.begin(
        moment.conversation,
        moment.context,
        reason=reason,
        emotion=moment.said.emotion,
        contact=next(iter(moment.said.entities.emails), ""),
    )
    return reply


def offer_person(moment: Moment, phrase: str) -> Reply:
    """An honest sentence and the offer of a person; "yes" takes it."""
    context = moment.context
    context.let_go()
    context.offered = True
    return wording.plain("hand_over", wording.say(phrase, context), suggestions=(wording.person(),))


def _call(moment: Moment, slots: Mapping[str, str], confirmed: bool) -> Call:
    return Call(
        subject=moment.subject,
        adapter=moment.adapter,
        profile=moment.profile,
        language=moment.said.language,
        text=moment.said.text,
        entities=moment.said.entities,
        slots=dict(slots),
        context=moment.context.for_skill(),
        confirmed=confirmed,
    )


def _ask(moment: Moment, skill: Skill, ask: Ask) -> Reply:
    moment.context.asking = {
        "skill": skill.name,
        "slot": ask.slot,
        "slots": dict(ask.slots),
        "text": ask.text,
        "options": [[one.label, one.text] for one in ask.options],
        "times": 1,
    }
    return wording.plain("action", ask.text, suggestions=ask.options, cards=ask.cards, topic=skill.name)


def _propose(moment: Moment, skill: Skill, proposal: Propose) -> Reply:
    nonce = secrets.token_urlsafe(12)
    moment.context.pending = {
        "skill": skill.name,
        "slots": dict(proposal.slots),
        "nonce": nonce,
        "fresh": True,
    }
    return wording.plain(
        "action",
        proposal.text,
        suggestions=(Suggestion(_("No"), _("No")),),
        cards=proposal.cards,
        confirm=Confirm(signing.dumps([nonce, _bound(moment)], salt=SALT), proposal.label),
        topic=skill.name,
    )


def _bound(moment: Moment) -> str:
    """What a token is good for: this conversation, this customer, this skill with these slots."""
    pending = moment.context.pending
    parts = [
        str(moment.conversation.pk),
        moment.subject.user_key,
        pending.get("skill"),
        pending.get("slots"),
    ]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _nonce(moment: Moment) -> str:
    """The nonce of the token that was sent; empty when it is forged, too old or made for something else.

    One that was used before is told whatever is pending now, so that a second click can be answered.
    """
    try:
        nonce, bound = signing.loads(moment.confirm, salt=SALT, max_age=settings.CONTEXT_MINUTES * 60)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(nonce) if nonce in moment.context.used or bound == _bound(moment) else ""
