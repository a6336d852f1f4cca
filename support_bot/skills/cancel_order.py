"""Cancel an order that has not been sent."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.types import Order

from .calls import Call, Outcome, Propose
from .cards import order_card
from .orders import OrderSkill


class CancelOrder(OrderSkill):
    name = "cancel_order"
    title = gettext_lazy("Cancel an order")
    needs = frozenset({"orders", "cancel_order"})
    examples = {
        "en": (
            "cancel my order",
            "I want to cancel an order",
            "please cancel it",
            "I don't want the order any more",
            "can I still cancel",
            "undo my purchase",
            "stop the order I just made",
            "I ordered the wrong thing, cancel that please",
            "revoke my order",
        ),
        "zh-hans": (
            "取消订单",
            "我想取消我的订单",
            "帮我把订单取消",
            "我不想要了，取消吧",
            "还能取消吗",
            "撤销订单",
            "刚才买错了，请取消",
            "退掉还没发货的订单",
            "这单我不要了",
        ),
    }

    def run(self, call: Call) -> Outcome:
        order = self.choose(
            call,
            suits=lambda one: one.can_cancel,
            ask=_("Which order do you want to cancel?"),
            none=_("You have no order that can still be cancelled."),
            operation="cancel_order",
        )
        if not isinstance(order, Order):
            return order
        if not order.can_cancel:
            return self.refused(call, order, "cancel_order")
        call.mention(order=order)
        number = {"number": order.number}
        if not call.confirmed:
            text = _("Shall I cancel order %(number)s? This cannot be undone.") % number
            label = _("Yes, cancel %(number)s") % number
            return Propose(text, label, {"order": order.number}, (order_card(order),))
        cancelled = call.adapter.cancel_order(call.subject, order.number)
        return self.reply(_("Order %(number)s is cancelled.") % number, cards=(order_card(cancelled),))
