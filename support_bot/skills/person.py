"""Talk to a person."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .base import Skill
from .calls import Call, Outcome


class Person(Skill):
    """The reply's kind, ``hand_over``, makes the dialogue pass the conversation on."""

    name = "person"
    title = gettext_lazy("Talk to a person")
    login = False
    examples = {
        "en": (
            "talk to a person",
            "I want to speak to a human",
            "connect me with customer service",
            "can I talk to someone real",
            "get me an agent",
            "is there a real person I can write to",
            "let me speak with an employee",
            "no robots please",
            "I need help from a human being",
            "put me through to support staff",
        ),
        "zh-hans": (
            "转人工",
            "人工客服",
            "我要跟真人说话",
            "找客服",
            "有没有真人",
            "请帮我转接工作人员",
            "我不想跟机器人聊",
            "让你们的员工来回答",
            "联系客服人员",
        ),
    }

    def run(self, call: Call) -> Outcome:
        return self.reply(_("I am passing you on to a person."), kind="hand_over")
