"""Send an order elsewhere."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.adapters import AddressField
from support_bot.nlu.entities import Entities
from support_bot.types import Order, Suggestion

from .calls import Ask, Call, Outcome, Propose
from .cards import order_card
from .orders import OrderSkill

PREFIX: Final = "address_"


class ChangeAddress(OrderSkill):
    """Asks for the adapter's ``address_fields`` one at a time, as the slots ``address_<name>``."""

    name = "change_address"
    title = gettext_lazy("Change the delivery address")
    needs = frozenset({"orders", "change_address"})
    examples = {
        "en": (
            "change the delivery address",
            "send my order to another address",
            "I moved, deliver it to my new flat",
            "wrong address on my order",
            "I gave the wrong street",
            "can you deliver it somewhere else",
            "update the shipping address of my order",
            "deliver to my office instead",
        ),
        "zh-hans": (
            "修改收货地址",
            "换个地址送",
            "我搬家了，送到新家",
            "订单地址写错了",
            "街道填错了",
            "能送到别的地方吗",
            "改一下订单的送货地址",
            "请送到我公司",
        ),
    }

    def run(self, call: Call) -> Outcome:
        order = self.choose(
            call,
            suits=lambda one: one.can_change_address,
            ask=_("Which order shall go to another address?"),
            none=_("You have no order whose address can still be changed."),
            operation="change_address",
        )
        if not isinstance(order, Order):
            return order
        if not order.can_change_address:
            return self.refused(call, order, "change_address")
        call.mention(order=order)
        fields = call.adapter.address_fields(call.subject)
        slots = {**call.slots, "order": order.number}
        for field in fields:
            if PREFIX + field.name not in slots:
                return _ask(order, field, slots)
        address = {field.name: slots[PREFIX + field.name] for field in fields}
        where = ", ".join(
            str(field.choices.get(address[field.name], address[field.name])) for field in fields
        )
        said = {"number": order.number, "address": where}
        if not call.confirmed:
            text = _("Shall I send order %(number)s to %(address)s?") % said
            return Propose(text, _("Yes, send it there"), slots, (order_card(order),))
        changed = call.adapter.change_address(call.subject, order.number, address)
        return self.reply(_("Order %(number)s goes to %(address)s.") % said, cards=(order_card(changed),))

    def fill(self, slot: str, text: str, entities: Entities, call: Call) -> str | None:
        """A part of the address; a question, an empty line and what is far too long are no part of one."""
        if not slot.startswith(PREFIX):
            return super().fill(slot, text, entities, call)
        fields = call.adapter.address_fields(call.subject)
        field = next((one for one in fields if one.name == slot.removeprefix(PREFIX)), None)
        said = " ".join(text.split())
        if field is None or not said or len(said) > field.max_length or said.endswith(("?", "？")):
            return None
        if not field.choices:
            return said
        folded = said.casefold()
        chosen = (
            key for key, label in field.choices.items() if folded in (key.casefold(), str(label).casefold())
        )
        return next(chosen, None)


def _ask(order: Order, field: AddressField, slots: dict[str, str]) -> Ask:
    options = tuple(Suggestion(str(label), str(label)) for label in field.choices.values())
    text = _("New address for order %(number)s: %(field)s?") % {"number": order.number, "field": field.label}
    return Ask(PREFIX + field.name, text, options, slots=slots)
