"""Conversations, their messages, what customers thought of them, and the waits for a person."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Conversation(models.Model):
    """A conversation belongs to a logged-in customer or to whoever holds its token, of which we keep a hash.

    ``context`` is what the next message may refer to (topic, order, product, a slot being asked for).
    ``next_sequence`` numbers the messages: two at once are answered in order.
    """

    class State(models.TextChoices):
        BOT = "bot", _("the bot answers")
        WAITING = "waiting", _("waiting for a person")
        PERSON = "person", _("a person answers")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    user_key = models.CharField(_("user key"), max_length=64, blank=True, db_index=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    state = models.CharField(
        pgettext_lazy("conversation", "state"),
        max_length=8,
        choices=State.choices,
        default=State.BOT,
        db_index=True,
    )
    context = models.JSONField(default=dict, blank=True, editable=False)
    next_sequence = models.PositiveIntegerField(default=1, editable=False)
    emotion = models.CharField(_("emotion"), max_length=8, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False, db_index=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)
    last_message_at = models.DateTimeField(_("last message"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-last_message_at"]
        permissions = [("answer_conversation", _("Can answer customers in conversations"))]

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    """One message. ``text`` is stored with e-mail addresses, phone and card numbers masked."""

    class Author(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        BOT = "bot", _("bot")
        PERSON = "person", pgettext_lazy("conversation", "person")

    conversation = models.ForeignKey(
        Conversation, verbose_name=_("conversation"), on_delete=models.CASCADE, related_name="messages"
    )
    sequence = models.PositiveIntegerField(_("sequence"))
    author = models.CharField(_("author"), max_length=8, choices=Author.choices)
    client_id = models.UUIDField(null=True, blank=True, editable=False)  # the client's own id of a message
    reply_to = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="reply", editable=False
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("answered by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    text = models.TextField(_("text"))
    # Of a reply: its kind and the rest of what API.md calls `reply`.
    kind = models.CharField(_("kind"), max_length=12, blank=True, db_index=True)
    payload = models.JSONField(default=dict, blank=True, editable=False)
    confidence = models.FloatField(_("confidence"), null=True, blank=True)
    topic = models.CharField(_("topic"), max_length=80, blank=True, db_index=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    emotion = models.CharField(_("emotion"), max_length=8, blank=True)
    milliseconds = models.FloatField(_("response time"), null=True, blank=True)
    build = models.ForeignKey(
        "KnowledgeBuild",
        verbose_name=_("build"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # A customer's message that the bot still owes a reply; not set for what is said to a person.
    is_open = models.BooleanField(default=False, editable=False)
    # Of a customer's question that got no answer: a manager has dealt with it.
    is_handled = models.BooleanField(_("dealt with"), default=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["conversation", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "sequence"], name="concierge_support_sequence"),
            models.UniqueConstraint(fields=["conversation", "client_id"], name="concierge_support_client_id"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Feedback(models.Model):
    """Whether a reply helped; a second vote replaces the first."""

    message = models.OneToOneField(
        Message, verbose_name=_("message"), on_delete=models.CASCADE, related_name="feedback"
    )
    helpful = models.BooleanField(_("helpful"))
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")

    def __str__(self) -> str:
        return str(self.helpful)


class HandOver(models.Model):
    """A wait for a person, from the request to the end; ``summary`` is what that person reads first."""

    conversation = models.ForeignKey(
        Conversation, verbose_name=_("conversation"), on_delete=models.CASCADE, related_name="hand_overs"
    )
    reason = models.CharField(_("reason"), max_length=24)  # asked, unanswered, anger, repeated, skill
    priority = models.PositiveSmallIntegerField(_("priority"), default=0, db_index=True)
    emotion = models.CharField(_("emotion"), max_length=8, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    order_number = models.CharField(pgettext_lazy("purchase", "order"), max_length=60, blank=True)
    contact = models.EmailField(pgettext_lazy("conversation", "contact"), blank=True)
    requested_at = models.DateTimeField(_("requested at"), default=timezone.now, db_index=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
    )
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("first answer at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(ended_at=None),
                name="concierge_support_one_hand_over",
            )
        ]

    def __str__(self) -> str:
        return str(self.conversation_id)
