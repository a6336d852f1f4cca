"""What the dialogue profile brings, on SIMULATED customers: there are no real conversations to learn from.

The sample shop's English and Chinese FAQ without a sixth of its texts (the last phrasing of each entry) is
learned; ``shop.simulation`` asks with the phrasings left out. A customer's first eight questions make the
profile (of what the bot answered, right or wrong, as in life), the next four are judged, once with the
profile and once without.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter

import numpy as np

from shop.simulation import Customer
from support_bot.nlu import Engine, Example, Ranking

from . import synthetic_shop
from .results import FOLDER

CUSTOMERS, HISTORY, ASKED = 200, 8, 4
PERSISTENCE = (0.0, 0.5, 0.9)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        synthetic_shop.prepare(folder)
        measure_all()


def measure_all() -> None:
    """Both languages at each persistence, into ``results/bot_profile.json``."""
    from django.core.management import call_command

    from shop.management.commands.shop_faq import FAQ
    from shop.settings import SUPPORT_BOT
    from support_bot.models import Entry
    from support_bot.nlu.learning import learn

    call_command("support_bot_import", *(str(file) for file in sorted(FAQ.glob("*.md"))), verbosity=0)
    rows = []
    for language in ("en", "zh-hans"):
        entries = Entry.objects.filter(language=language).prefetch_related("phrasings")
        known, unseen = [], {}
        for entry in entries:
            *taught, left = [phrasing.text for phrasing in entry.phrasings.all()]
            known += [Example(text, entry.slug, language) for text in (entry.question, *taught)]
            unseen[entry.slug] = [left]
        engine = learn(known, encoders=SUPPORT_BOT["ENCODERS"], options={}, seed=0).engine
        rows += [measured(engine, unseen, language, persistence) for persistence in PERSISTENCE]
    FOLDER.mkdir(exist_ok=True)
    protocol = " ".join((__doc__ or "").split())
    (FOLDER / "bot_profile.json").write_text(
        json.dumps({"name": "bot_profile", "simulated": True, "protocol": protocol, "rows": rows}, indent=1)
        + "\n"
    )


def measured(
    engine: Engine, unseen: dict[str, list[str]], language: str, persistence: float
) -> dict[str, object]:
    """Shares of the judged questions, with and without the profile, and the paired difference's interval."""
    right: list[tuple[bool, bool]] = []
    wrong: list[tuple[bool, bool]] = []
    for seed in range(CUSTOMERS):
        customer = Customer(seed, unseen, language=language, persistence=persistence)
        answered: Counter[str] = Counter()
        for number, question in enumerate(customer.questions(HISTORY + ASKED)):
            ranking = engine.rank(question.text, language=language)
            plain, chosen = answer(ranking, {})
            if number < HISTORY:
                if plain == "answer":
                    answered[chosen] += 1
                continue
            share = {topic: count / answered.total() for topic, count in answered.items()}
            knowing, picked = answer(ranking, share)
            hits = chosen == question.topic, picked == question.topic
            answers = plain == "answer", knowing == "answer"
            right.append((answers[0] and hits[0], answers[1] and hits[1]))
            wrong.append((answers[0] and not hits[0], answers[1] and not hits[1]))
    without, with_profile = np.array(right, dtype=float).mean(0)
    row = {
        "language": language,
        "persistence": persistence,
        "questions": len(right),
        "right_without": without,
        "right_with": with_profile,
        "difference": interval(right),
        "wrong_without": float(np.mean([one for one, _other in wrong])),
        "wrong_with": float(np.mean([other for _one, other in wrong])),
    }
    print(
        f"simulated, {language}, persistence {persistence}: answered right {without:.3f} without, "
        f"{with_profile:.3f} with the profile"
    )
    return row


def answer(ranking: Ranking, prefer: dict[str, float]) -> tuple[str, str]:
    """The outcome and the label that the bot would choose."""
    from support_bot.answers.found import decide, prefer_known

    ordered, preferred = prefer_known(ranking.candidates, prefer)
    outcome, _count = decide(ordered, ranking.threshold, preferred=preferred)
    return outcome, ordered[0].label if ordered else ""


def interval(pairs: list[tuple[bool, bool]]) -> list[float]:
    """Mean and 95 % bootstrap interval of the paired difference."""
    difference = np.array([float(other) - float(one) for one, other in pairs])
    draws = np.random.default_rng(0).integers(len(difference), size=(1000, len(difference)))
    low, high = np.quantile(difference[draws].mean(1), [0.025, 0.975])
    return [float(difference.mean()), float(low), float(high)]


if __name__ == "__main__":
    main()
