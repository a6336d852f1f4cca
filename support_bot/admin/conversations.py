"""Conversations in the admin: the list, a read-only transcript, and what they tell (analytics, gaps)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from support_bot.models import Conversation, Entry, HandOver, KnowledgeBuild, Message

from . import analytics, describe, gaps
from .filters import EmotionFilter
from .pages import PagesMixin, with_note
from .transcript import transcript


@admin.register(Conversation)
class ConversationAdmin(PagesMixin, admin.ModelAdmin):
    """What was said; nobody edits it. Deleting one erases it, for whoever has that permission."""

    change_list_template = "admin/concierge_support/conversation_list.html"
    list_display = ("first_words", "state_and_emotion", "questions", "last_message_at")
    list_filter = ("state", "language", ("emotion", EmotionFilter), "is_simulated", "last_message_at")
    list_select_related = ("user",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-last_message_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        return False

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("messages__text", "user_key__exact", f"user__{get_user_model().USERNAME_FIELD}")

    def page_urls(self) -> list[tuple[str, Any, str]]:
        return [
            ("analytics/", require_GET(self.analytics_view), "analytics"),
            ("unanswered/", self.unanswered_view, "unanswered"),
            ("unanswered/assign/", self.assign_view, "assign"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).defer("context")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        inbox = self.url_of(HandOver, "changelist") if self.may(request, "answer_conversation") else ""
        context = {"analytics_url": self.url("analytics"), "unanswered_url": self.url("unanswered")}
        return super().changelist_view(request, {**context, "inbox_url": inbox, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list with what each of its rows begins with, read at once."""
        changelist = super().get_changelist_instance(request)
        listed = list(changelist.result_list)
        keys = [conversation.pk for conversation in listed]
        counted = Message.objects.filter(conversation__in=keys).order_by().values("conversation")
        counts = {
            row["conversation"]: row["n"]
            for row in counted.annotate(n=Count("pk", filter=Q(author=Message.Author.CUSTOMER)))
        }
        opening = Message.objects.filter(
            conversation__in=keys, author=Message.Author.CUSTOMER, sequence__lte=2
        )
        firsts = dict(opening.order_by("-sequence").values_list("conversation", "text"))
        for conversation in listed:
            conversation.first_text = firsts.get(conversation.pk, "")
            conversation.asked = counts.get(conversation.pk, 0)
        changelist.result_list = listed
        return changelist

    @admin.display(description=gettext_lazy("first words, customer"))
    def first_words(self, conversation: Conversation) -> SafeString:
        words = describe.text(getattr(conversation, "first_text", ""), 80)
        simulated = _("simulated") if conversation.is_simulated else ""
        return with_note(words, " · ".join(filter(None, (customer_name(conversation), simulated))))

    @admin.display(description=pgettext_lazy("conversation", "state"), ordering="state")
    def state_and_emotion(self, conversation: Conversation) -> SafeString:
        return with_note(state_badge(conversation), describe.emotion(conversation.emotion))

    @admin.display(description=gettext_lazy("questions"))
    def questions(self, conversation: Conversation) -> int:
        return getattr(conversation, "asked", 0)

    def whole(self) -> QuerySet[Conversation]:
        return Conversation.objects.select_related("user")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require(request, "view_conversation")
        conversation = self.found(object_id)
        hand_overs = conversation.hand_overs.select_related("taken_by").order_by("requested_at")
        context = {
            "conversation": conversation,
            "customer": customer_name(conversation),
            "state": state_badge(conversation),
            "emotion": describe.emotion(conversation.emotion),
            "language": describe.language_name(conversation.language),
            "said": transcript(conversation.messages.all()),
            "hand_overs": [
                {
                    "row": row,
                    "reason": describe.reason(row.reason),
                    "taken_by": describe.user_name(row, "taken_by"),
                }
                for row in hand_overs
            ],
            "hand_over_list": self.url_of(HandOver, "changelist")
            if self.may(request, "answer_conversation")
            else "",
            "may_delete": self.has_delete_permission(request, conversation),
        }
        title = _("Conversation with %s") % customer_name(conversation)
        return self.render(request, "conversation.html", title, **context, **(extra_context or {}))

    def analytics_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request, "view_conversation")
        context = analytics.context(request.GET)
        build_url = (
            self.url_of(KnowledgeBuild, "changelist") if self.may(request, "view_knowledgebuild") else ""
        )
        return self.render(
            request,
            "analytics.html",
            _("What conversations tell"),
            **context,
            unanswered_url=self.url("unanswered"),
            builds_url=build_url,
        )

    def unanswered_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request, "view_conversation")
        if request.method == "POST":
            return gaps.dismiss(self, request)
        return self.render(
            request,
            "unanswered.html",
            _("Questions without an answer"),
            **gaps.context(request.GET),
            entry_add_url=self.url_of(Entry, "add") if self.may(request, "add_entry") else "",
            assign_url=self.url("assign") if self.may(request, "add_phrasing") else "",
        )

    def assign_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request, "view_conversation", "add_phrasing")
        return gaps.assign(self, request)


def customer_name(conversation: Conversation) -> str:
    """The login name, else the key of a customer, else that it is a visitor."""
    name = describe.user_name(conversation, "user")
    if name:
        return name
    return _("customer %s") % conversation.user_key if conversation.user_key else _("a visitor")


def state_badge(conversation: Conversation) -> SafeString:
    """Who has the conversation, as a coloured word."""
    return format_html(
        '<span class="bot-badge bot-{}">{}</span>', conversation.state, conversation.get_state_display()
    )
