"""The phrasings of one language, ready to be compared with a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lexical import BM25, Rows, TfIdf, gram_terms, word_terms

Float32s = NDArray[np.float32]
NEAREST = 3


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How much a question resembles each label, float32 (labels,), and each phrasing, float32 (n,)."""

    lexical: Float32s
    semantic: Float32s
    of_phrasings: Float32s


class Index:
    """Phrasings sorted by label. ``vectors`` (n, d) are those of the encoders, after the learned map if any;
    d is 0 without an encoder."""

    def __init__(
        self, texts: Sequence[str], labels: Sequence[str], vectors: Float32s, words: Rows, grams: Rows
    ) -> None:
        self.texts = list(texts)
        self.text_labels = list(labels)
        self.vectors = vectors
        self.words = words
        self.grams = grams
        self.labels, starts = np.unique(np.array(self.text_labels, dtype=object), return_index=True)
        if np.any(np.diff(starts) < 0) or self.text_labels != sorted(self.text_labels):
            raise ValueError("phrasings must be sorted by their label")
        self._starts = np.append(starts, len(self.texts)).astype(np.int64)
        self._place = np.repeat(np.arange(len(self.labels)), np.diff(self._starts))
        self._bm25 = BM25(words)
        self._tfidf = TfIdf(grams)

    @classmethod
    def build(cls, phrasings: Sequence[tuple[str, str]], encode: Any, known: Index | None = None) -> Index:
        """The index of (label, text) pairs; texts that ``known`` has are not encoded again."""
        pairs = sorted(set(phrasings))
        if known is not None and pairs == list(zip(known.text_labels, known.texts, strict=True)):
            return known
        old = {text: place for place, text in enumerate(known.texts)} if known is not None else {}
        fresh = list(dict.fromkeys(text for _, text in pairs if text not in old))
        encoded: Float32s = encode(fresh)
        place_of = {text: place for place, text in enumerate(fresh)}
        vectors = np.empty((len(pairs), encoded.shape[1]), dtype=np.float32)
        words, grams = [], []
        for row, (_, text) in enumerate(pairs):
            if known is not None and text in old:
                vectors[row] = known.vectors[old[text]]
                words.append(known.words.row(old[text]))
                grams.append(known.grams.row(old[text]))
            else:
                vectors[row] = encoded[place_of[text]]
                words.append(word_terms(text))
                grams.append(gram_terms(text))
        return cls(
            [text for _, text in pairs],
            [label for label, _ in pairs],
            vectors,
            Rows.stack(words),
            Rows.stack(grams),
        )

    def __len__(self) -> int:
        return len(self.texts)

    def targets(self) -> NDArray[np.int64]:
        """The place of each phrasing's label in ``labels``, int64 (n,)."""
        return self._place

    def part(self, rows: NDArray[np.int64], vectors: Float32s) -> Index:
        """The index of some of the phrasings, ``rows`` ascending, with these vectors instead of their own."""
        return Index(
            [self.texts[row] for row in rows],
            [self.text_labels[row] for row in rows],
            vectors,
            Rows.stack(self.words.row(row) for row in rows),
            Rows.stack(self.grams.row(row) for row in rows),
        )

    def likeness(self, text: str, vector: Float32s) -> Likeness:
        """Of one question; ``vector`` (d,) is its own, mapped like those of the phrasings."""
        lexical = self.lexical(text)
        semantic = self.vectors @ vector if len(vector) else np.zeros(len(self), dtype=np.float32)
        return Likeness(
            self.best(lexical), self.nearest(semantic[None])[0], semantic if len(vector) else lexical
        )

    def lexical(self, text: str) -> Float32s:
        """float32 (n,): mean of BM25 over words and the cosine over letters, about 0 to 1."""
        found = self._bm25.score(word_terms(text))
        found += self._tfidf.score(gram_terms(text))
        return found / np.float32(2)

    def best(self, scores: Float32s) -> Float32s:
        """float32 (labels,): the highest score of each label's phrasings."""
        return np.maximum.reduceat(scores, self._starts[:-1]) if len(scores) else scores

    def nearest(self, scores: Float32s, *, exclude: Any = None) -> Float32s:
        """float32 (m, labels) of scores (m, n): the mean of each label's three highest.

        A label's scores stay within its columns when ``label * 4 - score`` is sorted, as scores lie in
        [-1, 1]: one sort does it for all.
        """
        if not len(self):
            return np.zeros((len(scores), 0), dtype=np.float32)
        ordered = np.sort(self._place * 4.0 - scores, axis=1)
        total = np.zeros((len(scores), len(self.labels)))
        counts = np.diff(self._starts)
        for step in range(NEAREST):
            there = counts > step
            columns = self._starts[:-1][there] + step
            total[:, there] += np.flatnonzero(there) * 4.0 - ordered[:, columns]
        return (total / np.minimum(counts, NEAREST)).astype(np.float32)

    def phrasing(self, label: int, scores: Float32s) -> str:
        """The label's phrasing with the highest score."""
        first, end = int(self._starts[label]), int(self._starts[label + 1])
        return self.texts[first + int(np.argmax(scores[first:end]))]

    def positions(self) -> Mapping[str, int]:
        """Where each label stands."""
        return {label: place for place, label in enumerate(self.labels.tolist())}


def project(vectors: Float32s, projection: Float32s) -> Float32s:
    """``vectors`` (n, d) through the map (d, k), of unit length again."""
    mapped: Float32s = vectors @ projection
    lengths = np.linalg.norm(mapped, axis=1, keepdims=True)
    return np.asarray(mapped / np.maximum(lengths, 1e-12), dtype=np.float32)
