"""How many points the customer has."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .base import Skill
from .calls import Call, Outcome


class Loyalty(Skill):
    name = "loyalty"
    title = gettext_lazy("My points")
    needs = frozenset({"loyalty_points"})
    examples = {
        "en": (
            "how many points do I have",
            "my loyalty points",
            "what is my points balance",
            "show my bonus points",
            "have I collected any points",
            "check my rewards",
            "how many reward points are on my account",
            "did I get points for my order",
        ),
        "zh-hans": (
            "我有多少积分",
            "查积分",
            "我的积分余额",
            "会员积分还剩多少",
            "积分有多少了",
            "看看我的奖励积分",
            "我攒了多少分",
            "账户里有几分",
        ),
    }

    def run(self, call: Call) -> Outcome:
        points = call.adapter.loyalty_points(call.subject)
        if points is None:
            return self.nothing(_("I can see no points account of yours."), call)
        said = {"points": number_format(points, use_l10n=True, force_grouping=True)}
        text = ngettext("You have %(points)s point.", "You have %(points)s points.", points)
        return self.reply(text % said, kind="answer")
