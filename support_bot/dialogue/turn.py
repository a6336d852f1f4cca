"""One turn: accept, then understand, recall the context, choose, reply, log.

Accepting is a transaction of its own: what was accepted is never lost. Answering is another one, under the
conversation's lock: messages are answered in order, an action and the reply that tells of it are committed
together or not at all. What a process that died left open is answered with the next message or poll.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import Final

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from support_bot.adapters import get_adapter
from support_bot.models import Conversation, Message
from support_bot.types import Profile, Reply, Subject, Suggestion

from . import handover, log, wording
from .choosing import choose
from .context import Context, recall, remember
from .guard import attempt
from .masking import clean
from .moment import Moment
from .opening import adopt
from .understanding import Understood, key, small_talk, understand

State = Conversation.State
LATE: Final = timedelta(seconds=15)  # what is open for longer is nobody's at work any more
TRIES: Final = 3  # a message that ends the process each time is apologized for at last


@dataclass(frozen=True, slots=True)
class Turn:
    """A message and the reply to it: None while a person has the conversation."""

    message: Message
    reply: Reply | None = None
    reply_message: Message | None = None


def take_turn(
    conversation: Conversation,
    text: str,
    *,
    subject: Subject,
    client_id: uuid.UUID | None = None,
    confirm: str | None = None,
) -> Turn:
    """Accept ``text`` and answer it. The same ``client_id`` again gives the stored reply, nothing twice.

    Call it outside of a transaction (a view under ``ATOMIC_REQUESTS`` is decorated with
    ``non_atomic_requests``), for accepting commits first. No text makes it raise: when answering fails the
    customer gets an apology, and when even that cannot be stored the reply is None and comes later. Only a
    database that cannot be written to raises, before anything was accepted.
    """
    started = perf_counter()
    message = accept(conversation, text, subject=subject, client_id=client_id, confirm=confirm)
    if message.is_open:
        fresh = Fresh(message, clean(text), started)
        attempt("Answering a message", lambda: answer_open(conversation, subject, fresh), None)
    elif conversation.state == State.WAITING and _wants_the_bot(text):
        attempt("Going back to the bot", lambda: handover.go_back(conversation, message), None)
    return _turn(message)


def accept(
    conversation: Conversation,
    text: str,
    *,
    subject: Subject,
    client_id: uuid.UUID | None = None,
    confirm: str | None = None,
) -> Message:
    """Store what a customer said, masked and numbered; committed when this returns.

    A database that gave way to another transaction is asked again. Raises ``Conversation.DoesNotExist`` where
    it has been erased, or somebody else has become its owner, a moment ago.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                log.lock(conversation)
                if not adopt(conversation, subject):
                    raise Conversation.DoesNotExist
                _count_tries(conversation)
                if conversation.state == State.CLOSED:
                    conversation.state = State.BOT
                    conversation.save(update_fields=["state"])
                message = log.customer_message(conversation, text, client_id=client_id, confirm=confirm)
                if conversation.state != State.BOT:
                    handover.keep_contact(conversation, text)
                return message
        except (OperationalError, IntegrityError):
            if not tries_left:
                raise
    raise AssertionError("unreachable")


def answer_pending(conversation: Conversation, *, subject: Subject) -> None:
    """Answer what was accepted and never answered because a process ended in between. Never raises."""
    late = conversation.messages.filter(is_open=True, created_at__lt=timezone.now() - LATE)
    if not late.exists():
        return

    def count() -> None:
        with transaction.atomic():
            log.lock(conversation)
            _count_tries(conversation)

    attempt("Counting tries", count, None)
    attempt("Answering what was left open", lambda: answer_open(conversation, subject), None)


def messages_after(
    conversation: Conversation, after_id: int | None = None, *, subject: Subject | None = None
) -> QuerySet[Message]:
    """The messages after the one of that id, oldest first; all of them without one.

    With ``subject``, what was left open by a process that ended is answered first.
    """
    if subject is not None:
        answer_pending(conversation, subject=subject)
    found = conversation.messages.select_related("feedback").order_by("sequence")
    return found if after_id is None else found.filter(pk__gt=after_id)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The message that was just accepted, as it was typed, and when (``perf_counter``)."""

    message: Message
    text: str
    started: float


def answer_open(conversation: Conversation, subject: Subject, fresh: Fresh | None = None) -> None:
    """Answer every open message in order. What takes long, understanding, is done before the lock is held."""
    people = _People(subject)
    understood = people.understand(fresh.text, conversation.language) if fresh is not None else None
    with transaction.atomic():
        log.lock(conversation)
        for message in list(conversation.messages.filter(is_open=True).order_by("sequence")):
            if conversation.state != State.BOT:
                return
            if fresh is not None and message.pk == fresh.message.pk:
                _answer(conversation, message, people, understood, fresh.started)
            else:
                started = perf_counter()
                said = None
                if _tries(message) <= TRIES:
                    said = people.understand(message.text, conversation.language)
                _answer(conversation, message, people, said, started)


class _People:
    """Who is asking, and the shop's code that knows them; what fails in it is logged."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.adapter = get_adapter()
        self.profile = attempt("Reading a profile", lambda: self.adapter.profile(subject), Profile())

    def understand(self, text: str, language: str) -> Understood | None:
        """None when it could not be done."""
        return attempt(
            "Understanding a message",
            lambda: understand(
                text,
                subject=self.subject,
                profile=self.profile,
                language=language,
            ),
            None,
        )


