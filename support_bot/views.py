"""The plain pages: the conversation without JavaScript, the customer's own data, and the FAQ.

Each form is posted and answered by a redirect. A visitor's conversation is remembered in the session, where
the widget finds it too; a customer's is found again by who is logged in as well.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

from . import dialogue, pacing, privacy
from . import faq as questions
from .adapters import get_adapter
from .adapters.consent import may_remember
from .dialogue import welcome
from .models import Conversation, Message
from .types import Citation, Reply, Subject

LONGEST_QUERY: Final = 300  # characters that the FAQ is searched for
PEOPLE: Final = (Conversation.State.WAITING, Conversation.State.PERSON)

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is here, and their conversation, if any."""

    subject: Subject
    conversation: Conversation | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Visit:
        subject = get_adapter().subject(request)
        return cls(subject, dialogue.kept(request, subject).conversation)

    def begun(self, request: HttpRequest) -> Conversation:
        """The conversation, opened now where there was none; the browser goes on with it."""
        if self.conversation is not None:
            return self.conversation
        opened = dialogue.open_conversation(self.subject)
        dialogue.keep(request, opened.conversation, opened.token)
        return opened.conversation


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as the page shows it; only the last one still offers its choices."""

    message: Message
    reply: Reply | None
    vote: bool | None
    is_last: bool

    @property
    def sources(self) -> list[Citation]:
        return [one for one in self.reply.citations if one.url] if self.reply else []

    @property
    def may_be_judged(self) -> bool:
        reply = self.reply
        if reply is None or self.message.author != Message.Author.BOT:
            return False
        asks = reply.confirm is not None or bool(reply.suggestions)
        return reply.kind == "answer" or (reply.kind == "action" and not asks)


def private(view: View) -> View:
    """Nobody's cache keeps the page, and it is another one for another cookie.

    Not in the host's transaction under ``ATOMIC_REQUESTS``: a message is accepted, and committed, before it
    is answered.
    """
    return wraps(view)(transaction.non_atomic_requests(never_cache(vary_on_cookie(view))))


@private
@require_safe
def conversation(request: HttpRequest) -> HttpResponse:
    """The conversation so far, and the form to go on with it."""
    return _page(request, Visit.of(request))


@private
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """A message, a quick reply or a yes; the same form sent twice is one message."""
    visit = Visit.of(request)
    typed = request.POST.get("choice") or request.POST.get("text", "")
    text = typed.replace("\r\n", "\n").strip()
    if not text:
        return _page(request, visit, error=_("Please write a message first."), status=400)
    if len(text) > dialogue.MAX_LENGTH:
        error = _("A message has at most %(most)d characters; this one has %(length)d.")
        error = error % {"most": dialogue.MAX_LENGTH, "length": len(text)}
        return _page(request, visit, error=error, text=text, status=400)
    if wait := _seconds_to_wait(request, visit):
        return _too_fast(request, visit, wait, text)
    try:
        dialogue.take_turn(
            visit.begun(request),
            text,
            subject=visit.subject,
            client_id=_uuid(request.POST.get("id", "")),
            confirm=request.POST.get("confirm") or None,
        )
    except Conversation.DoesNotExist:  # erased a moment ago, in another window
        return _page(request, Visit(visit.subject), text=text, status=409)
    return _back()


@private
@require_POST
def vote(request: HttpRequest) -> HttpResponse:
    """Whether a reply of this conversation helped."""
    visit = Visit.of(request)
    number = request.POST.get("message", "")
    found = None
    if visit.conversation is not None and number.isascii() and number.isdecimal() and len(number) < 19:
        found = visit.conversation.messages.filter(pk=int(number), author=Message.Author.BOT).first()
    if found is None:
        raise Http404
    dialogue.give_feedback(found, request.POST.get("helpful") == "yes")
    return _back(f"message-{found.pk}")


@private
@require_POST
def person(request: HttpRequest) -> HttpResponse:
    """The customer asks for a person."""
    visit = Visit.of(request)
    if wait := _seconds_to_wait(request, visit):
        return _too_fast(request, visit, wait)
    dialogue.hand_over(visit.begun(request), "asked")
    return _back()


@private
@require_POST
def restart(request: HttpRequest) -> HttpResponse:
    """Another conversation; the earlier one stays what it is."""
    visit = Visit.of(request)
    if wait := _seconds_to_wait(request, visit):
        return _too_fast(request, visit, wait)
    Visit(visit.subject).begun(request)
    return _back("")


@private
@require_safe
def your_data(request: HttpRequest) -> HttpResponse:
    """What is kept of this customer, to be taken along or erased."""
    visit = Visit.of(request)
    kept, customer = _own_data(visit) or {"conversations": []}, visit.subject.user_key
    context = {
        "visit": visit,
        "count": len(kept["conversations"]),
        "erased": request.GET.get("erased") == "yes",
        "is_remembered": customer is not None and may_remember(customer),
        "objects": customer is not None and privacy.objects(customer),
    }
    return render(request, "support_bot/your_data.html", context)


@private
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """What is kept of this customer, as a JSON file."""
    found = _own_data(Visit.of(request))
    if found is None:
        raise Http404
    text = json.dumps(found, ensure_ascii=False, indent=2, default=str)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="support-conversations.json"'
    return response


@private
@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    """Everything of this customer is erased, as ``DELETE me/`` does."""
    visit = Visit.of(request)
    if visit.subject.user_key is not None:
        privacy.erase(visit.subject.user_key)
    elif visit.conversation is not None:
        privacy.erase_conversation(visit.conversation)
    else:
        raise Http404
    return redirect(f"{reverse('support_bot:your-data')}?erased=yes")


@private
@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """A customer's word on what past conversations may teach the bot, as ``PUT me/consent/`` does."""
    customer = get_adapter().subject(request).user_key
    if customer is None:
        raise Http404
    privacy.consent(customer, remember=request.POST.get("remember") == "yes")
    return redirect(reverse("support_bot:your-data"))


