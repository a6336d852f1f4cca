"""What the next message may refer to: kept with the conversation as JSON, forgotten after CONTEXT_MINUTES."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from support_bot import skills
from support_bot.conf import settings
from support_bot.models import Conversation

LASTING = ("said", "used")  # what holds for the whole conversation


@dataclass(slots=True)
class Context:
    """``topic`` is the label of what was last answered or done, ``question`` how the FAQ puts it,
    ``category`` the key of its category.

    ``listed``: the orders and products last shown, ``[kind, key]`` in that order. ``options``: the texts of
    "did you mean", with the label that each stands for. ``asking``: the slot that a skill waits for
    (``skill``, ``slot``, ``slots``, ``text``, ``options``, ``times``). ``pending``: the change that waits for
    a yes (``skill``, ``slots``, ``nonce``, ``fresh``); ``used``: the nonces that were answered. ``offered``:
    a person was offered, so that "yes" means one. ``misses`` and ``angry`` count messages in a row, ``said``
    the variants of each wording.
    """

    topic: str = ""
    question: str = ""
    category: int = 0
    order: str = ""
    product: str = ""
    listed: list[list[str]] = field(default_factory=list)
    options: list[dict[str, str]] = field(default_factory=list)
    asking: dict[str, Any] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)
    offered: bool = False
    misses: int = 0
    angry: int = 0
    said: dict[str, int] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)

    def for_skill(self) -> skills.Context:
        """The part that skills know."""
        listed = tuple((one[0], one[1]) for one in self.listed if len(one) == 2)
        return skills.Context(self.order, self.product, listed)  # type: ignore[arg-type]

    def mention(self, mentioned: skills.Context | None) -> None:
        """Take over what a skill talked about."""
        if mentioned is None:
            return
        self.order = mentioned.order or self.order
        self.product = mentioned.product or self.product
        if mentioned.listed:
            self.listed = [list(one) for one in mentioned.listed]

    def let_go(self) -> None:
        """Nothing is asked, proposed or offered any longer."""
        if self.pending:
            self.use(self.pending["nonce"], "dropped")
        self.asking, self.pending, self.options, self.offered = {}, {}, [], False

    def use(self, nonce: str, how: str) -> None:
        """A proposal was answered; the last twenty are remembered."""
        self.used[nonce] = how
        self.used = dict(list(self.used.items())[-20:])


def recall(conversation: Conversation) -> Context:
    """The context, or a new one when it has expired or cannot be read."""
    stored = conversation.context if isinstance(conversation.context, Mapping) else {}
    kinds = {one.name: type(getattr(Context(), one.name)) for one in fields(Context)}
    kept = {
        name: value
        for name, value in stored.items()
        if name in kinds and isinstance(value, kinds[name]) and (name in LASTING or not _is_old(stored))
    }
    return Context(**kept)


def remember(conversation: Conversation, context: Context) -> None:
    """Put it onto the conversation, which the caller saves."""
    conversation.context = {**asdict(context), "at": timezone.now().isoformat()}


def _is_old(stored: Mapping[str, Any]) -> bool:
    at = parse_datetime(stored["at"]) if isinstance(stored.get("at"), str) else None
    return at is None or timezone.now() - at > timedelta(minutes=settings.CONTEXT_MINUTES)