def _answer(
    conversation: Conversation,
    message: Message,
    people: _People,
    said: Understood | None,
    started: float,
) -> None:
    """Reply to one message of a locked conversation and log it."""
    if said is not None:
        conversation.language = said.language[:12]
        if said.emotion != "neutral":
            conversation.emotion = said.emotion
    with translation.override(conversation.language or None):
        context, reply = _reply(conversation, message, people, said)
    remember(conversation, context)
    conversation.save(update_fields=["context", "language", "emotion"])
    message.is_open = False
    message.language = conversation.language
    message.emotion = said.emotion if said is not None else ""
    message.topic = reply.topic[:80]
    best = said.found.best if said is not None else None
    message.confidence = best.confidence if best is not None else None
    message.save(update_fields=["is_open", "language", "emotion", "topic", "confidence"])
    log.bot_message(
        conversation,
        reply,
        reply_to=message,
        language=conversation.language,
        emotion=message.emotion,
        milliseconds=(perf_counter() - started) * 1000,
        build_id=said.found.build if said is not None else None,
    )


def _reply(
    conversation: Conversation, message: Message, people: _People, said: Understood | None
) -> tuple[Context, Reply]:
    """The context after the message and the reply to it; an apology where anything failed."""
    context = recall(conversation)
    if said is not None:
        moment = Moment(
            conversation=conversation,
            context=context,
            said=said,
            subject=people.subject,
            profile=people.profile,
            adapter=people.adapter,
            confirm=_confirm(message),
        )
        reply = attempt("Choosing a reply", lambda: _chosen(moment), None)
        if reply is not None:
            return context, reply
        _restore(conversation)
        context = recall(conversation)
    context.let_go()
    context.offered = True
    return context, wording.plain("hand_over", wording.say("sorry", context), suggestions=(wording.person(),))


def _chosen(moment: Moment) -> Reply:
    mood, context = moment.said.emotion, moment.context
    context.angry = context.angry + 1 if mood == "anger" else 0
    reply = choose(moment)
    if reply.kind == "small_talk" or mood == "neutral":
        return reply
    if mood in ("anger", "urgency") and moment.conversation.state == State.BOT:
        reply = replace(reply, suggestions=_with_person(reply.suggestions))
    return wording.toned(reply, mood, context)


def _with_person(suggestions: tuple[Suggestion, ...]) -> tuple[Suggestion, ...]:
    person = wording.person()
    return suggestions if person in suggestions else (*suggestions, person)


def _restore(conversation: Conversation) -> None:
    """What was set on the conversation before the failure was undone in the database; undo it here."""
    language, emotion = conversation.language, conversation.emotion
    conversation.refresh_from_db()
    conversation.language, conversation.emotion = language, emotion


def _turn(message: Message) -> Turn:
    reply = Message.objects.filter(reply_to=message).first()
    return Turn(message) if reply is None else Turn(message, log.stored_reply(reply), reply)


def _wants_the_bot(text: str) -> bool:
    typed = key(text)
    return small_talk(text) == "back_to_bot" or any(
        typed == key(one) for one in wording.in_all_languages("Back to the bot")
    )


def _confirm(message: Message) -> str:
    kept = message.payload if isinstance(message.payload, dict) else {}
    return str(kept.get("confirm") or "")


def _count_tries(conversation: Conversation) -> None:
    """Note on what has been open for long that it is tried once more."""
    late = conversation.messages.filter(is_open=True, created_at__lt=timezone.now() - LATE)
    for message in late:
        message.payload = {**message.payload, "tries": _tries(message) + 1}
        message.save(update_fields=["payload"])


def _tries(message: Message) -> int:
    kept = message.payload if isinstance(message.payload, dict) else {}
    return int(kept.get("tries", 0))
