"""What would you recommend?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .base import Skill
from .calls import Call, Outcome
from .cards import product_card

SHOWN = 4


class Recommend(Skill):
    name = "recommend"
    title = gettext_lazy("What would you recommend?")
    login = False
    needs = frozenset({"recommend"})
    examples = {
        "en": (
            "what would you recommend",
            "recommend me something",
            "any ideas what I could buy",
            "what could I like",
            "suggest something for me",
            "what is popular",
            "what do other customers buy",
            "show me something nice",
            "I don't know what to buy",
            "what should I try",
        ),
        "zh-hans": (
            "有什么推荐",
            "给我推荐点东西",
            "推荐一下",
            "有什么好吃的推荐吗",
            "我可能喜欢什么",
            "什么卖得好",
            "大家都买什么",
            "不知道买什么好",
            "有什么值得买的",
        ),
    }

    def run(self, call: Call) -> Outcome:
        picks = call.adapter.recommend(call.subject, kind="for_you", limit=SHOWN)
        if not picks:
            return self.nothing(_("I have nothing to recommend at the moment."), call)
        call.mention(listed=[pick.product for pick in picks])
        known = call.subject.user_key is not None
        text = _("You might like these:") if known else _("Other customers like these:")
        cards = tuple(product_card(pick.product, pick.reason) for pick in picks)
        return self.reply(text, kind="answer", cards=cards)
