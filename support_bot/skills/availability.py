"""Is it in stock, and what does it cost?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.adapters.products import words
from support_bot.adapters.vocabulary import as_money
from support_bot.types import Product

from .calls import Call, Outcome
from .cards import product_card
from .goods import ProductSkill


class Availability(ProductSkill):
    name = "availability"
    title = gettext_lazy("Is it in stock, what does it cost?")
    examples = {
        "en": (
            "is it in stock",
            "do you have milk",
            "how much is the bread",
            "what does it cost",
            "is this product available",
            "do you sell olive oil",
            "price of coffee",
            "what's the price of the bananas",
            "are the strawberries sold out",
            "have you got any oat milk left",
        ),
        "zh-hans": (
            "有货吗",
            "有没有牛奶",
            "面包多少钱",
            "这个多少钱",
            "还有库存吗",
            "你们卖橄榄油吗",
            "咖啡什么价格",
            "香蕉怎么卖",
            "草莓卖完了吗",
            "鸡蛋还有吗",
        ),
    }

    def run(self, call: Call) -> Outcome:
        found = self.products(call)
        if not found and not self.names_one(call.text):
            return self.ask_which(call, _("Which product do you mean?"))
        if not found:
            return self.nothing(_("I found no product of that name. Please try another word for it."), call)
        is_meant = _is_called(found[0], call.text)
        call.mention(product=found[0] if is_meant or len(found) == 1 else "", listed=found)
        return self.reply(_said(found, is_meant), kind="answer", cards=tuple(map(product_card, found)))


def _is_called(product: Product, asked: str) -> bool:
    """Whether its title holds every word of what was asked for."""
    return set(words(asked, spoken=True)) <= set(words(product.title))


def _said(found: list[Product], is_meant: bool) -> str:
    if len(found) == 1:
        return _text(found[0])
    if is_meant:
        return _("This is what I found; prices are today's.")
    return _("These come closest to what you wrote; prices are today's.")


def _text(product: Product) -> str:
    said = {"title": product.title, "price": as_money(product.price, product.currency)}
    if product.available is None and product.price is None:
        return _("I found “%(title)s”, but neither its price nor whether it is in stock.") % said
    if product.available is None:
        return _("“%(title)s” costs %(price)s. Whether it is in stock I cannot see.") % said
    if not product.available:
        return _("“%(title)s” is sold out at the moment.") % said
    if product.price is None:
        return _("“%(title)s” is in stock.") % said
    return _("“%(title)s” is in stock and costs %(price)s.") % said
