"""What goes in and out: checked on the way in, and the source of the OpenAPI schema."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings as django_settings
from django.utils.translation import get_supported_language_variant, gettext_lazy
from django.utils.translation import gettext as _
from rest_framework import serializers

from ..models import Conversation, Message

MAX_TEXT: Final = 2_000
MAX_COMMENT: Final = 500
MAX_LISTED: Final = 200
MAX_ID: Final = 2**63 - 1
KINDS: Final = ("answer", "action", "clarify", "hand_over", "small_talk", "person")


class TextField(serializers.CharField):
    """Text, and nothing that could be made text: a number is no message."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class LanguageField(TextField):
    """A language code; a variant (``en-GB``, ``zh-CN``) is the site's language nearest to it."""

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        try:
            return get_supported_language_variant(code.lower().replace("_", "-"))
        except LookupError:
            known = ", ".join(code for code, _name in django_settings.LANGUAGES)
            text = _("%(got)s is no language of this site; it has %(known)s.")
            raise serializers.ValidationError(
                text % {"got": code, "known": known}, code="invalid_choice"
            ) from None


class SupportProblemEntry(serializers.Serializer[Any]):
    message = serializers.CharField()
    code = serializers.CharField()


class SupportProblem(serializers.Serializer[Any]):
    """Every error."""

    detail = serializers.CharField()
    code = serializers.CharField()
    errors = serializers.DictField(child=SupportProblemEntry(many=True), required=False)  # type: ignore[assignment]


class SupportSession(serializers.Serializer[Any]):
    csrf_token = serializers.CharField()
    csrf_header = serializers.CharField(help_text=gettext_lazy("The header that the CSRF value is sent in."))
    logged_in = serializers.BooleanField()
    conversation = serializers.UUIDField(
        allow_null=True, help_text=gettext_lazy("What this browser, or the logged-in customer, goes on with.")
    )
    token = serializers.CharField(
        allow_null=True, help_text=gettext_lazy("A guest's, for X-Conversation-Token; an owner needs none.")
    )
    max_length = serializers.IntegerField(help_text=gettext_lazy("The most characters of a message."))


class SupportConversationStart(serializers.Serializer[Any]):
    language = LanguageField(
        required=False, max_length=20, help_text=gettext_lazy("The request's language by default.")
    )


