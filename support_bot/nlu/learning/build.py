"""One build: every language learned with each choice of encoders that may be left, and judged on what it had
not seen."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..artifact import save_engine
from ..encoders import LEXICAL, Encoders, load_encoders
from ..engine import Classifier, Engine, Parts, Understanding, features, intents
from ..index import Index
from ..joining import Join
from ..measures import calibration_error, calibration_interval, reliability
from ..ranking import Example
from .combining import Opinions, confidences, curve, fit_join
from .folds import grouped, stratified
from .intents import fit_intents
from .projection import fit_projection
from .slips import slip

Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
Progress = Callable[[str, int, int], bool | None]

FOLDS = 5
GROUPS = 5
SLIPPED = 300
STRENGTH = {True: 30.0, False: 10.0}  # of the classifier with and without an encoder
MANY = 4_000  # phrasings above which two rounds of five are judgement enough
ROUNDS_OF_MANY = 2
FEW = 200  # phrasings up to which what is learned for a missing encoder is judged as thoroughly as the rest


class Cancelled(Exception):
    """``on_progress`` returned False."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What a build brings.

    ``report``: language -> its figures, all of them on questions that the parts had not seen;
    ``outcomes``: sha1 of language and text -> whether that phrasing, kept back, was answered rightly.
    """

    engine: Engine
    report: dict[str, dict[str, Any]]
    outcomes: dict[str, bool]
    levels: Mapping[str, Sequence[Understanding]]

    def save(self, folder: Path | str, manifest_extra: Mapping[str, Any] | None = None) -> Path:
        """Write the artifact; ``load_engine`` reads it and answers the same."""
        return save_engine(folder, self.levels, {"report": self.report, **(manifest_extra or {})})


def outcome_key(language: str, text: str) -> str:
    """The key of a phrasing in ``Learned.outcomes``."""
    return hashlib.sha1((language + text).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def learn(
    examples: Sequence[Example],
    *,
    encoders: Mapping[str, Sequence[str]],
    options: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Learned:
    """Learn an engine. ``encoders``: language -> encoder names, ``*`` for every other language.

    The same examples, encoders and seed give the same engine. ``on_progress(stage, done, total)`` is called
    between steps; when it returns False ``Cancelled`` is raised. Raises ValueError without any example.
    """
    by_language: dict[str, list[tuple[str, str]]] = {}
    for example in examples:
        if example.text.strip():
            by_language.setdefault(example.language, []).append((example.label, example.text))
    if not by_language:
        raise ValueError("There is nothing to learn from: no example has a text. Add entries first.")
    levels: dict[str, list[Understanding]] = {}
    report: dict[str, dict[str, Any]] = {}
    outcomes: dict[str, bool] = {}
    for language, phrasings in sorted(by_language.items()):
        names = encoders.get(language, encoders.get("*", [LEXICAL]))
        began = time.perf_counter()
        found = load_encoders(names, options or {})
        chain = [found.names[:size] for size in range(len(found.names), -1, -1)]
        levels[language] = []
        for place, chosen in enumerate(chain):
            rounds = rounds_for(len(phrasings), spare=place > 0)
            step = _Step(on_progress, f"{language} {'+'.join(chosen) or LEXICAL}", 2 * rounds + 1)
            left = load_encoders(chosen, options or {})
            one, figures, right = learn_level(phrasings, left, seed, step, rounds=rounds)
            levels[language].append(one)
            if place == 0:
                report[language] = {
                    **figures,
                    "encoders": list(chosen) or [LEXICAL],
                    "missing": found.missing,
                }
                outcomes |= {outcome_key(language, text): good for text, good in right.items()}
        report[language]["seconds"] = round(time.perf_counter() - began, 2)
    degraded = {
        language: "; ".join(f"encoder {name} is missing: {why}" for name, why in figures["missing"].items())
        for language, figures in report.items()
        if figures["missing"]
    }
    engine = Engine({language: found[0] for language, found in levels.items()}, degraded)
    return Learned(engine, report, outcomes, levels)


class _Step:
    """Counts the trainings of one level and lets the caller stop them."""

    def __init__(self, on_progress: Progress | None, stage: str, total: int) -> None:
        self._on_progress, self._stage, self._done, self._total = on_progress, stage, 0, total

    def __call__(self) -> None:
        report = self._on_progress
        if report is not None and report(self._stage, self._done, self._total) is False:
            raise Cancelled(f"stopped while learning {self._stage}")
        self._done += 1


def rounds_for(phrasings: int, *, spare: bool = False) -> int:
    """Of the five folds, how many are kept back in turn; ``spare``: for when an encoder is missing."""
    return FOLDS if phrasings <= (FEW if spare else MANY) else ROUNDS_OF_MANY


def learn_level(
    phrasings: Sequence[tuple[str, str]],
    encoders: Encoders,
    seed: int,
    step: Callable[[], None],
    *,
    rounds: int,
) -> tuple[Understanding, dict[str, Any], dict[str, bool]]:
    """One language, one choice of encoders: what was learned, its figures, which phrasings it got right."""
    whole = Index.build(phrasings, encoders.encode)
    rng = np.random.default_rng(seed)
    targets = whole.targets()
    inside = _kept_back(whole, stratified(targets, FOLDS, rng), seed, step, rounds).known()
    groups = grouped(targets, min(GROUPS, len(whole.labels)), rng)
    outside = _kept_back(whole, groups, seed, step, rounds)
    step()
    everything = np.arange(len(whole))
    trained = _train(whole, everything, seed)
    index = whole.part(everything, trained.mapped(whole.vectors))
    join = fit_join(inside, outside, _slipped(index, trained, encoders, rng))
    _, right = confidences(inside, join)
    figures = {"n": len(whole), "labels": len(whole.labels), **_figures(inside, outside, join, seed)}
    outcomes = {whole.texts[row]: bool(good) for row, good in zip(inside.rows, right, strict=True)}
    return (
        Understanding(replace(trained, encoders=encoders.names, join=join), encoders, index),
        figures,
        outcomes,
    )


def _figures(inside: Opinions, outside: Opinions, join: Join, seed: int) -> dict[str, Any]:
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    known = len(sure) > 0
    return {
        "accuracy": float(right.mean()) if known else None,
        "ece": calibration_error(sure, right) if known else None,
        "ece_interval": list(calibration_interval(sure, right, seed=seed)) if known else None,
        "reliability": reliability(sure, right),
        "threshold": join.threshold,
        "curve": curve(inside, outside, join),
        "out_of_scope_recall": float((others < join.threshold).mean()) if len(others) else None,
    }


def _train(index: Index, rows: Int64s, seed: int) -> Parts:
    """The map and the classifier learned from these phrasings; ``index`` has the encoders' own vectors."""
    names, targets = np.unique(index.targets()[rows], return_inverse=True)
    vectors = index.vectors[rows]
    projection = fit_projection(vectors, targets, seed=seed) if vectors.shape[1] else None
    seen = features(vectors, [index.texts[row] for row in rows])
    weights, bias = fit_intents(seen, targets, len(names), strength=STRENGTH[projection is not None])
    labels = tuple(str(index.labels[name]) for name in names)
    return Parts(projection=projection, classifier=Classifier(labels, weights, bias))


