"""When will my order arrive?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.adapters.vocabulary import as_day
from support_bot.types import Order

from .calls import Call, Outcome
from .cards import order_card
from .order_status import is_late, status_text
from .orders import OrderSkill


class DeliveryDate(OrderSkill):
    name = "delivery_date"
    title = gettext_lazy("When will it arrive?")
    examples = {
        "en": (
            "when will my order arrive",
            "when do I get my parcel",
            "what is the delivery date of my order",
            "will it come today",
            "how long until my order is here",
            "which day is my delivery",
            "when is my delivery due",
            "does my order come before the weekend",
            "when can I expect my package",
        ),
        "zh-hans": (
            "什么时候送到",
            "我的订单几号到",
            "预计送达时间",
            "今天能到吗",
            "还要多久才能收到",
            "包裹哪天到",
            "周末之前能送到吗",
            "什么时候能收到货",
            "我的货大概什么时候到",
        ),
    }

    def run(self, call: Call) -> Outcome:
        order = self.choose(
            call,
            suits=lambda one: one.is_open,
            ask=_("These orders have not arrived yet. Which one do you mean?"),
            none=_("You have no order that is on its way."),
        )
        if not isinstance(order, Order):
            return order
        call.mention(order=order)
        return self.reply(_day_text(order), cards=(order_card(order),))


def _day_text(order: Order) -> str:
    said = {"number": order.number, "status": order.status_label, "day": as_day(order.promised_for)}
    if not order.is_open or is_late(order):
        return status_text(order)
    if order.promised_for is None:
        return _("Order %(number)s: %(status)s. No day has been promised for it.") % said
    return _("Order %(number)s is to arrive by %(day)s. It is now: %(status)s.") % said
