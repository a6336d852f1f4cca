"""Follow-ups: "and how long does that take?" is ranked anew together with what was talked about."""

from __future__ import annotations

import re
from typing import Final

from support_bot.answers import Match

from .moment import Moment
from .understanding import rank

LONGEST: Final = 10  # words
_OPENS: Final = re.compile(
    r"^\s*(?:and|but|so|or|also|then|ok(?:ay)?,? (?:and|but|so)|what about|how about|what if|why)\b"
    r"|^\s*(?:那|那么|还有|另外|如果|要是|为什么|然后)",
    re.IGNORECASE,
)
_REFERS: Final = re.compile(
    r"\b(?:that|it|its|this|they|them|these|those|then|there|the same)\b|[它这那]|同样", re.IGNORECASE
)
_WORDS: Final = re.compile(r"[^\W\d_]+|\d+")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


def refers_back(text: str) -> bool:
    """Whether a short message seems to lean on what was said before."""
    words = len(_WORDS.findall(_HAN.sub("", text))) + len(_HAN.findall(text)) / 2
    return words <= LONGEST and bool(_OPENS.search(text) or _REFERS.search(text))


def follow_up(moment: Moment) -> Match | None:
    """What a follow-up means; None for a message that stands for itself."""
    question, text = moment.context.question, moment.said.text
    if not question or not refers_back(text):
        return None
    joined = rank(
        f"{question} {text}",
        subject=moment.subject,
        profile=moment.profile,
        language=moment.said.language,
    )
    return joined.best if joined.outcome == "answer" else None
