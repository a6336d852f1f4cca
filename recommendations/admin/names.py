"""Names and sentences that runs keep in English: parameters, figures, cleaning rules; for any reader.

They come from rooms that know no Django and are stored with the run; this is where they are marked for
translation. What is not listed, such as a parameter of a host's own algorithm, is shown as it is.
"""

from __future__ import annotations

import re

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?(?:e[+-]?\d+)?")

PARAMETERS = (
    gettext_noop("alpha"),
    gettext_noop("amplification"),
    gettext_noop("epochs"),
    gettext_noop("factors"),
    gettext_noop("false discovery rate"),
    gettext_noop("half life"),
    gettext_noop("iterations"),
    gettext_noop("learning rate"),
    gettext_noop("max order items"),
    gettext_noop("min lift"),
    gettext_noop("min support"),
    gettext_noop("neighbours"),
    gettext_noop("regularization"),
    gettext_noop("seed"),
    gettext_noop("shrinkage"),
    gettext_noop("weight"),
)
FIGURES = (
    gettext_noop("coverage"),
    gettext_noop("diversity"),
    gettext_noop("f1"),
    gettext_noop("gini"),
    gettext_noop("hit rate"),
    gettext_noop("ndcg all"),
    gettext_noop("ndcg new"),
    gettext_noop("novelty"),
    gettext_noop("precision"),
    gettext_noop("predicted"),
    gettext_noop("recall"),
    gettext_noop("recall all"),
    gettext_noop("recall new"),
)
DATA = (
    gettext_noop("cutoff"),
    gettext_noop("fingerprint"),
    gettext_noop("first"),
    gettext_noop("items"),
    gettext_noop("kind"),
    gettext_noop("last"),
    gettext_noop("left out"),
    gettext_noop("orders"),
    gettext_noop("ratings"),
    gettext_noop("rows"),
    gettext_noop("split"),
    gettext_noop("temporal"),
    gettext_noop("leave-last"),
    gettext_noop("test rows"),
    gettext_noop("test users"),
    gettext_noop("train rows"),
    gettext_noop("train users"),
    gettext_noop("users"),
    gettext_noop("validation cutoff"),
    gettext_noop("validation rows"),
    gettext_noop("validation users"),
)
RULES = (
    gettext_noop("deleted item"),
    gettext_noop("deleted user"),
    gettext_noop("duplicates"),
    gettext_noop("missing item"),
    gettext_noop("missing time"),
    gettext_noop("missing user"),
    gettext_noop("never for sale"),
    gettext_noop("non positive quantity"),
    gettext_noop("outlier quantity"),
    gettext_noop("returned"),
    gettext_noop("returned in part"),
    gettext_noop("returns"),
    gettext_noop("too many lines per day"),
    gettext_noop("unmatched returns"),
    gettext_noop("unpriced"),
    gettext_noop("unreadable price"),
    gettext_noop("unreadable value"),
)
SENTENCES = (
    gettext_noop("prices below {} or beyond reason taken as unknown"),
    gettext_noop("purchases reduced by what was returned"),
    gettext_noop("purchases returned in full dropped"),
    gettext_noop("quantities capped at {}"),
    gettext_noop("returns taken off their purchases"),
    gettext_noop("returns without a purchase dropped"),
    gettext_noop("rows equal in user, item, order, time, number and price dropped"),
    gettext_noop("rows of items never sold at a price dropped"),
    gettext_noop("rows of items that are not for sale dropped"),
    gettext_noop("rows of items that no longer exist dropped"),
    gettext_noop("rows of quantity {} dropped"),
    gettext_noop("rows of users that no longer exist dropped"),
    gettext_noop("rows of {} users on days with more than {} rows dropped (bots)"),
    gettext_noop("rows without a number up to {} dropped"),
    gettext_noop("rows without a readable time dropped"),
    gettext_noop("rows without a user dropped"),
    gettext_noop("rows without an item dropped"),
)
WORDS = frozenset((*PARAMETERS, *FIGURES, *DATA, *RULES))


def word(name: str) -> str:
    """``half_life`` in the reader's language; what is not ours as it is."""
    words = name.replace("_", " ")
    return _(words) if words in WORDS else name


def label(name: str) -> str:
    """The same at the head of a row or over a field: ``Half life``."""
    return capfirst(word(name).replace("_", " "))


def sentence(text: str) -> str:
    """What cleaning did, in the reader's language, its numbers where that language wants them."""
    template = _NUMBER.sub("{}", text)
    if template not in SENTENCES:
        return text
    return _(template).format(*_NUMBER.findall(text))
