"""Where is my order?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.adapters.vocabulary import as_day
from support_bot.clock import today
from support_bot.types import Order, Suggestion

from .calls import Call, Outcome
from .cards import order_card
from .orders import OrderSkill


class OrderStatus(OrderSkill):
    name = "order_status"
    title = gettext_lazy("Where is my order?")
    examples = {
        "en": (
            "where is my order",
            "what is the status of my order",
            "has my order shipped",
            "where's my parcel",
            "track my order",
            "is my package on its way",
            "I want to know what happened to my order",
            "my order hasn't arrived",
            "any news about my order?",
            "show me my orders",
        ),
        "zh-hans": (
            "我的订单到哪了",
            "查一下我的订单",
            "订单状态",
            "我的包裹在哪里",
            "我的快递到哪里了",
            "发货了吗",
            "我买的东西怎么还没到",
            "查物流",
            "我的订单怎么样了",
            "看看我的订单",
        ),
    }

    def run(self, call: Call) -> Outcome:
        order = self.choose(
            call,
            suits=lambda one: one.is_open,
            ask=_("These orders have not arrived yet. Which one do you mean?"),
            none=_("You have no orders in this account yet."),
            else_latest=True,
        )
        if not isinstance(order, Order):
            return order
        call.mention(order=order)
        late = is_late(order)
        person = (Suggestion(_("Talk to a person"), _("Talk to a person")),) if late else ()
        return self.reply(status_text(order), cards=(order_card(order),), suggestions=person)


def is_late(order: Order) -> bool:
    """Whether the promised day is over and the order is not there."""
    return order.is_open and order.promised_for is not None and order.promised_for < today()


def status_text(order: Order) -> str:
    """How far the order is, and its day, in a sentence or two."""
    said = {"number": order.number, "status": order.status_label, "day": as_day(order.promised_for)}
    if order.delivered_at is not None and not order.is_open:
        said["day"] = as_day(order.delivered_at)
        return _("Order %(number)s: %(status)s, on %(day)s.") % said
    if is_late(order):
        return _("Order %(number)s: %(status)s. It was promised for %(day)s and is late; I am sorry.") % said
    if order.is_open and order.promised_for is not None:
        return _("Order %(number)s: %(status)s. It is to arrive by %(day)s.") % said
    return _("Order %(number)s: %(status)s.") % said
