"""Finding the product that a customer means among the shop's titles, in spite of typing errors.

A title counts by the words of the question that it covers, rare words more than common ones (inverse document
frequency). A word of the question that no title has is looked for as the beginning of one, then with one or
two typing errors (optimal string alignment: a swap of neighbours is one error). Chinese is compared by pairs
of characters.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import log
from time import monotonic
from typing import Final

try:
    from rapidfuzz import process
    from rapidfuzz.distance import OSA
except ImportError:  # the checks say what is missing; without it no typing error is forgiven
    process = None  # type: ignore[assignment]

FRESH_FOR: Final = 60.0  # seconds
MIN_COVERAGE: Final = 0.25  # of a question's words, by weight
MAX_WORDS: Final = 24
MAX_NEAR: Final = 8
BEGUN: Final = 0.95  # likeness of a word that was typed to its end but for a letter, less for more letters
HEAD: Final = 2.0  # of "whole milk", milk is what is wanted

Titles = Iterable[tuple[str, str]]

_WORD: Final = re.compile(r"[\u3400-\u9fff]+|[^\W_]+(?:['’][^\W_]+)?")
_IS_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ENDINGS: Final = (("ies", ""), ("oes", "o"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("s", ""))
# What people say around a product's name.
_SAID: Final = """
a about again all along also am an and any anything are at availability available back be because been
before bought buy by can carry cheap check come cost costs could did do does doing don don't else expensive
find fit fits for from get give go goes going got had has have having hello hey hi how i i'd i'll i'm if in
into is isn't it it's item items its just know left let like long look looking many match matches may me
more much my need next no not now of offer often ok on one online or order our out over pair people please
price priced prices pricing product products put recommend refund restock restocked return returned
returning sale say see sell selling serve shelf shop should show similar so sold some something soon sort
still stock stocked store suggest tell than thank thanks that that's the their them then there these they
thing things this those to today today's together tomorrow too try up us use want was we well were what
what's when where which who will with without would yes you your
"""
_ENGLISH: Final = frozenset(_SAID.split())
_CHINESE: Final = re.compile(
    "退货|退回|退掉|退|有没有|有货吗|有货|还有货|缺货|没货|补货|到货|库存|多少钱|什么价|价格|价钱|售价|请问|你们|我们|我想买|我想要|想买|想要|"
    "推荐|搭配|一起买|配什么|什么时候|在哪里|哪里|哪儿|可以|能不能|能买|买到|现在|今天|一下|这个|那个|这款|那款|商品|产品|"
    "店里|商店|查|多少|怎么|什么|还有|卖完|卖|买|吗|呢|了|的|有|我|要|是|在|"
    "和|跟|与|配|搭|贵|钱|价|货|好(?=[吗呢啊呀？?！!。 ]*$)"
)


class TitleSearch:
    """Titles by key, read by ``read`` at most once a minute, and what a question means among them."""

    def __init__(self, read: Callable[[], Titles]) -> None:
        self._read = read
        self._index: _Index | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def find(self, question: str, limit: int) -> list[str]:
        """Keys of the titles that ``question`` means, best first, at most ``limit``; none is near: none."""
        found = words(question, spoken=True)[:MAX_WORDS]
        return self._current().find(found, limit) if found and limit > 0 else []

    def _current(self) -> _Index:
        """The index; while it is read anew, others answer from the old one."""
        if self._index is not None and monotonic() - self._read_at < FRESH_FOR:
            return self._index
        if self._index is not None and not self._lock.acquire(blocking=False):
            return self._index
        if self._index is None:
            self._lock.acquire()
        try:
            if self._index is None or monotonic() - self._read_at >= FRESH_FOR:
                titles = tuple(self._read())
                if self._index is None or titles != self._index.titles:
                    self._index = _Index(titles)
                self._read_at = monotonic()
            return self._index
        finally:
            self._lock.release()


class _Index:
    def __init__(self, titles: tuple[tuple[str, str], ...]) -> None:
        self.titles = titles
        self.keys: list[str] = []
        self.sizes: list[int] = []
        self.postings: dict[str, list[int]] = defaultdict(list)
        for key, title in titles:
            found = set(words(title))
            for word in found:
                self.postings[word].append(len(self.keys))
            self.keys.append(key)
            self.sizes.append(len(found))
        self.vocabulary = list(self.postings)

    def find(self, question: Sequence[str], limit: int) -> list[str]:
        question = self._respelled(question)
        near = {word: self._near(word) for word in dict.fromkeys(question)}
        weights = {word: self._weight(alike) for word, alike in near.items()}
        if known := [word for word in question if near[word]]:
            weights[known[-1]] *= HEAD
        covered: dict[int, float] = defaultdict(float)
        for word, alike in near.items():
            for row, likeness in self._rows(alike).items():
                covered[row] += weights[word] * likeness
        needed = MIN_COVERAGE * sum(weights.values())
        rows = [row for row, cover in covered.items() if cover >= needed]
        rows.sort(key=lambda row: (-round(covered[row], 6), self.sizes[row], row))
        return list(dict.fromkeys(self.keys[row] for row in rows))[:limit]

    def _respelled(self, question: Sequence[str]) -> list[str]:
        """ "sour dough" as "sourdough" and "icecream" as "ice cream", where the titles write it so."""
        words: list[str] = []
        for word in question:
            if words and words[-1] + word in self.postings:
                words[-1] += word
            elif word in self.postings:
                words.append(word)
            else:
                words += self._halves(word) or [word]
        return words

    def _halves(self, word: str) -> list[str]:
        """The two words of the titles that ``word`` is made of, the longer first half winning; or none."""
        for end in range(len(word) - 3, 2, -1):
            if word[:end] in self.postings and word[end:] in self.postings:
                return [word[:end], word[end:]]
        return []

    def _near(self, word: str) -> Mapping[str, float]:
        """Words of the titles that ``word`` may be, with their likeness (0 to 1)."""
        if word in self.postings:
            return {word: 1.0}
        begun = [one for one in self.vocabulary if one.startswith(word)] if len(word) >= 3 else []
        alike = {one: BEGUN * len(word) / len(one) for one in begun}
        errors = 0 if len(word) < 4 or _IS_HAN.match(word) else 1 if len(word) < 7 else 2
        if not errors or process is None:
            return alike
        found = process.extract(
            word, self.vocabulary, scorer=OSA.distance, score_cutoff=errors, limit=MAX_NEAR
        )
        # People rarely mistype the first letter: "mlik" is milk rather than silk.
        for one, distance, _position in found:
            likeness = (1.0 - distance / len(word)) * (1.0 if one[0] == word[0] else 0.8)
            if _may_be(word, one) and likeness > alike.get(one, 0.0):
                alike[one] = likeness
        return alike

    def _weight(self, alike: Mapping[str, float]) -> float:
        """Inverse document frequency of the most common of the words; the rarest's where there is none."""
        count = max((len(self.postings[word]) for word in alike), default=0)
        return log(1.0 + (len(self.keys) + 0.5) / (count + 0.5))

    def _rows(self, alike: Mapping[str, float]) -> dict[int, float]:
        rows: dict[int, float] = {}
        for word, likeness in alike.items():
            for row in self.postings[word]:
                rows[row] = max(rows.get(row, 0.0), likeness)
        return rows


