"""Parse, call one function, answer. Each view names its own policy; authentication stays the host's."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import linebreaks
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from .. import dialogue, faq, privacy
from ..adapters.consent import may_remember
from ..models import Conversation, Message
from . import serializers
from .base import TOKEN, ConversationView, View, checked, problems

PAGE: Final = 100  # messages of the history at once
SECONDS: Final = {Conversation.State.PERSON: 2, Conversation.State.WAITING: 5}  # until news may be there
SECONDS_ELSE: Final = 20
ID = OpenApiParameter("id", uuid.UUID, OpenApiParameter.PATH, description="The conversation's.")
MESSAGE_ID = OpenApiParameter(
    "id", int, OpenApiParameter.PATH, description="A reply's, or what it replies to."
)
HELD = OpenApiParameter(TOKEN, str, OpenApiParameter.HEADER, description="Unless the owner is logged in.")


# Made once: each making copies all fields, and validation keeps nothing in them.
CONVERSATION_START, MESSAGE = serializers.SupportConversationStart(), serializers.SupportMessageSend()
HISTORY_QUERY, FAQ_QUERY = serializers.SupportHistoryQuery(), serializers.SupportFaqQuery()
HAND_OVER, FEEDBACK = serializers.SupportHandOverStart(), serializers.SupportFeedback()
CONSENT = serializers.SupportConsent()


class Session(View):
    """What a page that is the same for everyone asks first."""

    @extend_schema(
        operation_id="support_session",
        summary="The CSRF value for a logged-in browser, and the conversation to go on with",
        responses={200: serializers.SupportSession, **problems(401, 403, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        django_request = request._request
        kept = dialogue.kept(django_request, self.subject, token=request.headers.get(TOKEN, ""))
        if kept.conversation is not None:
            _remember(django_request, kept.conversation, kept.token)
        return Response(
            {
                "csrf_token": get_token(django_request),
                "csrf_header": django_settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-"),
                "logged_in": self.subject.user_key is not None,
                "conversation": kept.conversation and kept.conversation.pk,
                "token": kept.token or None,
                "max_length": serializers.MAX_TEXT,
            }
        )


class ConversationList(View):
    @extend_schema(
        operation_id="support_open",
        summary="Open a conversation",
        request=serializers.SupportConversationStart,
        responses={
            201: serializers.SupportConversationOpened,
            **problems(400, 401, 403, 413, 429, 503),
        },
    )
    def post(self, request: Request) -> Response:
        asked = checked(CONVERSATION_START, _optional_body(request))
        opened = dialogue.open_conversation(self.subject, language=asked.get("language"))
        _remember(request._request, opened.conversation, opened.token)
        return Response(
            {
                "id": opened.conversation.pk,
                "token": opened.token,
                "greeting": opened.greeting,
                "suggestions": [{"label": one.label, "text": one.text} for one in opened.suggestions],
            },
            status=status.HTTP_201_CREATED,
        )


class MessageList(ConversationView):
    @extend_schema(
        operation_id="support_messages",
        summary="What was said, and what is new",
        parameters=[ID, HELD, serializers.SupportHistoryQuery],
        responses={200: serializers.SupportHistory, **problems(400, 401, 403, 404, 429, 503)},
    )
    def get(self, request: Request, pk: str) -> Response:
        asked = checked(HISTORY_QUERY, request.query_params.dict())
        messages = list(dialogue.messages_after(self.found, asked["after"], subject=self.subject)[: PAGE + 1])
        seconds = SECONDS.get(Conversation.State(self.found.state), SECONDS_ELSE)
        return Response(
            {
                "id": self.found.pk,
                "state": self.found.state,
                "messages": [_message(message) for message in messages[:PAGE]],
                "more": len(messages) > PAGE,
            },
            headers={"Retry-After": str(seconds)},
        )

    @extend_schema(
        operation_id="support_send",
        summary="Say something, and be answered",
        parameters=[ID, HELD],
        request=serializers.SupportMessageSend,
        responses={
            200: serializers.SupportMessageSent,
            **problems(400, 401, 403, 404, 413, 415, 429, 503),
        },
        examples=[OpenApiExample("question", {"text": "How long does delivery take?"}, request_only=True)],
    )
    def post(self, request: Request, pk: str) -> Response:
        asked = checked(MESSAGE, _body(request))
        try:
            turn = dialogue.take_turn(
                self.found,
                asked["text"],
                subject=self.subject,
                client_id=asked.get("id"),
                confirm=asked.get("confirm"),
            )
        except Conversation.DoesNotExist:  # erased a moment ago
            raise exceptions.NotFound from None
        return Response(
            {"id": turn.message.pk, "state": self.found.state, "reply": _reply(turn.reply_message)}
        )


class HandOver(ConversationView):
    @extend_schema(
        operation_id="support_hand_over",
        summary="Let a person take over",
        parameters=[ID, HELD],
        request=serializers.SupportHandOverStart,
        responses={200: serializers.SupportHandOver, **problems(400, 401, 403, 404, 413, 429, 503)},
    )
    def post(self, request: Request, pk: str) -> Response:
        asked = checked(HAND_OVER, _optional_body(request))
        try:
            made = dialogue.hand_over(self.found, "asked", contact=asked.get("contact", ""))
        except Conversation.DoesNotExist:
            raise exceptions.NotFound from None
        said = self.found.messages.filter(author=Message.Author.BOT, kind="hand_over").last()
        return Response(
            {
                "id": self.found.pk,
                "state": self.found.state,
                "requested_at": made.requested_at,
                "reply": _reply(said),
            }
        )


class MessageFeedback(ConversationView):
    message: Message | None = None

    def conversation_key(self) -> Any:
        key = self.kwargs["pk"]
        if key.isdecimal() and int(key) <= serializers.MAX_ID:
            self.message = Message.objects.select_related("reply").filter(pk=int(key)).first()
        return None if self.message is None else self.message.conversation_id

    @extend_schema(
        operation_id="support_feedback",
        summary="Say whether a reply helped",
        parameters=[MESSAGE_ID, HELD],
        request=serializers.SupportFeedback,
        responses={200: serializers.SupportFeedbackGiven, **problems(400, 401, 403, 404, 413, 415, 429, 503)},
    )
    def post(self, request: Request, pk: str) -> Response:
        asked = checked(FEEDBACK, _body(request))
        reply = self.message
        if reply is not None and reply.author == Message.Author.CUSTOMER:
            reply = getattr(reply, "reply", None)
        if reply is None:
            raise exceptions.NotFound(_("That message has no reply yet."))
        given = dialogue.give_feedback(reply, asked["helpful"], asked["comment"])
        return Response({"message": reply.pk, "helpful": given.helpful, "comment": given.comment})


class Faq(View):
    """The FAQ as this person may read it now."""

    def only_reads(self, request: Request) -> bool:
        return super().only_reads(request) and not request.query_params.get("q")

    @extend_schema(
        operation_id="support_faq",
        summary="The FAQ: ranked for a question, or all of it",
        parameters=[serializers.SupportFaqQuery],
        responses={200: serializers.SupportFaq, **problems(400, 401, 403, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        asked = checked(FAQ_QUERY, request.query_params.dict())
        language = faq.language_read(asked.get("lang"))
        category, question = asked.get("category"), asked.get("q")
        limit = asked.get("limit")
        if question:
            found = faq.search(question, self.subject, language=language, limit=limit or 10)
            if category:
                found = [one for one in found if one.entry.category and one.entry.category.slug == category]
        else:
            found = faq.entries(self.subject, language=language, category=category)
        shown = found[: limit or serializers.MAX_LISTED]
        return Response({"language": language, "entries": [_entry(one, language) for one in shown]})


class Me(View):
    """A customer's own data: all of it for one who is logged in, one conversation for a guest's token."""

    conversation: Conversation | None = None

    def only_reads(self, request: Request) -> bool:
        return False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.subject.user_key is not None:
            return
        if token := request.headers.get(TOKEN):
            self.conversation = dialogue.conversation_by_token(token)
        if self.conversation is None:
            raise exceptions.NotFound

    @extend_schema(
        operation_id="support_export",
        summary="Everything that is kept of this customer",
        parameters=[HELD],
        responses={200: serializers.SupportExport, **problems(401, 403, 404, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        if self.subject.user_key is not None:
            return Response(privacy.export(self.subject.user_key))
        assert self.conversation is not None  # noqa: S101 - for the type checker
        return Response(privacy.export_conversation(self.conversation))

    @extend_schema(
        operation_id="support_erase",
        summary="Erase it, and remember nothing of this customer until they consent again",
        parameters=[HELD],
        request=None,
        responses={204: None, **problems(401, 403, 404, 413, 429, 503)},
    )
    def delete(self, request: Request) -> Response:
        if self.subject.user_key is not None:
            privacy.erase(self.subject.user_key)
        elif self.conversation is not None:
            privacy.erase_conversation(self.conversation)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Consent(View):
    """Whether a dialogue profile is made of this customer: their own word, and the shop's."""

    def only_reads(self, request: Request) -> bool:
        return False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.subject.user_key is None:
            raise exceptions.NotFound

    @extend_schema(
        operation_id="support_consent",
        summary="Whether the bot may learn from this customer's conversations",
        responses={200: serializers.SupportConsent, **problems(401, 403, 404, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        return self._told()

    @extend_schema(
        operation_id="support_give_consent",
        summary="Object to it, or take the objection back",
        request=serializers.SupportConsent,
        responses={200: serializers.SupportConsent, **problems(400, 401, 403, 404, 413, 415, 429, 503)},
    )
    def put(self, request: Request) -> Response:
        asked = checked(CONSENT, _body(request))
        privacy.consent(str(self.subject.user_key), remember=asked["remember"])
        return self._told()

    def _told(self) -> Response:
        return Response({"remember": may_remember(str(self.subject.user_key))})


def _remember(request: HttpRequest, conversation: Conversation, token: str) -> None:
    """In the session of a browser, for the plain page; a client that keeps no cookies is given none."""
    if request.COOKIES:
        dialogue.keep(request, conversation, token)


def _body(request: Request) -> Any:
    """What was sent; nothing at all is an object without fields."""
    return request.data if request.data is not None else {}


def _optional_body(request: Request) -> Any:
    """The same where nothing needs to be sent: what is no JSON, such as an empty form, says nothing."""
    try:
        return _body(request)
    except exceptions.UnsupportedMediaType:
        return {}


def _reply(message: Message | None) -> dict[str, Any] | None:
    return None if message is None else {"id": message.pk, **dialogue.reply_as_dict(message)}


def _message(message: Message) -> dict[str, Any]:
    is_customer = message.author == Message.Author.CUSTOMER
    reply = None if is_customer else _reply(message)
    return {
        "id": message.pk,
        "author": message.author,
        "text": message.text,
        "html": linebreaks(message.text, autoescape=True) if reply is None else reply["html"],
        "created_at": message.created_at,
        "client_id": message.client_id,
        "reply": reply,
        "feedback": privacy.vote(message),
    }


def _entry(read: faq.Read, language: str) -> dict[str, Any]:
    category = read.entry.category
    return {
        "entry": read.entry.slug,
        "question": read.entry.question,
        "text": read.answer.text,
        "html": read.answer.html,
        "category": category and {"slug": category.slug, "title": category.title(language)},
        "score": read.score,
        "url": read.url,
    }
