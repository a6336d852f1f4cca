"""Likeness by words and letters: BM25 over words, cosine of TF-IDF over character n-grams.

Phrasings are kept as counts of hashed terms; what depends on all of them (document frequencies, postings) is
derived, so that a changed phrasing costs one row and one sort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .tokens import grams, hashed, words

Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
Terms = tuple[Int64s, Float32s]  # different hashed terms, ascending, and how often each occurs

K1 = 1.2
B = 0.5


@lru_cache(maxsize=1024)
def word_terms(text: str) -> Terms:
    """The hashed words of ``text`` and their counts."""
    return _counted(hashed(words(text)))


@lru_cache(maxsize=1024)
def gram_terms(text: str) -> Terms:
    """The hashed character n-grams of ``text`` and their counts."""
    return _counted(hashed(grams(text)))


def _counted(terms: Int64s) -> Terms:
    unique, counts = np.unique(terms, return_counts=True)
    found = unique, counts.astype(np.float32)
    for array in found:
        array.flags.writeable = False  # they are shared: a build asks for the same texts again and again
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Texts as counts of terms: text i has ``terms[indptr[i]:indptr[i + 1]]`` and as many ``counts``."""

    indptr: Int64s
    terms: Int64s
    counts: Float32s

    @classmethod
    def of(cls, texts: Sequence[str], terms_of: Callable[[str], Terms]) -> Rows:
        """One row a text."""
        return cls.stack(terms_of(text) for text in texts)

    @classmethod
    def stack(cls, rows: Iterable[Terms]) -> Rows:
        """Rows one under another."""
        listed = list(rows)
        indptr = np.zeros(len(listed) + 1, dtype=np.int64)
        np.cumsum([len(terms) for terms, _ in listed], out=indptr[1:])
        return cls(
            indptr,
            np.concatenate([terms for terms, _ in listed] or [np.empty(0, np.int64)]),
            np.concatenate([counts for _, counts in listed] or [np.empty(0, np.float32)]),
        )

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, index: int) -> Terms:
        """The terms and counts of one text."""
        span = slice(int(self.indptr[index]), int(self.indptr[index + 1]))
        return self.terms[span], self.counts[span]


class _Postings:
    """For each term the texts it occurs in, with a weight; a score is a sum over the terms of a question."""

    def __init__(self, rows: Rows, weigh: Callable[[Int64s, Float32s], Float32s]) -> None:
        self.n = len(rows)
        order = np.argsort(rows.terms, kind="stable")
        texts = np.repeat(np.arange(self.n), np.diff(rows.indptr))[order]
        self.terms, starts = np.unique(rows.terms[order], return_index=True)
        self.indptr = np.append(starts, len(order)).astype(np.int64)
        self.frequency = np.diff(self.indptr)
        self.texts = texts.astype(np.int32)
        self.weights = weigh(texts, rows.counts[order])

    def find(self, terms: Int64s) -> Int64s:
        """Where each term stands, -1 for one that no text has."""
        if not len(self.terms):
            return np.full(len(terms), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        return np.where(self.terms[place] == terms, place, -1)

    def score(self, places: Int64s, weights: Float32s) -> Float32s:
        """One score a text: the sum over the known terms of weight there times weight here."""
        total = np.zeros(self.n, dtype=np.float32)
        for place, weight in zip(places.tolist(), weights.tolist(), strict=True):
            if place >= 0:
                span = slice(self.indptr[place], self.indptr[place + 1])
                total[self.texts[span]] += weight * self.weights[span]
        return total


class BM25:
    """Okapi BM25 (Robertson & Zaragoza 2009, eq. 3.15) with idf ln(1 + (n - df + .5) / (df + .5)), divided by
    the sum of the question's idf: about 1 where a text has every word of the question."""

    def __init__(self, rows: Rows, *, k1: float = K1, b: float = B) -> None:
        lengths = np.zeros(len(rows), dtype=np.float32)
        np.add.at(lengths, np.repeat(np.arange(len(rows)), np.diff(rows.indptr)), rows.counts)
        norm = k1 * (1 - b + b * lengths / max(float(lengths.mean()) if len(rows) else 1.0, 1e-9))

        def weigh(texts: Int64s, counts: Float32s) -> Float32s:
            return np.asarray(counts * (k1 + 1) / (counts + norm[texts]), dtype=np.float32)

        self._postings = _Postings(rows, weigh)
        frequency = self._postings.frequency
        self._idf = np.log1p((len(rows) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        self._unknown = float(np.log1p((len(rows) + 0.5) / 0.5))

    def score(self, question: Terms) -> Float32s:
        """float32 (n,): how well each text matches."""
        places = self._postings.find(question[0])
        idf = np.full(len(places), self._unknown, dtype=np.float32)
        known = places >= 0
        idf[known] = self._idf[places[known]]
        return self._postings.score(places, idf / np.float32(max(float(idf.sum()), 1e-9)))


class TfIdf:
    """Cosine of TF-IDF vectors, (1 + ln tf) times smoothed idf ln((1 + n) / (1 + df)) + 1.

    Terms that no text has lengthen the question's vector: what is about something else scores low.
    """

    def __init__(self, rows: Rows) -> None:
        n = len(rows)
        self._postings = _Postings(rows, lambda _, counts: 1 + np.log(counts))
        postings = self._postings
        self.idf = (np.log((1 + n) / (1 + postings.frequency)) + 1).astype(np.float32)
        self._unknown = float(np.log(1 + n) + 1)
        postings.weights *= np.repeat(self.idf, postings.frequency)
        norms = np.zeros(n, dtype=np.float32)
        np.add.at(norms, postings.texts, postings.weights**2)
        postings.weights /= np.sqrt(np.maximum(norms, 1e-12))[postings.texts]

    def score(self, question: Terms) -> Float32s:
        """float32 (n,): the cosine with each text, 0 to 1."""
        places = self._postings.find(question[0])
        idf = np.full(len(places), self._unknown, dtype=np.float32)
        known = places >= 0
        idf[known] = self.idf[places[known]]
        weights = (1 + np.log(question[1])) * idf
        return self._postings.score(places, weights / max(float(np.linalg.norm(weights)), 1e-9))
