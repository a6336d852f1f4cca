"""One build: every language learned with each choice of encoders that may be left, and judged on what it had
not seen."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..artifact import save_engine
from ..encoders import LEXICAL, Encoders, load_encoders
from ..engine import Classifier, Engine, Parts, Understanding, features, intents
from ..index import Index, encode_with, project
from ..measures import calibration_error, calibration_interval, reliability
from ..ranking import Example
from .combining import Opinions, confidences, curve, fit_join
from .folds import grouped, stratified
from .intents import fit_intents
from .projection import fit_projection

Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
Progress = Callable[[str, int, int], bool | None]

FOLDS = 5
GROUPS = 5


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
            step = _Step(on_progress, f"{language} {'+'.join(chosen) or LEXICAL}")
            one, figures, right = learn_level(phrasings, load_encoders(chosen, options or {}), seed, step)
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

    def __init__(self, on_progress: Progress | None, stage: str) -> None:
        self._on_progress, self._stage, self._done = on_progress, stage, 0

    def __call__(self) -> None:
        report = self._on_progress
        if report is not None and report(self._stage, self._done, FOLDS + GROUPS + 1) is False:
            raise Cancelled(f"stopped while learning {self._stage}")
        self._done += 1


def learn_level(
    phrasings: Sequence[tuple[str, str]], encoders: Encoders, seed: int, step: Callable[[], None]
) -> tuple[Understanding, dict[str, Any], dict[str, bool]]:
    """One language, one choice of encoders: what was learned, its figures, which phrasings it got right."""
    whole = Index.build(phrasings, encode_with(encoders, None))
    targets = whole.targets()
    rng = np.random.default_rng(seed)
    inside = _kept_back(whole, stratified(targets, FOLDS, rng), FOLDS, seed, step)
    groups = min(GROUPS, len(whole.labels))
    outside = _kept_back(whole, grouped(targets, groups, rng), groups if groups > 1 else 0, seed, step)
    step()
    projection, classifier = _train(whole, np.arange(len(whole)), seed)
    join = fit_join(inside, outside)
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    figures = {
        "n": len(whole),
        "labels": len(whole.labels),
        "accuracy": float(right.mean()) if len(right) else None,
        "ece": calibration_error(sure, right) if len(right) else None,
        "ece_interval": list(calibration_interval(sure, right, seed=seed)) if len(right) else None,
        "reliability": reliability(sure, right),
        "threshold": join.threshold,
        "curve": curve(inside, outside, join),
        "out_of_scope_recall": float((others < join.threshold).mean()) if len(others) else None,
    }
    vectors = whole.vectors if projection is None else project(whole.vectors, projection)
    index = Index(whole.texts, whole.text_labels, vectors, whole.words, whole.grams)
    one = Understanding(Parts(encoders.names, projection, classifier, join), encoders, index)
    outcomes = {whole.texts[row]: bool(good) for row, good in zip(inside.rows, right, strict=True)}
    return one, figures, outcomes


def _train(index: Index, rows: Int64s, seed: int) -> tuple[Float32s | None, Classifier]:
    """The map and the classifier learned from these phrasings."""
    names, targets = np.unique(index.targets()[rows], return_inverse=True)
    vectors = index.vectors[rows]
    projection = fit_projection(vectors, targets, seed=seed) if vectors.shape[1] else None
    mapped = vectors if projection is None else project(vectors, projection)
    seen = features(mapped, [index.texts[row] for row in rows])
    weights, bias = fit_intents(seen, targets, len(names))
    return projection, Classifier(tuple(str(index.labels[name]) for name in names), weights, bias)


def _kept_back(index: Index, fold: Int64s, folds: int, seed: int, step: Callable[[], None]) -> Opinions:
    """Opinions on every phrasing of parts learned without its fold; labels not learned get a low one."""
    found = []
    for number in range(folds):
        step()
        kept, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if not len(kept) or not len(rest):
            continue
        projection, classifier = _train(index, rest, seed)
        found.append(_opinions(index, rest, kept, projection, classifier))
    if not found:
        nothing = np.zeros((0, len(index.labels)))
        none = np.zeros(0, dtype=np.int64)
        return Opinions(nothing, nothing, nothing, none, none)
    return Opinions(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _opinions(
    index: Index, rest: Int64s, kept: Int64s, projection: Float32s | None, classifier: Classifier
) -> tuple[Any, Any, Any, Int64s, Int64s]:
    smaller = index.part(rest, projection)
    texts = [index.texts[row] for row in kept]
    vectors = index.vectors[kept] if projection is None else project(index.vectors[kept], projection)
    columns = np.searchsorted(index.labels.astype(str), smaller.labels.astype(str))
    n = len(index.labels)
    lexical, semantic, intent = (np.full((len(kept), n), low) for low in (0.0, -1.0, -30.0))
    lexical[:, columns] = [smaller.best(smaller.lexical(text)) for text in texts]
    semantic[:, columns] = smaller.nearest(vectors @ smaller.vectors.T)
    intent[:, columns] = intents(classifier, features(vectors, texts), smaller)
    targets = np.where(np.isin(index.targets()[kept], columns), index.targets()[kept], -1)
    return lexical, semantic, intent, targets, kept