def _kept_back(index: Index, fold: Int64s, seed: int, step: Callable[[], None], rounds: int) -> Opinions:
    """Opinions on each phrasing of the first ``rounds`` folds, of parts learned without its fold; of a label
    new to them, a low one."""
    found = [Opinions.none(len(index.labels))]
    folds = int(fold.max(initial=-1)) + 1
    for number in range(min(folds, rounds)):
        step()
        kept, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if len(kept) and len(rest):
            parts = _train(index, rest, seed)
            smaller = index.part(rest, parts.mapped(index.vectors[rest]))
            texts = [index.texts[row] for row in kept]
            found.append(_opinions(smaller, parts, index, texts, index.vectors[kept], kept))
    return Opinions.join(found)


def _opinions(
    index: Index, parts: Parts, whole: Index, texts: Sequence[str], vectors: Float32s, rows: Int64s
) -> Opinions:
    """What ``parts`` over ``index`` say of these texts, in the columns of ``whole``, where they stand at
    ``rows``."""
    columns = np.array([whole.positions()[label] for label in index.labels], dtype=np.int64)
    lexical, semantic, intent = (np.full((len(texts), len(whole.labels)), low) for low in (0.0, -1.0, -30.0))
    lexical[:, columns] = [index.best(index.lexical(text)) for text in texts]
    semantic[:, columns] = index.nearest(parts.mapped(vectors) @ index.vectors.T)
    if parts.classifier is not None:
        intent[:, columns] = intents(parts.classifier, features(vectors, texts), index)
    targets = whole.targets()[rows]
    targets = np.where(np.isin(targets, columns), targets, -1)
    return Opinions(lexical, semantic, intent, targets, rows)


def _slipped(index: Index, parts: Parts, encoders: Encoders, rng: np.random.Generator) -> Opinions:
    """Opinions on known phrasings typed with a slip: where words and letters are the surer guide.

    Phrasings kept back were often written to differ from their neighbours; learned from those alone, the join
    would not trust a word that it knows.
    """
    rows = np.sort(rng.permutation(len(index))[:SLIPPED])
    texts = [slip(index.texts[row], rng) for row in rows]
    return _opinions(index, parts, index, texts, encoders.encode(texts), rows)
