"""The inbox: customers who wait for a person, what that person should know first, and the reply."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from support_bot import dialogue
from support_bot.adapters import get_adapter
from support_bot.adapters.vocabulary import as_day, as_money
from support_bot.models import Conversation, DialogueProfile, HandOver
from support_bot.types import Order, Profile, Subject

from . import describe
from .conversations import customer_name, state_badge
from .filters import EmotionFilter, ReasonFilter
from .pages import PagesMixin, with_note
from .transcript import topic_titles, transcript

logger = logging.getLogger(__name__)

ANSWER = "answer_conversation"


class ReplyForm(forms.Form):
    """What the person writes; plain text."""

    text = forms.CharField(
        label=gettext_lazy("Your reply"),
        max_length=dialogue.MAX_LENGTH,
        widget=forms.Textarea({"rows": 4, "cols": 60}),
        error_messages={"required": gettext_lazy("Write something first.")},
    )


class OpenFilter(admin.SimpleListFilter):
    """Open hand-overs, unless those that have ended are asked for."""

    title = pgettext_lazy("conversation", "state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", gettext_lazy("not answered yet")),
            ("ended", gettext_lazy("ended")),
            ("all", gettext_lazy("all")),
        ]

    def choices(self, changelist: Any) -> Any:
        chosen = list(super().choices(changelist))
        yield {**next(iter(chosen)), "display": pgettext("hand-over", "open")}
        yield from chosen[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "waiting":
            return queryset.filter(rank=0)
        if self.value() == "ended":
            return queryset.filter(ended_at__isnull=False)
        return queryset if self.value() == "all" else queryset.filter(ended_at=None)


@admin.register(HandOver)
class HandOverAdmin(PagesMixin, admin.ModelAdmin):
    """Waiting customers first, the most urgent before the longest wait; nothing here is edited by hand."""

    change_list_template = "admin/concierge_support/inbox.html"
    list_display = ("who", "waiting", "why", "feeling", "order_number", "owner")
    list_filter = (
        OpenFilter,
        ("reason", ReasonFilter),
        ("emotion", EmotionFilter),
        "conversation__is_simulated",
    )
    list_select_related = ("conversation", "conversation__user", "taken_by")
    list_per_page = 50
    search_fields = ("order_number", "summary", "conversation__user_key__exact")
    show_full_result_count = False
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, ANSWER)

    def has_view_permission(self, request: HttpRequest, obj: HandOver | None = None) -> bool:
        return self.may(request, ANSWER)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HandOver | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HandOver | None = None) -> bool:
        return False

    def page_urls(self) -> list[tuple[str, Any, str]]:
        return [
            ("waiting/", require_GET(self.waiting_view), "waiting"),
            ("<int:pk>/transcript/", require_GET(self.transcript_view), "transcript"),
            ("<int:pk>/take/", require_POST(self.take_view), "take"),
            ("<int:pk>/reply/", require_POST(self.reply_view), "reply"),
            ("<int:pk>/hand-back/", require_POST(self.hand_back_view), "hand_back"),
            ("<int:pk>/close/", require_POST(self.close_view), "close"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[HandOver]:
        return ranked(HandOver.objects.all()).defer("conversation__context")

    def get_ordering(self, request: HttpRequest) -> Any:
        return ["rank", "-priority", "requested_at"]

    # The list

    @admin.display(description=gettext_lazy("customer"))
    def who(self, hand_over: HandOver) -> SafeString:
        simulated = _("simulated") if hand_over.conversation.is_simulated else ""
        summary = describe.text(hand_over.summary, 120) if hand_over.summary else ""
        note = " · ".join(filter(None, (simulated, summary)))
        return with_note(customer_name(hand_over.conversation), note)

    @admin.display(description=gettext_lazy("waiting"), ordering="requested_at")
    def waiting(self, hand_over: HandOver) -> SafeString:
        code, label = wait_state(hand_over)
        badge = format_html('<span class="bot-badge bot-{}">{}</span>', code, label)
        return with_note(badge, wait_words(hand_over))

    @admin.display(description=gettext_lazy("reason"), ordering="reason")
    def why(self, hand_over: HandOver) -> str:
        return describe.reason(hand_over.reason)

    @admin.display(description=gettext_lazy("emotion"), ordering="priority")
    def feeling(self, hand_over: HandOver) -> str:
        return describe.emotion(hand_over.emotion) or describe.DASH

    @admin.display(description=pgettext_lazy("member of staff", "with"), ordering="taken_by")
    def owner(self, hand_over: HandOver) -> str:
        return describe.user_name(hand_over, "taken_by") or describe.DASH

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"queue": queue(), "waiting_url": self.url("waiting")}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def waiting_view(self, request: HttpRequest) -> HttpResponse:
        """The queue in a sentence, for the script that keeps the list's head fresh."""
        self.require(request, ANSWER)
        return self._part(request, "queue.html", queue=queue())

    # One hand-over

    def whole(self) -> QuerySet[HandOver]:
        rows = ranked(HandOver.objects.all())
        return rows.select_related("conversation", "conversation__user", "taken_by")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require(request, ANSWER)
        return self._page(request, self.found(object_id), ReplyForm())

    def transcript_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The messages alone, for the script that keeps them fresh while a reply is being written."""
        self.require(request, ANSWER)
        hand_over = self.found(pk)
        return self._part(request, "said.html", said=transcript(hand_over.conversation.messages.all()))

    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request, ANSWER)
        hand_over = self.found(pk)
        if hand_over.ended_at is not None:
            self.message_user(request, _("This hand-over has ended already."), messages.WARNING)
            return redirect(self.url("change", pk))
        try:
            dialogue.take(hand_over.conversation, request.user)
        except dialogue.NotYours as refused:
            self.message_user(request, str(refused), messages.WARNING)
        else:
            self.log_change(request, hand_over, _("Taken."))
            words = _("You have the conversation now; the bot is silent.")
            self.message_user(request, words, messages.SUCCESS)
        return redirect(self.url("change", pk))

    def reply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a reply; whoever replies to a customer that nobody has taken takes them by it."""
        self.require(request, ANSWER)
        hand_over = self.found(pk)
        form = ReplyForm(request.POST)
        if not form.is_valid():
            return self._page(request, hand_over, form)
        if hand_over.ended_at is not None:
            self.message_user(
                request, _("This hand-over has ended: the bot has the conversation."), messages.WARNING
            )
            return self._page(request, hand_over, form)
        try:
            dialogue.answer_as_person(hand_over.conversation, request.user, form.cleaned_data["text"])
        except dialogue.NotYours as refused:
            self.message_user(request, str(refused), messages.WARNING)
            return self._page(request, self.found(pk), form)  # what was written is not lost
        self.message_user(request, _("Your reply is sent."), messages.SUCCESS)
        return redirect(self.url("change", pk))

    def hand_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request, ANSWER)
        hand_over = self.found(pk)
        if self._is_mine_or_free(request, hand_over):
            dialogue.hand_back(hand_over.conversation, request.user)
            self.log_change(request, hand_over, _("Handed back to the bot."))
            self.message_user(request, _("The bot has the conversation again."), messages.SUCCESS)
        return redirect(self.url("changelist"))

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request, ANSWER)
        hand_over = self.found(pk)
        if self._is_mine_or_free(request, hand_over):
            dialogue.close(hand_over.conversation, request.user)
            self.log_change(request, hand_over, _("Closed."))
            self.message_user(request, _("The conversation is closed."), messages.SUCCESS)
        return redirect(self.url("changelist"))

    # Private helpers

    def _part(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        response = TemplateResponse(request, f"admin/concierge_support/{template}", context)
        response["Cache-Control"] = "private, no-store"
        return response

    def _page(self, request: HttpRequest, hand_over: HandOver, form: ReplyForm) -> HttpResponse:
        conversation = hand_over.conversation
        code, label = wait_state(hand_over)
        taken_by = describe.user_name(hand_over, "taken_by")
        is_open = hand_over.ended_at is None
        mine = hand_over.taken_by_id == request.user.pk
        conversation_url = self.url_of(Conversation, "change", conversation.pk)
        return self.render(
            request,
            "hand_over.html",
            _("Hand-over: %s") % customer_name(conversation),
            hand_over=hand_over,
            conversation=conversation,
            conversation_url=conversation_url if self.may(request, "view_conversation") else "",
            state=state_badge(conversation),
            wait_code=code,
            wait_label=label,
            wait=wait_words(hand_over),
            reason=describe.reason(hand_over.reason),
            emotion=describe.emotion(hand_over.emotion),
            language=describe.language_name(conversation.language),
            taken_by=taken_by,
            is_open=is_open,
            mine=mine,
            may_take=is_open and hand_over.taken_by_id is None,
            form=form,
            said=transcript(conversation.messages.all()),
            **person(conversation, hand_over.order_number),
        )

    def _is_mine_or_free(self, request: HttpRequest, hand_over: HandOver) -> bool:
        if hand_over.ended_at is not None:
            self.message_user(request, _("This hand-over has ended already."), messages.WARNING)
            return False
        if hand_over.taken_by_id not in (None, request.user.pk):
            name = describe.user_name(hand_over, "taken_by")
            self.message_user(request, _("%s has this conversation.") % name, messages.WARNING)
            return False
        return True


def ranked(rows: QuerySet[HandOver]) -> QuerySet[HandOver]:
    """``rows`` with ``rank``: 0 the customer waits for words of a person, 1 answered so far, 2 ended."""
    waiting: QuerySet[Any] = dialogue.inbox()
    unanswered = waiting.filter(is_unanswered=True).order_by().values("pk")
    rank = Case(
        When(ended_at__isnull=False, then=Value(2)),
        When(pk__in=unanswered, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return rows.annotate(rank=rank)


def queue() -> dict[str, Any]:
    """How many wait, how long the longest has, how many are being answered; one query."""
    inbox: QuerySet[Any] = dialogue.inbox()
    rows = inbox.order_by().values_list("requested_at", "is_unanswered")
    waiting = [at for at, is_unanswered in rows if is_unanswered]
    words = ngettext("%d customer is waiting", "%d customers are waiting", len(waiting)) % len(waiting)
    longest = describe.duration(timezone.now() - min(waiting)) if waiting else ""
    return {
        "waiting": len(waiting),
        "words": words,
        "longest": longest,
        "answering": len(rows) - len(waiting),
    }


def wait_state(hand_over: HandOver) -> tuple[str, str]:
    """A badge: waiting, taken but not answered, being answered, ended with or without an answer."""
    if hand_over.ended_at is not None:
        return ("closed", _("ended")) if hand_over.answered_at else ("bad", _("ended without an answer"))
    if hand_over.answered_at is not None:
        has_written = getattr(hand_over, "rank", 1) == 0
        return ("waiting", _("has written again")) if has_written else ("person", _("being answered"))
    return ("taken", _("taken, no answer yet")) if hand_over.taken_at else ("waiting", _("waiting"))


def wait_words(hand_over: HandOver) -> str:
    """How long the customer has waited, or did until the first answer."""
    end = hand_over.answered_at or hand_over.ended_at or timezone.now()
    return describe.duration(end - hand_over.requested_at)


def person(conversation: Conversation, order_number: str) -> dict[str, Any]:
    """Whom one talks to, as the adapter knows them: profile, the order in question, habits from before."""
    found: dict[str, Any] = {"profile": [], "order": None, "habits": [], "trouble": ""}
    if not conversation.user_key:
        return found
    try:
        adapter = get_adapter()
        subject = adapter.subject_for(conversation.user_key)
        order = adapter.order(subject, order_number) if order_number else _latest(adapter, subject)
        found |= {"profile": _profile(adapter.profile(subject)), "order": _order(order) if order else None}
    except Exception:  # whatever a host's adapter raises, the customer is answered
        logger.exception("The adapter could not tell who the customer is")
        found["trouble"] = _("The shop could not be asked who this is; the server's log says why.")
    known = DialogueProfile.objects.filter(user_key=conversation.user_key).first()
    if known is not None:
        found["habits"] = _habits(known)
        found["habits_simulated"] = known.is_simulated
    return found


def _latest(adapter: Any, subject: Subject) -> Order | None:
    return next(iter(adapter.orders(subject, 1)), None)


def _profile(profile: Profile) -> list[tuple[str, str]]:
    pairs = [
        (pgettext("person", "Name"), profile.full_name or profile.first_name),
        (_("E-mail"), profile.email),
        (_("Country"), profile.country),
        (_("Orders"), describe.figure(profile.orders)),
        (
            _("Loyalty points"),
            "" if profile.loyalty_points is None else describe.figure(profile.loyalty_points),
        ),
        (_("Customer since"), as_day(profile.customer_since)),
        (_("Interests"), ", ".join(map(str, profile.interests))),
    ]
    return [(name, value) for name, value in pairs if value]


def _order(order: Order) -> dict[str, Any]:
    pairs = [
        (_("Status"), str(order.status_label)),
        (_("Placed"), describe.moment(order.placed_at)),
        (_("Total"), as_money(order.total, order.currency)),
        (_("Promised for"), as_day(order.promised_for)),
        (pgettext("day", "Delivered"), describe.moment(order.delivered_at) if order.delivered_at else ""),
    ]
    return {
        "number": order.number,
        "facts": [(name, value) for name, value in pairs if value],
        "lines": [f"{line.quantity} × {line.title}" for line in order.lines[:20]],
    }


def _habits(known: DialogueProfile) -> list[tuple[str, str]]:
    topics = sorted(
        describe.mapping(known.topics).items(), key=lambda pair: -(describe.number(pair[1]) or 0.0)
    )[:5]
    unsolved = list(describe.mapping(known.unsolved))[:5]
    titles = topic_titles([*(topic for topic, _weight in topics), *unsolved])
    trend = describe.number(known.emotion_trend) or 0.0
    mood = _("thankful of late") if trend > 0.3 else _("angry of late") if trend < -0.3 else ""
    pairs = [
        (_("Conversations before"), describe.figure(known.conversations)),
        (_("Asks about"), ", ".join(titles.get(topic, topic) for topic, _weight in topics)),
        (_("Left unsolved"), ", ".join(titles.get(topic, topic) for topic in unsolved)),
        (_("Mood"), mood),
    ]
    return [(name, value) for name, value in pairs if value]
