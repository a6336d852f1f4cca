"""What skills about an order share: finding out which of the customer's orders is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from django.utils.translation import gettext as _

from support_bot.adapters import plain_number
from support_bot.adapters.vocabulary import as_day, in_a_row
from support_bot.nlu.entities import Entities
from support_bot.types import Order, Reply, Suggestion

from .base import Skill
from .calls import Ask, Call
from .cards import order_card
from .picking import picked

LATEST: Final = 10  # orders looked at
OFFERED: Final = 5  # orders offered to choose from
_NEWEST: Final = re.compile(
    r"\b(last|latest|newest|most recent|previous)\b|最近|最新|上次|上一|上回|刚才", re.IGNORECASE
)

_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


class OrderSkill(Skill):
    """A skill with the slot ``order``, the number of one of the customer's own orders."""

    needs = frozenset({"orders"})
    slots: ClassVar[tuple[str, ...]] = ("order",)

    def choose(
        self,
        call: Call,
        *,
        suits: Callable[[Order], bool],
        ask: str,
        none: str,
        operation: str = "",
        else_latest: bool = False,
    ) -> Order | Reply | Ask:
        """The order that is meant; else a reply that there is none, or the question which one.

        An order that the customer named is given whether it ``suits`` or not. ``none`` is said where no order
        suits; with ``operation``, also why the latest one does not; with ``else_latest`` the latest is meant.
        """
        number = call.slots.get("order") or _named(call)
        if number:
            return call.adapter.order(call.subject, number) or self.not_found(call, number)
        orders = call.adapter.orders(call.subject, LATEST)
        if (written := _written(call.text, orders)) is not None:
            return written
        suiting = [order for order in orders if suits(order)]
        if not suiting and orders and else_latest:
            return orders[0]
        if not suiting:
            return self._none(call, none, orders[0] if orders and operation else None, operation)
        if call.entities.other and [order.number for order in suiting] == [call.context.order]:
            return self._no_other(call, orders, else_latest)
        meant = _meant(call, orders, suiting)
        return meant or self.ask_which(call, ask, suiting)

    def ask_which(self, call: Call, text: str, orders: Sequence[Order]) -> Ask:
        """Which of ``orders``?"""
        offered = orders[:OFFERED]
        call.mention(listed=offered)
        options = tuple(Suggestion(_option(order), order.number) for order in offered)
        return Ask("order", text, options, tuple(map(order_card, offered)), dict(call.slots))

    def not_found(self, call: Call, number: str) -> Reply:
        """There is none of this customer's: the same words for one that never was and for another's."""
        orders = call.adapter.orders(call.subject, OFFERED)
        call.mention(listed=orders)
        text = _("I can find no order %(number)s in your account.") % {"number": number[:40]}
        if orders:
            text = in_a_row(text, _("These are your latest orders:"))
        return self.reply(text, cards=tuple(map(order_card, orders)))

    def refused(self, call: Call, order: Order, operation: str) -> Reply:
        """The shop's own sentence why ``operation`` is not possible with ``order``."""
        call.mention(order=order)
        return self.reply(call.adapter.refusal(call.subject, order, operation), cards=(order_card(order),))

    def fill(self, slot: str, text: str, entities: Entities, call: Call) -> str | None:
        """The order's number, from a number, a part of it or "the second one"; anything else is no answer."""
        if slot != "order":
            return super().fill(slot, text, entities, call)
        if numbers := entities.order_numbers:
            return str(numbers[0])
        orders = call.adapter.orders(call.subject, LATEST)
        if (named := _written(text, orders)) is not None:
            return named.number
        typed = plain_number(text)
        if len(typed) >= 3 and (begun := [one for one in orders if plain_number(one.number).endswith(typed)]):
            return begun[0].number
        listed = _listed(call) or [order.number for order in orders[:OFFERED]]
        if (number := picked(listed, entities, call.context.order)) is not None:
            return number
        return listed[0] if listed and _NEWEST.search(text) else None

    def _no_other(self, call: Call, orders: Sequence[Order], else_latest: bool) -> Order | Reply:
        """Beside the one talked about none suits."""
        others = [order for order in orders if order.number != call.context.order]
        if others and else_latest:
            return others[0]
        return self.reply(
            _("There is no other order for that."), cards=tuple(map(order_card, others[:OFFERED]))
        )

    def _none(self, call: Call, text: str, latest: Order | None, operation: str) -> Reply:
        if latest is None:
            return self.nothing(text, call)
        call.mention(order=latest)
        why = call.adapter.refusal(call.subject, latest, operation)
        text = _("%(none)s Your latest order is %(number)s: %(why)s") % {
            "none": text,
            "number": latest.number,
            "why": why,
        }
        return self.reply(text, cards=(order_card(latest),))


def _named(call: Call) -> str | None:
    """The number in the message, or the one it points at: "the second one", "the other order"."""
    if numbers := call.entities.order_numbers:
        return str(numbers[0])
    return picked(_listed(call), call.entities, call.context.order)


def _written(text: str, orders: Sequence[Order]) -> Order | None:
    """The order whose number stands in the text, for shops whose numbers have no pattern to be found by."""
    written = {plain_number(token) for token in _TOKEN.findall(text)}
    return next((order for order in orders if plain_number(order.number) in written), None)


def _meant(call: Call, orders: Sequence[Order], suiting: Sequence[Order]) -> Order | None:
    """The order that the message means without naming it."""
    others = suiting
    if call.entities.other and call.context.order:
        others = [order for order in suiting if order.number != call.context.order]
    elif talked := [order for order in suiting if order.number == call.context.order]:
        return talked[0]
    if len(others) == 1:
        return others[0]
    return orders[0] if orders[0] in others and _NEWEST.search(call.text) else None


def _listed(call: Call) -> list[str]:
    return [name for kind, name in call.context.listed if kind == "order"]


def _option(order: Order) -> str:
    return _("%(number)s of %(day)s") % {"number": order.number, "day": as_day(order.placed_at)}