def _may_be(typed: str, word: str) -> bool:
    """Whether a near word may be meant: in a short one, another letter makes another word, cola and cold."""
    return len(word) > 2 and (len(typed) > 4 or len(typed) != len(word) or sorted(typed) == sorted(word))


def words(text: str, *, spoken: bool = False) -> list[str]:
    """What titles are compared by: lower case, no accents, no plural endings, Chinese in pairs of characters.

    ``spoken`` leaves out what people say around a name ("do you have …", "…多少钱").
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    if spoken:
        plain = _CHINESE.sub(" ", plain)
    return list(_words(plain, _ENGLISH if spoken else frozenset()))


def _words(plain: str, left_out: frozenset[str]) -> Iterator[str]:
    for word in _WORD.findall(plain):
        if _IS_HAN.match(word):
            yield from (word[at : at + 2] for at in range(max(len(word) - 1, 1)))
        elif word.replace("’", "'") not in left_out:
            yield _stem(word)


def _stem(word: str) -> str:
    """Without a plural ending: "strawberries" and "strawberry" are the same word."""
    word = word.removesuffix("'s").removesuffix("’s")
    if len(word) > 3 and not word.endswith(("ss", "us")):
        if word.endswith("y"):
            return word[:-1]
        for ending, instead in _ENDINGS:
            if word.endswith(ending):
                return word.removesuffix(ending) + instead
    return word