class SupportSuggestion(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField()


class SupportConversationOpened(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    token = serializers.CharField(help_text=gettext_lazy("For X-Conversation-Token; it is shown this once."))
    greeting = serializers.CharField()
    suggestions = SupportSuggestion(many=True)


class SupportMessageSend(serializers.Serializer[Any]):
    text = TextField(max_length=MAX_TEXT)
    id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text=gettext_lazy("The client's own; sent again it gives the same reply, nothing twice."),
    )
    confirm = TextField(
        required=False,
        allow_null=True,
        max_length=MAX_TEXT,
        help_text=gettext_lazy("The token of the change that the customer agrees to."),
    )


class SupportCitation(serializers.Serializer[Any]):
    entry = serializers.CharField()
    question = serializers.CharField()
    url = serializers.CharField(allow_blank=True)


class SupportCardField(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField(allow_blank=True)


class SupportCard(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=("order", "product"))
    title = serializers.CharField()
    url = serializers.CharField(allow_blank=True)
    image = serializers.CharField(allow_blank=True)
    fields = SupportCardField(many=True)  # type: ignore[assignment]


class SupportConfirm(serializers.Serializer[Any]):
    token = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class SupportReply(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text=gettext_lazy("What `after` and feedback take."))
    kind = serializers.ChoiceField(choices=KINDS)
    text = serializers.CharField(allow_blank=True)
    html = serializers.CharField(allow_blank=True)
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    citations = SupportCitation(many=True)
    suggestions = SupportSuggestion(many=True)
    cards = SupportCard(many=True)
    confirm = SupportConfirm(required=False)


class SupportMessageSent(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Conversation.State.values)
    reply = SupportReply(allow_null=True)


class SupportVote(serializers.Serializer[Any]):
    helpful = serializers.BooleanField()
    comment = serializers.CharField(allow_blank=True)


class SupportMessage(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    author = serializers.ChoiceField(choices=Message.Author.values)
    text = serializers.CharField(allow_blank=True)
    html = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    client_id = serializers.UUIDField(allow_null=True)
    reply = SupportReply(allow_null=True)
    feedback = SupportVote(allow_null=True)


class SupportHistoryQuery(serializers.Serializer[Any]):
    """The parameter of the history; what is not named here is ignored."""

    after = serializers.IntegerField(
        min_value=0, max_value=MAX_ID, required=False, default=0, help_text=gettext_lazy("A message's id.")
    )


class SupportHistory(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Conversation.State.values)
    messages = SupportMessage(many=True)
    more = serializers.BooleanField(help_text=gettext_lazy("Whether to ask again at once."))


class SupportHandOverStart(serializers.Serializer[Any]):
    contact = serializers.EmailField(
        required=False,
        allow_blank=True,
        max_length=254,
        help_text=gettext_lazy("Where to answer when the customer has left."),
    )


class SupportHandOver(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text=gettext_lazy("The conversation's."))
    state = serializers.ChoiceField(choices=Conversation.State.values)
    requested_at = serializers.DateTimeField()
    reply = SupportReply(allow_null=True)


class SupportFeedback(serializers.Serializer[Any]):
    helpful = serializers.BooleanField()
    comment = TextField(required=False, allow_blank=True, max_length=MAX_COMMENT, default="")


class SupportFeedbackGiven(SupportVote):
    message = serializers.IntegerField()


class SupportFaqQuery(serializers.Serializer[Any]):
    """The parameters of the FAQ; what is not named here is ignored."""

    q = TextField(
        required=False, allow_blank=True, max_length=MAX_TEXT, help_text=gettext_lazy("A question.")
    )
    lang = LanguageField(
        required=False, max_length=20, help_text=gettext_lazy("The request's language by default.")
    )
    category = TextField(required=False, max_length=80, help_text=gettext_lazy("A category's slug."))
    limit = serializers.IntegerField(
        min_value=1,
        required=False,
        help_text=gettext_lazy("At most 200; 10 by default with a question, else 200."),
    )

    def validate_limit(self, value: int) -> int:
        return min(value, MAX_LISTED)


class SupportFaqCategory(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()


class SupportFaqEntry(serializers.Serializer[Any]):
    entry = serializers.CharField()
    question = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    html = serializers.CharField(allow_blank=True)
    category = SupportFaqCategory(allow_null=True)
    score = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    url = serializers.CharField(allow_blank=True)


class SupportFaq(serializers.Serializer[Any]):
    language = serializers.CharField()
    entries = SupportFaqEntry(many=True)


class SupportConsent(serializers.Serializer[Any]):
    remember = serializers.BooleanField(
        help_text=gettext_lazy("Whether past conversations may teach the bot something of this customer.")
    )


class SupportExportedMessage(serializers.Serializer[Any]):
    author = serializers.ChoiceField(choices=Message.Author.values)
    text = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    topic = serializers.CharField(allow_blank=True)
    emotion = serializers.CharField(allow_blank=True)
    feedback = SupportVote(allow_null=True)


class SupportExportedHandOver(serializers.Serializer[Any]):
    reason = serializers.CharField()
    emotion = serializers.CharField(allow_blank=True)
    summary = serializers.CharField(allow_blank=True)
    order_number = serializers.CharField(allow_blank=True)
    contact = serializers.CharField(allow_blank=True)
    requested_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class SupportExportedConversation(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    language = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=Conversation.State.values)
    emotion = serializers.CharField(allow_blank=True)
    messages = SupportExportedMessage(many=True)
    hand_overs = SupportExportedHandOver(many=True)


class SupportExportedProfile(serializers.Serializer[Any]):
    topics = serializers.DictField(child=serializers.FloatField())
    unsolved = serializers.DictField(child=serializers.CharField())
    emotion_trend = serializers.FloatField()
    language = serializers.CharField(allow_blank=True)
    conversations = serializers.IntegerField()
    updated_at = serializers.DateTimeField()


class SupportExport(serializers.Serializer[Any]):
    conversations = SupportExportedConversation(many=True)
    profile = SupportExportedProfile(allow_null=True)
