"""A skill: one thing that the bot can do with the customer's own data.

A skill reads what it needs from the adapter, never from what was typed: an order is only ever read through
``adapter.order(subject, number)``. ``run`` gives one of three outcomes: a ``Reply`` when it is done, an
``Ask`` when something is missing, a ``Propose`` before something is changed. See docs/skills.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django.utils.html import format_html, linebreaks

from support_bot.adapters import SupportAdapter
from support_bot.nlu.entities import Entities
from support_bot.types import Kind, Reply

from .calls import Call, Outcome


class Skill:
    """What a host subclasses. ``needs`` are operations of the adapter; without them it is not offered."""

    name: ClassVar[str]
    title: ClassVar[Any]  # a lazy string: what the admin and the menu call it
    examples: ClassVar[Mapping[str, tuple[str, ...]]] = {}  # language -> ways to ask for it
    login: ClassVar[bool] = True  # only for customers who are logged in
    needs: ClassVar[frozenset[str]] = frozenset()
    slots: ClassVar[tuple[str, ...]] = ()

    def available(self, adapter: SupportAdapter) -> bool:
        """Whether this shop has what the skill needs."""
        return self.needs <= adapter.supports()

    def run(self, call: Call) -> Outcome:
        """Do it, ask, or propose. ``NotPossible`` may pass through: its sentence becomes the reply."""
        raise NotImplementedError

    def fill(self, slot: str, text: str, entities: Entities, call: Call) -> str | None:
        """The value of ``slot`` that a message gives; None when it gives none: another question, say.

        Override it for slots of your own; ``call.slots`` holds what is known so far.
        """
        return text.strip() or None

    def reply(
        self, text: str, *, kind: Kind = "action", link: tuple[str, str] | None = None, **parts: Any
    ) -> Reply:
        """A reply of this skill: plain text, a ``(label, url)`` under it, cards or suggestions beside it."""
        html = linebreaks(text, autoescape=True)
        if link is not None and link[1]:
            html += format_html('<p><a href="{}">{}</a></p>', link[1], link[0])
            text = f"{text}\n{link[0]}: {link[1]}"
        return Reply(kind=kind, text=text, html=html, topic=self.name, **parts)

    def nothing(self, text: str, call: Call, *, last: bool = False, **parts: Any) -> Reply:
        """An honest "there is nothing", and the FAQ entry's own answer after it, where there is one.

        ``last`` puts the entry's answer first: it may be all that was asked for.
        """
        said = self.reply(text, kind="answer", **parts)
        if call.fallback is None:
            return said
        pieces = [call.fallback, said] if last else [said, call.fallback]
        return replace(
            call.fallback,
            text="\n\n".join(piece.text for piece in pieces),
            html="".join(piece.html for piece in pieces),
            suggestions=said.suggestions + call.fallback.suggestions,
            cards=said.cards,
            topic=self.name,
        )
