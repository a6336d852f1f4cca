"""From the bot to a person and back: the wait, who took it, what was answered, and its end.

One hand-over is open per conversation at most. While it is, the bot is silent and keeps what is said.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from django.db import transaction
from django.db.models import (
    BooleanField,
    Case,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce, Now
from django.utils import timezone, translation
from django.utils.html import escape, linebreaks, urlize
from django.utils.translation import gettext as _

from support_bot.adapters import get_adapter
from support_bot.adapters.vocabulary import in_a_row
from support_bot.models import Conversation, HandOver, Message
from support_bot.signals import handed_over
from support_bot.types import Profile, Reply, Subject

from . import log, mail, wording
from .context import Context, recall, remember
from .guard import attempt
from .masking import clean, email_in
from .summary import summary

logger = logging.getLogger("support_bot.dialogue")

State = Conversation.State
STAFF: Final = "staff"
PRIORITIES: Final = {"anger": 3, "urgency": 2, "worry": 1}


class NotYours(Exception):
    """Somebody else is answering this conversation already; ``staff`` is who."""

    def __init__(self, staff: Any) -> None:
        super().__init__(_("%(staff)s is answering this conversation already.") % {"staff": staff})
        self.staff = staff


def hand_over(
    conversation: Conversation, reason: str = "asked", *, emotion: str = "", contact: str = ""
) -> HandOver:
    """Call a person and tell the customer what happens next; asked again, the open hand-over is returned.

    ``reason``: asked, unanswered, anger, repeated, skill. ``contact`` is an e-mail address for an answer
    after the customer has left. The signal ``handed_over`` and the mail to the agents go out after commit.
    """
    with transaction.atomic():
        log.lock(conversation)
        waiting = open_hand_over(conversation)
        if waiting is not None:
            if contact and contact != waiting.contact:
                waiting.contact = contact
                waiting.save(update_fields=["contact"])
            return waiting
        context = recall(conversation)
        made, reply = begin(conversation, context, reason=reason, emotion=emotion, contact=contact)
        log.bot_message(conversation, reply, language=conversation.language)
        remember(conversation, context)
        conversation.save(update_fields=["context"])
        return made


def begin(
    conversation: Conversation, context: Context, *, reason: str, emotion: str = "", contact: str = ""
) -> tuple[HandOver, Reply]:
    """The hand-over of a locked conversation that has none, and what the customer is told."""
    mood = emotion if emotion not in ("", "neutral") else conversation.emotion
    made = HandOver.objects.create(
        conversation=conversation,
        reason=reason[:24],
        priority=PRIORITIES.get(mood, 0),
        emotion=mood[:8],
        summary=summary(conversation, context, mood),
        order_number=context.order[:60],
        contact=contact,
    )
    conversation.state = State.WAITING
    conversation.save(update_fields=["state"])
    conversation.messages.filter(is_open=True).update(is_open=False)
    context.let_go()
    context.misses = context.angry = 0
    if reason != STAFF:  # whoever joins unasked need not be called
        transaction.on_commit(lambda: _announce(made), robust=True)
    with translation.override(conversation.language or None):
        told = wording.plain(
            "hand_over",
            _what_happens_next(conversation, context, made),
            topic="person",
            suggestions=(wording.back_to_bot(),),
        )
    return made, told


def open_hand_over(conversation: Conversation) -> HandOver | None:
    """The hand-over that has not ended."""
    return conversation.hand_overs.filter(ended_at=None).first()


def take(conversation: Conversation, staff: Any) -> HandOver:
    """``staff`` answers this conversation from now on; the customer is told that a person is here.

    A conversation that nobody asked help for can be taken too. Raises ``NotYours``.
    """
    with transaction.atomic():
        log.lock(conversation)
        return _take(conversation, staff)


def _take(conversation: Conversation, staff: Any) -> HandOver:
    context = recall(conversation)
    waiting = open_hand_over(conversation)
    if waiting is None:
        waiting, _told = begin(conversation, context, reason=STAFF)
        remember(conversation, context)
    if waiting.taken_by_id is not None:
        if waiting.taken_by_id != staff.pk:
            raise NotYours(waiting.taken_by)
        return waiting
    waiting.taken_by, waiting.taken_at = staff, timezone.now()
    waiting.save(update_fields=["taken_by", "taken_at"])
    _become(conversation, State.PERSON, "joined")
    return waiting


def answer_as_person(conversation: Conversation, staff: Any, text: str) -> Message:
    """What a person says to the customer; takes the conversation first where nobody has.

    Raises ``ValueError`` for an empty text and ``NotYours`` when somebody else answers it.
    """
    said = clean(text)
    if not said:
        raise ValueError("An answer needs a text: got an empty one.")
    with transaction.atomic():
        log.lock(conversation)
        taken = _take(conversation, staff)
        if taken.answered_at is None:
            taken.answered_at = timezone.now()
            taken.save(update_fields=["answered_at"])
        html = linebreaks(urlize(escape(said), nofollow=True))
        return log.append(
            conversation,
            author=Message.Author.PERSON,
            staff=staff,
            text=said,
            kind="person",
            payload={"html": html},
            language=conversation.language,
        )


def hand_back(conversation: Conversation, staff: Any = None) -> None:
    """The bot answers again, and says so; without ``staff`` it is the customer who would not wait.

    Nothing happens to a conversation that the bot has.
    """
    with transaction.atomic():
        log.lock(conversation)
        if conversation.state in (State.WAITING, State.PERSON):
            end(conversation)
            _become(conversation, State.BOT, "bot_again")


def go_back(conversation: Conversation, message: Message) -> None:
    """The customer would rather ask the bot than wait; ``message`` says so and this is the reply to it."""
    with transaction.atomic():
        log.lock(conversation)
        if conversation.state == State.WAITING:
            end(conversation)
            _become(conversation, State.BOT, "bot_again", reply_to=message)


def keep_contact(conversation: Conversation, text: str) -> None:
    """An e-mail address that is written to a person (of a locked conversation) is where to answer."""
    address = email_in(text)
    if address:
        conversation.hand_overs.filter(ended_at=None).update(contact=address)


def close(conversation: Conversation, staff: Any = None) -> None:
    """The matter is settled; should the customer write again, the bot answers."""
    with transaction.atomic():
        log.lock(conversation)
        if conversation.state != State.CLOSED:
            end(conversation)
            _become(conversation, State.CLOSED, "closed")


def end(conversation: Conversation) -> None:
    """End the open hand-over of a locked conversation, if there is one."""
    conversation.hand_overs.filter(ended_at=None).update(ended_at=timezone.now())


def profile_of(conversation: Conversation) -> Profile | None:
    """What the shop knows of the customer, for the person who answers; None for a guest."""
    if not conversation.user_key:
        return None

    def read() -> Profile | None:
        adapter = get_adapter()
        subject = adapter.subject_for(conversation.user_key)
        return adapter.profile(subject) if subject.user_key is not None else None

    return attempt("Reading a profile", read, None)


def _become(conversation: Conversation, state: str, phrase: str, **fields: Any) -> None:
    """Change the state of a locked conversation, and tell the customer."""
    context = recall(conversation)
    with translation.override(conversation.language or None):
        told = wording.plain("small_talk", wording.say(phrase, context))
    conversation.state = state
    context.let_go()
    context.misses = context.angry = 0
    remember(conversation, context)
    conversation.save(update_fields=["state", "context"])
    log.bot_message(conversation, told, language=conversation.language, **fields)


def _what_happens_next(conversation: Conversation, context: Context, made: HandOver) -> str:
    parts = [wording.say("handed_over", context)]
    adapter = get_adapter()
    subject = Subject(user_key=conversation.user_key or None, language=conversation.language)
    hours = attempt("Reading the service hours", lambda: str(adapter.service_hours(subject) or ""), "")
    if hours:
        parts.append(wording.say("hours", context, hours=hours))
    if made.contact:
        parts.append(wording.say("mail_kept", context))
    else:
        parts.append(wording.say("mail_known" if conversation.user_key else "mail_wanted", context))
    return in_a_row(*parts)


def _announce(made: HandOver) -> None:
    """The signal and the mail; what fails is logged and nothing else."""
    for receiver, outcome in handed_over.send_robust(sender=HandOver, hand_over=made):
        if isinstance(outcome, Exception):
            logger.error("A receiver of handed_over failed: %r", receiver, exc_info=outcome)
    mail.tell_agents(made)


def inbox() -> QuerySet[HandOver]:
    """The hand-overs that are open, who waits most urgently first.

    Each has ``waiting``, the time from the request to the first answer or until now, and ``is_unanswered``:
    nobody has answered, or the customer spoke last.
    """
    last = Message.objects.filter(conversation=OuterRef("conversation")).exclude(author=Message.Author.BOT)
    return (
        HandOver.objects.filter(ended_at=None)
        .select_related("conversation", "taken_by")
        .annotate(
            waiting=ExpressionWrapper(
                Coalesce("answered_at", Now()) - F("requested_at"), output_field=DurationField()
            ),
            last_author=Subquery(last.order_by("-sequence").values("author")[:1]),
        )
        .annotate(
            is_unanswered=Case(
                When(Q(answered_at=None) | Q(last_author=Message.Author.CUSTOMER), then=True),
                default=False,
                output_field=BooleanField(),
            )
        )
        .order_by("-is_unanswered", "-priority", "requested_at")
    )