@require_safe
def faq(request: HttpRequest) -> HttpResponse:
    """The FAQ by category, or what a search finds in it; customers also see what is meant for them."""
    subject = get_adapter().subject(request)
    asked = " ".join(request.GET.get("q", "").replace("\0", "").split())
    query, wait = asked[:LONGEST_QUERY], 0
    if query:
        wait = _seconds_to_wait(request, Visit(subject))
    category = request.GET.get("category", "")
    everything = questions.entries(subject)
    listed = [read for read in everything if not category or _slug(read) == category]
    found = listed
    if query:
        found = [] if wait else questions.search(query, subject)
    context = {
        "asked": query,
        "cut_at": LONGEST_QUERY if len(asked) > LONGEST_QUERY else None,
        "wait": wait,
        "category": category,
        "categories": [(slug, title) for slug, title, _reads in questions.by_category(everything) if slug],
        "found": found,
        "shelves": questions.by_category(found),
        "structured": "" if query else questions.structured(found),
    }
    response = render(request, "support_bot/faq.html", context, status=429 if wait else 200)
    if wait:
        response["Retry-After"] = str(wait)
    if wait or subject.user_key is not None:
        patch_cache_control(response, private=True)
    return response


def _page(
    request: HttpRequest, visit: Visit, *, error: str = "", text: str = "", status: int = 200
) -> HttpResponse:
    shown = _shown(visit.conversation, visit.subject)
    greeting, suggestions = ("", ()) if shown else welcome(visit.subject)
    state = visit.conversation.state if visit.conversation else Conversation.State.BOT
    context = {
        "visit": visit,
        "shown": shown,
        "greeting": greeting,
        "suggestions": suggestions,
        "state": state,
        "with_person": state in PEOPLE,
        "error": error,
        "text": text,
        "id": uuid.uuid4(),
        "max_length": dialogue.MAX_LENGTH,
    }
    return render(request, "support_bot/page.html", context, status=status)


def _too_fast(request: HttpRequest, visit: Visit, wait: int, text: str = "") -> HttpResponse:
    error = _("That was fast. Please wait %(seconds)d seconds before the next message.") % {"seconds": wait}
    response = _page(request, visit, error=error, text=text, status=429)
    response["Retry-After"] = str(wait)
    return response


def _shown(conversation: Conversation | None, subject: Subject) -> list[Shown]:
    if conversation is None:
        return []
    messages = list(dialogue.messages_after(conversation, subject=subject))
    return [
        Shown(
            message,
            None if message.author == Message.Author.CUSTOMER else dialogue.stored_reply(message),
            message.feedback.helpful if hasattr(message, "feedback") else None,
            message is messages[-1],
        )
        for message in messages
    ]


def _back(anchor: str = "latest") -> HttpResponse:
    page = reverse("support_bot:page")
    return redirect(f"{page}#{anchor}" if anchor else page)


def _seconds_to_wait(request: HttpRequest, visit: Visit) -> int:
    session = getattr(request, "session", None)
    return pacing.seconds_to_wait(
        {
            "conversation": str(visit.conversation.pk) if visit.conversation else "",
            "visitor": visit.subject.user_key or getattr(session, "session_key", None) or "",
            "address": request.META.get("REMOTE_ADDR", ""),
        }
    )


def _own_data(visit: Visit) -> dict[str, Any] | None:
    if visit.subject.user_key is not None:
        return privacy.export(visit.subject.user_key)
    return None if visit.conversation is None else privacy.export_conversation(visit.conversation)


def _slug(read: questions.Read) -> str:
    return read.entry.category.slug if read.entry.category else ""


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
