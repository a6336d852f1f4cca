"""Product search that any database can do: every word must occur in the name, the brand or the category."""

from __future__ import annotations

import difflib
import hashlib
import re

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from shop.models import Category, Product
from shop.remember import remember

MAX_HITS = 1000
MAX_WORDS = 6
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*%?")
_ENDINGS = (("ies", ""), ("oes", "o"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("s", ""))


def words(query: str) -> list[str]:
    """The query's words, lower case, at most ``MAX_WORDS``; signs and NUL separate words."""
    found = dict.fromkeys(_WORD.findall(query.lower()))
    return [word[:40] for word in found][:MAX_WORDS]


def stem(word: str) -> str:
    """``word`` without a plural ending: "apples" finds "Apple" and "strawberries" finds "strawberry"."""
    if len(word) > 3 and not word.endswith(("ss", "us")):
        for ending, instead in _ENDINGS:
            if word.endswith(ending):
                return word.removesuffix(ending) + instead
    return word


def hits(query: str) -> list[int]:
    """Keys of the products for sale that match ``query``, best first, at most ``MAX_HITS``, in one query.

    Best means: every word begins a word of the name, then what sells most. Kept for a minute, because
    the pages and facets of one search ask again and again.
    """
    stems = [stem(word) for word in words(query)]
    if not stems:
        return []
    key = "shop.search." + hashlib.sha256(" ".join(stems).encode()).hexdigest()
    return remember(key, 60, lambda: list(_matching(stems).values_list("pk", flat=True)[:MAX_HITS]))


def _matching(stems: list[str]) -> QuerySet[Product]:
    products = Product.objects.filter(is_active=True).annotate(spaced_name=Concat(Value(" "), "name"))
    starts = Q()
    for word in stems:
        categories = Category.objects.filter(name__icontains=word).values("pk")
        products = products.filter(
            Q(name__icontains=word) | Q(brand__icontains=word) | Q(category__in=categories)
        )
        starts &= Q(spaced_name__icontains=f" {word}")
    first = Case(When(starts, then=Value(True)), default=Value(False), output_field=BooleanField())
    return products.order_by(first.desc(), "-sold", "pk")


def suggestion(query: str) -> str:
    """A near spelling of ``query`` from the words of the categories, empty when nothing is near."""
    vocabulary = remember("shop.search.vocabulary", 600, _vocabulary)
    near = [
        (difflib.get_close_matches(word, vocabulary, n=1, cutoff=0.75) or [word])[0] for word in words(query)
    ]
    return " ".join(near) if near != words(query) else ""


def _vocabulary() -> list[str]:
    names = Category.objects.values_list("name", flat=True)
    return sorted({word for name in names for word in words(name) if len(word) > 2})
