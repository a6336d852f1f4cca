"""Send something back: which order, which line, how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.adapters.products import TitleSearch
from support_bot.adapters.vocabulary import in_a_row
from support_bot.nlu.entities import Entities
from support_bot.types import Order, OrderLine, Suggestion

from .calls import Ask, Call, Outcome, Propose
from .cards import order_card
from .orders import OrderSkill
from .picking import picked, quantity_in

LINES = 10  # offered to choose from
UNITS = 5
ABOUT = "about"  # slot: the message that asked for the return
MOST_TEXT = 200


class StartReturn(OrderSkill):
    name = "start_return"
    title = gettext_lazy("Send something back")
    needs = frozenset({"orders", "start_return"})
    slots = ("order", "line", "quantity")
    examples = {
        "en": (
            "I want to return something",
            "start a return",
            "send an item back",
            "I'd like to return part of my order",
            "how can I give this back",
            "return my last order",
            "it is broken, I want to send it back",
            "I got the wrong item",
            "register a return for me",
        ),
        "zh-hans": (
            "我要退货",
            "申请退货",
            "把东西退回去",
            "我想退掉其中一件",
            "帮我办理退货",
            "收到的商品坏了，想退",
            "发错货了，我要退",
            "上一个订单想退货",
            "不合适，想退",
        ),
    }

    def run(self, call: Call) -> Outcome:
        order = self.choose(
            call,
            suits=lambda one: one.can_return,
            ask=_("From which order do you want to send something back?"),
            none=_("You have no order that can be sent back."),
            operation="start_return",
        )
        if isinstance(order, Ask):  # what is to go back may have been said already
            return replace(order, slots={ABOUT: call.text[:MOST_TEXT], **order.slots})
        if not isinstance(order, Order):
            return order
        if not order.can_return and not call.confirmed:
            return self.refused(call, order, "start_return")
        call.mention(order=order)
        line = self._line(call, order)
        if not isinstance(line, OrderLine):
            return line
        quantity = _units(call, line)
        if quantity is None:
            options = tuple(Suggestion(str(n), str(n)) for n in range(1, min(line.returnable, UNITS) + 1))
            text = _("How many of “%(title)s”, from 1 to %(most)d?") % {
                "title": line.title,
                "most": line.returnable,
            }
            return Ask("quantity", text, options, slots={"order": order.number, "line": line.key})
        return self._return(call, order, line, quantity)

    def fill(self, slot: str, text: str, entities: Entities, call: Call) -> str | None:
        if slot == "order":
            return super().fill(slot, text, entities, call)
        order = call.adapter.order(call.subject, call.slots.get("order", ""))
        lines = _left(order) if order else []
        if slot == "line":
            return picked([line.key for line in lines], entities) or _line_in(text, lines)
        left = next((line.returnable for line in lines if line.key == call.slots.get("line")), 0)
        quantity = quantity_in(text, left)
        return None if quantity is None else str(quantity)

    def _line(self, call: Call, order: Order) -> OrderLine | Outcome:
        """The line that goes back, or the question which one."""
        lines = _left(order)
        if (key := call.slots.get("line")) is not None:
            # A confirmed line of which nothing is left: this return has been registered before.
            named = next((line for line in order.lines if line.key == key), None)
            if named is not None and (named.returnable or call.confirmed):
                return named
        if not lines:
            text = _("Nothing of order %(number)s is left to send back.")
            return self.reply(text % {"number": order.number}, cards=(order_card(order),))
        if len(lines) == 1:
            return lines[0]
        if (key := _line_in(call.slots.get(ABOUT) or call.text, lines)) is not None:
            return next(line for line in lines if line.key == key)
        options = tuple(Suggestion(line.title, line.title) for line in lines[:LINES])
        return Ask("line", _("What do you want to send back?"), options, slots={"order": order.number})

    def _return(self, call: Call, order: Order, line: OrderLine, quantity: int) -> Outcome:
        said = {"quantity": quantity, "title": line.title, "number": order.number}
        left = str(line.returnable)
        if not call.confirmed:
            text = (
                _("Shall I register the return of %(quantity)d × “%(title)s” from order %(number)s?") % said
            )
            slots = {"order": order.number, "line": line.key, "quantity": str(quantity), "left": left}
            return Propose(text, _("Yes, send it back"), slots)
        if not order.can_return:
            return self.refused(call, order, "start_return")
        if call.slots.get("left") != left:
            text = _("A return of “%(title)s” from order %(number)s is registered already; I added nothing.")
            return self.reply(text % said, cards=(order_card(order),))
        steps = call.adapter.start_return(call.subject, order.number, line.key, quantity)
        text = _("The return of %(quantity)d × “%(title)s” is registered.") % said
        return self.reply(in_a_row(text, steps))


def _left(order: Order) -> list[OrderLine]:
    return [line for line in order.lines if line.returnable > 0]


def _line_in(text: str, lines: Sequence[OrderLine]) -> str | None:
    """The line whose title the text names."""
    exact = [line.key for line in lines if line.title.casefold() == text.strip().casefold()]
    found = exact or TitleSearch(lambda: [(line.key, line.title) for line in lines]).find(text, 1)
    return found[0] if found else None


def _units(call: Call, line: OrderLine) -> int | None:
    """How many: as said, or all there is where that is one."""
    if said := call.slots.get("quantity"):
        return int(said) if said.isdecimal() else None
    return 1 if line.returnable <= 1 else None
