"""Follow-ups: "and how long does that take?" is ranked anew together with what was talked about.

A message that is clear by itself is taken as it is. One that leans on the last answer is looked up alone and
behind the last question; the two confidences are added up, neighbours of the topic (same category) weigh
more, and the topic itself does not count: behind its own question it would always win.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from support_bot.answers import Match

from .moment import Moment
from .understanding import rank

LONGEST: Final = 10  # words
NEIGHBOUR: Final = 1.5
LEAST: Final = 0.5  # of the sum: below it a follow-up is about something else
ALONE: Final = 0.005  # what the message must say for it by itself
CLEAR: Final = 1.5  # times the runner-up's sum: answered, otherwise asked back
_OPENS: Final = re.compile(
    r"^\s*(?:and|but|so|or|also|then|ok(?:ay)?,? (?:and|but|so)|what about|how about|what if|why)\b"
    r"|^\s*(?:那|那么|还有|另外|如果|要是|为什么|然后)",
    re.IGNORECASE,
)
_REFERS: Final = re.compile(
    r"\b(?:that|it|its|this|they|them|these|those|then|there|the same)\b|[它这那]|同样|也可以", re.IGNORECASE
)
_WORDS: Final = re.compile(r"[^\W\d_]+|\d+")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


def refers_back(text: str) -> bool:
    """Whether a short message seems to lean on what was said before."""
    words = len(_WORDS.findall(_HAN.sub(" ", text))) + len(_HAN.findall(text)) / 2
    return words <= LONGEST and bool(_OPENS.search(text) or _REFERS.search(text))


def follow_up(moment: Moment) -> Sequence[Match]:
    """What a follow-up may mean, one or two to three; none for a message that stands for itself."""
    context, alone = moment.context, moment.said.found
    if not context.question or alone.outcome == "answer" or not refers_back(moment.said.text):
        return ()
    joined = rank(
        f"{context.question} {moment.said.text}",
        subject=moment.subject,
        profile=moment.profile,
        language=moment.said.language,
    )
    by_itself = {match.label: match for match in alone.matches}
    both = {**{match.label: match for match in joined.matches}, **by_itself}
    sums = {
        label: _sum(match, by_itself.get(label), joined.matches, context.category)
        for label, match in both.items()
        if not match.talk and context.topic not in (label, f"skill:{match.skill}")
    }
    likely = sorted((label for label in sums if sums[label] >= LEAST), key=lambda one: -sums[one])[:3]
    if len(likely) > 1 and sums[likely[0]] >= CLEAR * sums[likely[1]]:
        likely = likely[:1]
    return [both[label] for label in likely]


def _sum(match: Match, by_itself: Match | None, joined: Sequence[Match], category: int) -> float:
    if by_itself is None or by_itself.confidence < ALONE:
        return 0.0
    behind = next((one.confidence for one in joined if one.label == match.label), 0.0)
    is_near = category and match.entry is not None and match.entry.category_id == category
    return (by_itself.confidence + behind) * (NEIGHBOUR if is_near else 1.0)
