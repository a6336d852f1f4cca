"""The engine: what was learned, applied to the phrasings as they are now, with numpy alone (and an encoder).

An engine is immutable and may be used from several threads; ``update`` gives a new one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .encoders import Encoders
from .index import Index, project
from .joining import Join, sigmoid
from .lexical import gram_terms, word_terms
from .ranking import Candidate, Example, Ranking

Float32s = NDArray[np.float32]
BUCKETS = 2048


@dataclass(frozen=True, eq=False)
class Classifier:
    """One-vs-rest logistic regression: ``weights`` (features, labels), ``bias`` (labels,), float32."""

    labels: tuple[str, ...]
    weights: Float32s
    bias: Float32s

    def log_odds(self, features: Float32s) -> Float32s:
        """float32 (m, labels) of features (m, f): for each label, that it was meant and not another."""
        return np.asarray(features @ self.weights + self.bias, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Parts:
    """What a build learned for one language with one choice of encoders."""

    encoders: tuple[str, ...] = ()
    projection: Float32s | None = None
    classifier: Classifier | None = None
    join: Join = field(default_factory=Join)

    def mapped(self, vectors: Float32s) -> Float32s:
        """The encoders' vectors through the learned map, if there is one."""
        return vectors if self.projection is None else project(vectors, self.projection)


@dataclass(frozen=True, eq=False)
class Understanding:
    """One language: the learned parts, the encoders they need, and the index of the phrasings."""

    parts: Parts
    encoders: Encoders
    index: Index

    def updated(self, phrasings: Sequence[tuple[str, str]]) -> Understanding:
        """The same over other (label, text) pairs."""

        def encode(texts: list[str]) -> Float32s:
            return self.parts.mapped(self.encoders.encode(texts))

        return replace(self, index=Index.build(phrasings, encode, self.index))


class Engine:
    """Ranks labels for a question.

    ``languages``: those it has phrasings for; ``thresholds``: language -> the confidence to answer from;
    ``degraded``: language -> why it answers with less than what was asked for.
    """

    def __init__(self, understood: Mapping[str, Understanding], degraded: Mapping[str, str]) -> None:
        self._understood = dict(understood)
        self.languages = tuple(sorted(code for code, one in understood.items() if len(one.index)))
        self.thresholds = {code: one.parts.join.threshold for code, one in self._understood.items()}
        self.degraded = dict(degraded)

    def rank(
        self, text: str, *, language: str, allow: Container[str] | None = None, limit: int = 5
    ) -> Ranking:
        """The ``limit`` most probable labels out of ``allow`` (None: all) for a question in that language.

        An unknown language and a text without a letter or a digit get an empty ranking. Never raises on any
        text.
        """
        one = self._understood.get(language)
        if one is None or not len(one.index):
            return Ranking(language, (), self.thresholds.get(language, 1.0))
        threshold = one.parts.join.threshold
        terms = gram_terms(text)
        if not len(terms[0]):
            return Ranking(language, (), threshold)
        index, join = one.index, one.parts.join
        vectors = one.encoders.encode([text])
        like = index.likeness(text, one.parts.mapped(vectors)[0])
        intent = np.full(len(index.labels), np.nan)
        if one.parts.classifier is not None:
            intent = intents(one.parts.classifier, features(vectors, [text]), index)[0]
        chosen = np.arange(len(index.labels))
        if allow is not None:
            chosen = np.array([place for place in chosen if index.labels[place] in allow], dtype=np.int64)
        if not len(chosen):
            return Ranking(language, (), threshold)
        lexical, semantic = like.lexical[chosen].astype(float), like.semantic[chosen].astype(float)
        opinion = join.opinion(lexical, semantic, intent[chosen])
        p = join.probabilities(lexical, semantic, opinion)
        order = np.argsort(-p, kind="stable")[: max(limit, 0)]
        if not len(order):
            return Ranking(language, (), threshold)
        first = order[0]
        sure = float(join.confidence(lexical[first], semantic[first], opinion[first]))
        candidates = []
        for place in order.tolist():
            label = int(chosen[place])
            candidates.append(
                Candidate(
                    label=str(index.labels[label]),
                    confidence=sure
                    if place == first
                    else float(min(sure * p[place] / p[first], 1 - sure, sure)),
                    phrasing=index.phrasing(label, like.of_phrasings),
                    lexical=float(lexical[place]),
                    semantic=float(semantic[place]),
                    intent=0.0 if np.isnan(intent[label]) else float(sigmoid(intent[label])),
                )
            )
        return Ranking(language, tuple(candidates), threshold)

    def update(self, examples: Sequence[Example]) -> Engine:
        """The same learned parts over ``examples``, the phrasings as they are now.

        Only new texts are encoded; phrasings that are gone answer no more. A label that the build did not
        know is ranked by its likeness alone; a language that it did not know by words and letters.
        """
        understood = {}
        for language, phrasings in _by_language(examples).items():
            known = self._understood.get(language) or _plain()
            understood[language] = known.updated(phrasings)
        for language, known in self._understood.items():
            understood.setdefault(language, known.updated([]))
        return Engine(understood, self.degraded)


def lexical_engine(examples: Sequence[Example]) -> Engine:
    """An engine without a build and without an encoder: words and letters, a cautious threshold."""
    return Engine({}, {}).update(examples)


def features(vectors: Float32s, texts: Sequence[str]) -> Float32s:
    """What the classifier sees: the encoders' vectors (n, d) or, without any, float32 (n, 2048), the words
    and letters hashed to buckets; rows of unit length.

    Beside an encoder the hashed terms cost accuracy in cross-validation on every data set we tried. A term
    adds 1 + ln(count) to its bucket, with the sign that another bit of its hash gives (Weinberger et al.
    2009).
    """
    if vectors.shape[1]:
        return vectors
    hashed = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        for terms, counts in (word_terms(text), gram_terms(text)):
            sign = np.where((terms >> 20) & 1, 1, -1) * (1 + np.log(counts))
            np.add.at(hashed[row], terms % BUCKETS, sign.astype(np.float32))
    hashed /= np.maximum(np.linalg.norm(hashed, axis=1, keepdims=True), 1e-9)
    return hashed


def intents(classifier: Classifier, seen: Float32s, index: Index) -> NDArray[np.float64]:
    """float64 (m, labels of the index): log-odds; nan for a label that the classifier does not know."""
    found = np.full((len(seen), len(index.labels)), np.nan)
    places = index.positions()
    columns = [(places[label], at) for at, label in enumerate(classifier.labels) if label in places]
    if columns:
        here, there = np.array(columns).T
        found[:, here] = classifier.log_odds(seen)[:, there]
    return found


def _plain() -> Understanding:
    encoders = Encoders({}, {})
    return Understanding(Parts(), encoders, Index.build([], encoders.encode))


def _by_language(examples: Sequence[Example]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for example in examples:
        if example.text.strip():
            found.setdefault(example.language, []).append((example.label, example.text))
    return found
