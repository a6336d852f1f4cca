"""How well questions with known labels are answered: by what answers now, or by a throw-away build."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from django.conf import settings as django_settings
from django.utils import timezone

from .. import answers
from ..nlu import Engine, Example, detect_language
from ..nlu.measures import calibration_error, quality
from ..smalltalk import EXAMPLES
from .learning import learn

TEXT: Final = ("text", "sentence")
LABEL: Final = ("label", "category", "intent")
WORST: Final = 10


class BadFile(Exception):
    """The file cannot be used; the text says what is wrong, with the line."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the label that it should be answered with, and its language, if the file says."""

    text: str
    label: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it; ``answered`` is None where it was not answered."""

    question: Question
    language: str
    best: str | None
    confidence: float
    threshold: float
    outcome: answers.Outcome
    milliseconds: float

    @property
    def answered(self) -> str | None:
        """The label that was answered with."""
        return self.best if self.outcome == "answer" else None


def read_questions(path: Path) -> list[Question]:
    """The rows of a CSV file with columns ``text,label`` and, if wished, ``language``.

    Raises ``BadFile`` for a file that is missing, no UTF-8, without these columns or with an empty text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(_rows(csv.DictReader(stream), path))
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{path} is no CSV in UTF-8: {error}") from error


def _rows(reader: csv.DictReader[str], path: Path) -> Iterable[Question]:
    columns = reader.fieldnames or []
    text = next((name for name in TEXT if name in columns), None)
    label = next((name for name in LABEL if name in columns), None)
    if text is None or label is None:
        found = ", ".join(columns) or "none"
        raise BadFile(f"{path} needs the columns text and label (and may have language), found {found}")
    for row in reader:
        question = Question(*((row.get(name) or "").strip() for name in (text, label, "language")))
        if not question.text or not question.label:
            raise BadFile(f"{path}, line {reader.line_num}: text and label must not be empty")
        yield question


def train(questions: Sequence[Question], *, none_label: str, seed: int = 0) -> Engine:
    """A throw-away engine learned from questions, those out of scope left out; nothing is stored.

    Where the file names no language, it is told by the script: the site's own, or one of the bot's.
    """
    default = django_settings.LANGUAGE_CODE
    codes = [default, *sorted({code for by_language in EXAMPLES.values() for code in by_language})]
    examples = [
        Example(
            one.text, one.label, one.language or detect_language(one.text, default=default, languages=codes)
        )
        for one in questions
        if one.label != none_label
    ]
    if not examples:
        raise BadFile("There is nothing to train from: no row has a label but that of out of scope")
    return learn(examples, seed=seed).engine


def ask(questions: Sequence[Question], *, engine: Engine | None = None) -> list[Asked]:
    """What comes of each question: by ``engine``, else by what answers now, a manager's thresholds included.

    A question counts as answered only where the rules of ``answers`` would answer it. Entries are looked
    among whatever their audience, those outside of their dates left out.
    """
    if engine is not None:
        return [_ask(one, engine, None, lambda code: engine.thresholds.get(code, 1.0)) for one in questions]
    state, now = answers.active(), timezone.now()
    allowed = {code: shelf.labels - shelf.dated(now) for code, shelf in state.topics.shelves.items()}
    return [_ask(one, state.engine, allowed, state.threshold) for one in questions]


def unknown_labels(questions: Sequence[Question], *, none_label: str = "none") -> list[str]:
    """Labels that no entry, skill or small talk has in any language: misspelt, or not imported yet."""
    shelves = answers.active().topics.shelves.values()
    known = {none_label}.union(*(shelf.labels for shelf in shelves))
    return sorted({one.label for one in questions} - known)


def figures(asked: Sequence[Asked], *, none_label: str, confusions: bool = True) -> dict[str, Any]:
    """Accuracy and calibration error over the questions in scope, recall over the others, MCC over all.

    The calibration error is that of the best label's confidence, over ten equally large groups (Naeini et al.
    2015). A figure that nothing was measured for is None.
    """
    given = [one.answered or none_label for one in asked]
    scores = quality([one.question.label for one in asked], given, none_label=none_label)
    inside = [one for one in asked if one.question.label != none_label]
    error = calibration_error(
        [one.confidence for one in inside], [one.best == one.question.label for one in inside]
    )
    thresholds = {one.language: one.threshold for one in asked}
    most = Counter(one.language for one in asked).most_common(1)
    found = {**scores, "expected_calibration_error": error}
    result = {
        "n": len(asked),
        **{name: None if value != value else value for name, value in found.items()},
        "threshold": thresholds[most[0][0]] if most else None,
        "answered": sum(one.outcome == "answer" for one in asked),
        "clarified": sum(one.outcome == "clarify" for one in asked),
        "ms_median": median(one.milliseconds for one in asked) if asked else None,
        "in_scope": len(inside),
        "thresholds": thresholds,
    }
    return result | ({"confusions": _confusions(asked)} if confusions else {})


def _ask(
    question: Question,
    engine: Engine,
    allowed: Mapping[str, frozenset[str]] | None,
    threshold_of: Callable[[str], float],
) -> Asked:
    start = time.perf_counter()
    language = question.language or detect_language(
        question.text, default=django_settings.LANGUAGE_CODE, languages=engine.languages
    )
    language = answers.closest(language, engine.languages) or language
    allow = None if allowed is None else allowed.get(language, frozenset())
    ranking = engine.rank(question.text, language=language, allow=allow)
    threshold = threshold_of(language)
    outcome, _told = answers.decide(ranking.candidates, threshold)
    milliseconds = (time.perf_counter() - start) * 1000
    best, sure = (ranking.best.label, ranking.best.confidence) if ranking.best else (None, 0.0)
    return Asked(question, language, best, sure, threshold, outcome, milliseconds)


def _confusions(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """The ten pairs of what was meant and what was answered instead that occurred most, with a question."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for one in asked:
        if one.answered is not None and one.answered != one.question.label:
            wrong.setdefault((one.question.label, one.answered), []).append(one.question.text)
    worst = sorted(wrong.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:WORST]
    return [
        {"meant": meant, "answered": answered, "n": len(texts), "example": texts[0]}
        for (meant, answered), texts in worst
    ]
