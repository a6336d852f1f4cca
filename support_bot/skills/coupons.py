"""The coupons that the customer can use today."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.adapters.vocabulary import as_day
from support_bot.types import Coupon

from .base import Skill
from .calls import Call, Outcome

SHOWN = 10


class Coupons(Skill):
    name = "coupons"
    title = gettext_lazy("My coupons")
    needs = frozenset({"coupons"})
    examples = {
        "en": (
            "do I have any coupons",
            "my coupons",
            "which discount codes can I use",
            "is there a voucher for me",
            "show me my vouchers",
            "do you have a promo code for me",
            "what discounts do I have",
            "any money off today?",
        ),
        "zh-hans": (
            "我有优惠券吗",
            "我的优惠券",
            "有什么折扣码可以用",
            "有没有我能用的代金券",
            "查看优惠券",
            "有优惠吗",
            "我还有什么折扣",
            "今天有打折券吗",
        ),
    }

    def run(self, call: Call) -> Outcome:
        found = call.adapter.coupons(call.subject)
        if not found:
            return self.nothing(_("You have no coupon that can be used today."), call)
        text = _("You can use these coupons at the checkout, one an order:")
        lines = [text, *map(_line, found[:SHOWN])]
        if len(found) > SHOWN:
            lines.append("…")
        return self.reply("\n".join(lines), kind="answer")


def _line(coupon: Coupon) -> str:
    said = {"code": coupon.code, "title": coupon.title, "day": as_day(coupon.valid_until)}
    if coupon.valid_until is None:
        return _("• %(code)s: %(title)s") % said
    return _("• %(code)s: %(title)s, until %(day)s") % said
