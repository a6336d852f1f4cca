"""What skills about a product share: finding out which product is meant."""

from __future__ import annotations

import re
from typing import Final

from support_bot.adapters.products import words
from support_bot.nlu.entities import Entities
from support_bot.types import Product, Suggestion

from .base import Skill
from .calls import Ask, Call
from .picking import picked

FOUND: Final = 4  # products shown
_POINTS: Final = re.compile(r"\b(it|its|this|that|them|these|those)\b|它|这个|那个|这款|那款", re.IGNORECASE)


class ProductSkill(Skill):
    """A skill with the slot ``product``, the key of a product that the subject may see; open to everybody."""

    login = False
    needs = frozenset({"products"})
    slots = ("product",)

    def products(self, call: Call) -> list[Product]:
        """The products meant, best first: the slot's, those of the message, else the one talked about."""
        if key := call.slots.get("product") or picked(_listed(call), call.entities, call.context.product):
            found = call.adapter.product(key, call.subject)
            return [found] if found else []
        named = self.names_one(call.text)
        if named and (hits := call.adapter.find_products(call.text, subject=call.subject, limit=FOUND)):
            return hits
        if named and not _POINTS.search(call.text):
            return []
        talked = call.adapter.product(call.context.product, call.subject) if call.context.product else None
        return [talked] if talked else []

    def ask_which(self, call: Call, text: str) -> Ask:
        """Which product? Those just shown may be pressed."""
        shown = {product.key: product for product in call.adapter.products(_listed(call), call.subject)}
        titles = [shown[key].title for key in _listed(call) if key in shown]
        return Ask("product", text, tuple(Suggestion(title, title) for title in titles[:FOUND]))

    def names_one(self, text: str) -> bool:
        """Whether anything is left of the text without what people say around a product's name."""
        return bool(words(text, spoken=True))

    def fill(self, slot: str, text: str, entities: Entities, call: Call) -> str | None:
        """The key of the product that the text means; None when there is none."""
        if slot != "product":
            return super().fill(slot, text, entities, call)
        if (key := picked(_listed(call), entities, call.context.product)) is not None:
            return key
        found = call.adapter.find_products(text, subject=call.subject, limit=1)
        return found[0].key if found else None


def _listed(call: Call) -> list[str]:
    return [name for kind, name in call.context.listed if kind == "product"]
