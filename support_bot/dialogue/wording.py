"""What the bot says in its own words: several ways of each, none twice in a row, facts in all of them alike.

A phrase's variants come in turn, so that none is repeated in a conversation before all were used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.conf import settings as django_settings
from django.utils import translation
from django.utils.html import linebreaks
from django.utils.translation import gettext, gettext_noop

from support_bot.types import Emotion, Kind, Reply, Suggestion

from .context import Context

PHRASES: Final[Mapping[str, tuple[str, ...]]] = {
    "hello": (
        gettext_noop("Hello! What can I do for you?"),
        gettext_noop("Hello again! What would you like to know?"),
        gettext_noop("Hi! Ask me about orders, delivery, returns or our products."),
    ),
    "thanks": (
        gettext_noop("You are welcome!"),
        gettext_noop("Glad to help. Anything else?"),
        gettext_noop("My pleasure. I am here if something else comes up."),
    ),
    "bye": (
        gettext_noop("Goodbye, and thank you for your visit!"),
        gettext_noop("See you soon!"),
        gettext_noop("Have a nice day!"),
    ),
    "robot": (
        gettext_noop("I am a computer program, not a person. A person can take over whenever you like."),
        gettext_noop("No human here: I am the shop's bot. Say so if you would rather talk to a person."),
    ),
    "maker": (
        gettext_noop(
            "I am a program that runs in this shop; the people of the shop wrote the answers I give."
        ),
        gettext_noop(
            "The shop set me up with an open-source program, and its staff taught me their answers."
        ),
    ),
    "how_are_you": (
        gettext_noop("Thank you for asking: a program is always well. What can I do for you?"),
        gettext_noop("All my circuits are fine, thank you. How can I help?"),
    ),
    "help": (
        gettext_noop("I answer questions about the shop, look after your orders and call a person for you."),
        gettext_noop("Just ask in your own words. These are some of the things that I can do:"),
        gettext_noop("You can ask about orders, delivery, returns, payment or our products, for example:"),
    ),
    "abuse": (
        gettext_noop("I am sorry that I am not of more help. Shall a person take over?"),
        gettext_noop("I can see that this is frustrating. A person can take over if you like."),
    ),
    "never_mind": (
        gettext_noop("All right, we leave it at that. What else can I do for you?"),
        gettext_noop("No problem, nothing was changed. Is there anything else?"),
        gettext_noop("Fine, forget about it. Ask me whenever something comes up."),
    ),
    "declined": (
        gettext_noop("All right, nothing was changed."),
        gettext_noop("Then everything stays as it is."),
        gettext_noop("Good, I have left it as it was."),
    ),
    "no_offer": (
        gettext_noop("All right. Put your question in other words, or ask me something else."),
        gettext_noop("As you like. What else would you like to know?"),
    ),
    "nothing_open": (
        gettext_noop("What can I do for you?"),
        gettext_noop("Tell me what you would like to know."),
        gettext_noop("I am listening: what is it about?"),
    ),
    "clarify": (
        gettext_noop("Did you mean one of these?"),
        gettext_noop("I am not sure that I understand. Is it one of these?"),
        gettext_noop("Which of these is it about?"),
    ),
    "unknown": (
        gettext_noop("I am afraid I don't know that. Try other words, or let a person answer."),
        gettext_noop("I have no answer to that, and I will not guess. Shall a person take over?"),
        gettext_noop("That is beyond what I know. Would you like to ask a person?"),
    ),
    "again": (
        gettext_noop("That did not tell me. Once more, please:"),
        gettext_noop("I could not make that out. Please try again:"),
    ),
    "sorry": (
        gettext_noop("I am sorry: something went wrong on our side. Shall a person take over?"),
        gettext_noop("Sorry, that did not work, and it is our fault. A person can take over if you like."),
    ),
    "not_now": (gettext_noop("I cannot do that here now. Shall a person take over?"),),
    "expired": (
        gettext_noop("That offer is no longer open. Please ask for it again, and nothing will be lost."),
        gettext_noop("This confirmation has expired and nothing was changed. Please ask for it again."),
    ),
    "done_already": (
        gettext_noop("That has been done already; it is not done twice."),
        gettext_noop("I have done that already, once is enough."),
    ),
    "handed_over": (
        gettext_noop("A person will answer you here, in this window. I stay silent until then."),
        gettext_noop("I have called a person, who will answer right here. From now on I keep quiet."),
    ),
    "hours": (gettext_noop("Our people are here: %(hours)s."),),
    "mail_known": (gettext_noop("If you leave, your answer will be waiting here when you come back."),),
    "mail_wanted": (
        gettext_noop("If you cannot wait, write your e-mail address here and we will answer by mail."),
    ),
    "mail_kept": (gettext_noop("If you leave before that, we will answer to the address you gave."),),
    "joined": (gettext_noop("A person has joined the conversation and will answer you now."),),
    "back_to_bot": (gettext_noop("You are talking to the bot. What can I do for you?"),),
    "bot_again": (
        gettext_noop("You are talking to the bot again. What can I do for you?"),
        gettext_noop("The bot is back. What else would you like to know?"),
    ),
    "closed": (gettext_noop("This conversation has been closed. Write again whenever you need us."),),
}

TONES: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "anger": (
        gettext_noop("I am sorry about the trouble."),
        gettext_noop("I am sorry that this went wrong for you."),
        gettext_noop("That is annoying, and I am sorry."),
    ),
    "worry": (
        gettext_noop("Let us look at it calmly."),
        gettext_noop("I understand your concern."),
        gettext_noop("We will sort this out."),
    ),
    "thanks": (gettext_noop("You are welcome."), gettext_noop("Glad to hear it.")),
    "urgency": (gettext_noop("I will keep it short."), gettext_noop("Straight to the point.")),
}


def say(name: str, context: Context, **values: Any) -> str:
    """The next variant of a phrase in the active language, with ``values`` filled in."""
    text = _next(name, PHRASES[name], context)
    return text % values if values else text


def toned(reply: Reply, emotion: str, context: Context) -> Reply:
    """``reply`` with a sentence before it that answers the customer's mood; not a fact of it changes."""
    variants = TONES.get(emotion)  # type: ignore[call-overload]
    if variants is None or not reply.text:
        return reply
    before = _next(f"tone:{emotion}", variants, context)
    return replace(
        reply, text=f"{before}\n\n{reply.text}", html=linebreaks(before, autoescape=True) + reply.html
    )


def plain(kind: Kind, text: str, **parts: Any) -> Reply:
    """A reply of plain text; its HTML is the same text escaped."""
    return Reply(kind=kind, text=text, html=linebreaks(text, autoescape=True), **parts)


def person() -> Suggestion:
    """The quick reply that calls a person."""
    text = gettext("Talk to a person")
    return Suggestion(text, text)


def back_to_bot() -> Suggestion:
    """The quick reply that ends the wait for a person."""
    text = gettext("Back to the bot")
    return Suggestion(text, text)


def in_all_languages(text: str) -> set[str]:
    """A fixed text of ours as every language of the site has it."""
    found = {text}
    for code, _name in django_settings.LANGUAGES:
        with translation.override(code):
            found.add(gettext(text))
    return found


def _next(name: str, variants: tuple[str, ...], context: Context) -> str:
    times = context.said.get(name, 0)
    context.said[name] = times + 1
    return gettext(variants[times % len(variants)])
