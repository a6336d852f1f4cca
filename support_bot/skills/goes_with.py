"""What goes with a product?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .calls import Call, Outcome
from .cards import product_card
from .goods import ProductSkill

SHOWN = 4


class GoesWith(ProductSkill):
    name = "goes_with"
    title = gettext_lazy("What goes with this?")
    needs = frozenset({"products", "recommend"})
    examples = {
        "en": (
            "what goes with this",
            "what goes well with pasta",
            "what do people buy together with it",
            "what should I serve with the cheese",
            "what else do I need with it",
            "something to go with the steak",
            "what is often bought with coffee",
            "which sauce fits this",
        ),
        "zh-hans": (
            "这个配什么好",
            "意大利面搭配什么",
            "和它一起买什么",
            "奶酪配什么吃",
            "买这个的人还买了什么",
            "牛排可以配什么",
            "咖啡跟什么搭",
            "搭配推荐",
        ),
    }

    def run(self, call: Call) -> Outcome:
        found = self.products(call)
        if not found and not self.names_one(call.text):
            return self.ask_which(call, _("With which product?"))
        if not found:
            return self.nothing(_("I found no product of that name. Please try another word for it."), call)
        product = found[0]
        picks = call.adapter.recommend(call.subject, kind="goes_with", item=product.key, limit=SHOWN)
        said = {"title": product.title}
        if not picks:
            call.mention(product=product)
            return self.nothing(_("I do not know yet what goes with “%(title)s”.") % said, call)
        call.mention(product=product, listed=[pick.product for pick in picks])
        cards = tuple(product_card(pick.product, pick.reason) for pick in picks)
        return self.reply(_("These go with “%(title)s”:") % said, kind="answer", cards=cards)
