"""Everything of an earlier order into the basket again."""

from __future__ import annotations

import secrets

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from support_bot.adapters import Reordered
from support_bot.adapters.vocabulary import in_a_row
from support_bot.types import Order

from .calls import Call, Outcome, Propose
from .cards import order_card
from .orders import OrderSkill

MISSING = 5  # titles named


class Reorder(OrderSkill):
    name = "reorder"
    title = gettext_lazy("Order it again")
    needs = frozenset({"orders", "reorder"})
    examples = {
        "en": (
            "order the same again",
            "repeat my order",
            "buy again what I bought last time",
            "reorder my last order",
            "put my last order in the basket",
            "the same as last week please",
            "I want the same things again",
            "can you re-order for me",
            "once more, please, the same order",
        ),
        "zh-hans": (
            "再来一单",
            "再买一次上次的东西",
            "重新下单",
            "跟上次一样再来一份",
            "把上个订单加入购物车",
            "复购",
            "再订一次",
            "照上次的订单再买一遍",
            "同样的东西再来一次",
        ),
    }

    def run(self, call: Call) -> Outcome:
        order = self.choose(
            call,
            suits=lambda one: bool(one.lines),
            ask=_("Which order shall I put into your basket again?"),
            none=_("You have not ordered anything yet."),
        )
        if not isinstance(order, Order):
            return order
        call.mention(order=order)
        if not call.confirmed:
            text = _("Shall I put order %(number)s into your basket again? Today's prices apply.")
            slots = {"order": order.number, "wish": secrets.token_hex(8)}
            label = _("Yes, into the basket")
            return Propose(text % {"number": order.number}, label, slots, (order_card(order),))
        done = call.adapter.reorder(call.subject, order.number, wish=call.slots.get("wish", ""))
        return self.reply(_done_text(done), link=(_("Your basket"), done.basket_url))


def _done_text(done: Reordered) -> str:
    if done.repeated:
        return _("That is in your basket already; I added nothing.")
    said = []
    if done.units:
        units = ngettext("%d unit is in your basket.", "%d units are in your basket.", done.units)
        said.append(units % done.units)
    if done.missing:
        names = ", ".join(name for name in done.missing[:MISSING] if name)
        names += " …" if len(done.missing) > MISSING else ""
        said.append(_("Not available now: %(names)s") % {"names": names})
    return in_a_row(*said) or _("Nothing of that order can be bought now.")
