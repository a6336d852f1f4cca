"""Names and sentences that runs keep in English: parameters, figures, cleaning rules; for any reader.

They come from rooms that know no Django and are stored with the run; this is where they are marked for
translation. What is not listed, such as a parameter of a host's own algorithm, is shown as it is. Short words
carry the context "run": the catalogue of an app is everybody's, and its "users" must not rename Django's.
"""

from __future__ import annotations

import re

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext_lazy

from recommendations.algorithms.catalogue import Parameter

_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?(?:e[+-]?\d+)?")

PARAMETERS = {
    "alpha": pgettext_lazy("run", "alpha"),
    "amplification": pgettext_lazy("run", "amplification"),
    "basket decay": pgettext_lazy("run", "basket decay"),
    "bias regularization": pgettext_lazy("run", "bias regularization"),
    "block": pgettext_lazy("run", "block"),
    "dropout": pgettext_lazy("run", "dropout"),
    "epochs": pgettext_lazy("run", "epochs"),
    "factors": pgettext_lazy("run", "factors"),
    "false discovery rate": pgettext_lazy("run", "false discovery rate"),
    "frequency scaling": pgettext_lazy("run", "frequency scaling"),
    "group decay": pgettext_lazy("run", "group decay"),
    "groups": pgettext_lazy("run", "groups"),
    "half life": pgettext_lazy("run", "half life"),
    "half life orders": pgettext_lazy("run", "half life orders"),
    "implicit regularization": pgettext_lazy("run", "implicit regularization"),
    "iterations": pgettext_lazy("run", "iterations"),
    "l2": pgettext_lazy("run", "l2"),
    "learning rate": pgettext_lazy("run", "learning rate"),
    "loss": pgettext_lazy("run", "loss"),
    "margin": pgettext_lazy("run", "margin"),
    "max antecedents": pgettext_lazy("run", "max antecedents"),
    "max order items": pgettext_lazy("run", "max order items"),
    "metric": pgettext_lazy("run", "metric"),
    "min confidence": pgettext_lazy("run", "min confidence"),
    "min lift": pgettext_lazy("run", "min lift"),
    "min support": pgettext_lazy("run", "min support"),
    "negative weight": pgettext_lazy("run", "negative weight"),
    "negatives": pgettext_lazy("run", "negatives"),
    "neighbours": pgettext_lazy("run", "neighbours"),
    "patience": pgettext_lazy("run", "patience"),
    "regularization": pgettext_lazy("run", "regularization"),
    "sampling": pgettext_lazy("run", "sampling"),
    "seed": pgettext_lazy("run", "seed"),
    "shrinkage": pgettext_lazy("run", "shrinkage"),
    "similarity": pgettext_lazy("run", "similarity"),
    "temperature": pgettext_lazy("run", "temperature"),
    "unobserved weight": pgettext_lazy("run", "unobserved weight"),
    "weight": pgettext_lazy("run", "weight"),
    "weight decay": pgettext_lazy("run", "weight decay"),
}
FIGURES = {
    "coverage": pgettext_lazy("run", "coverage"),
    "diversity": pgettext_lazy("run", "diversity"),
    "f1": pgettext_lazy("run", "f1"),
    "gini": pgettext_lazy("run", "gini"),
    "miscalibration": pgettext_lazy("run", "miscalibration"),
    "price bias": pgettext_lazy("run", "price bias"),
    "hit rate": pgettext_lazy("run", "hit rate"),
    "ndcg all": pgettext_lazy("run", "ndcg all"),
    "ndcg new": pgettext_lazy("run", "ndcg new"),
    "novelty": pgettext_lazy("run", "novelty"),
    "precision": pgettext_lazy("run", "precision"),
    "predicted": pgettext_lazy("run", "predicted"),
    "recall": pgettext_lazy("run", "recall"),
    "recall all": pgettext_lazy("run", "recall all"),
    "recall new": pgettext_lazy("run", "recall new"),
}
DATA = {
    "cutoff": pgettext_lazy("run", "cutoff"),
    "fingerprint": pgettext_lazy("run", "fingerprint"),
    "first": pgettext_lazy("run", "first"),
    "items": pgettext_lazy("run", "items"),
    "kind": pgettext_lazy("run", "kind"),
    "last": pgettext_lazy("run", "last"),
    "left out": pgettext_lazy("run", "left out"),
    "name": pgettext_lazy("run", "name"),
    "note": pgettext_lazy("run", "note"),
    "orders": pgettext_lazy("run", "orders"),
    "ratings": pgettext_lazy("run", "ratings"),
    "rows": pgettext_lazy("run", "rows"),
    "split": pgettext_lazy("run", "split"),
    "temporal": pgettext_lazy("run", "temporal"),
    "leave-last": pgettext_lazy("run", "leave-last"),
    "test rows": pgettext_lazy("run", "test rows"),
    "test users": pgettext_lazy("run", "test users"),
    "train rows": pgettext_lazy("run", "train rows"),
    "train users": pgettext_lazy("run", "train users"),
    "users": pgettext_lazy("run", "users"),
    "validation cutoff": pgettext_lazy("run", "validation cutoff"),
    "validation rows": pgettext_lazy("run", "validation rows"),
    "validation users": pgettext_lazy("run", "validation users"),
}
RULES = {
    "deleted item": pgettext_lazy("run", "deleted item"),
    "deleted user": pgettext_lazy("run", "deleted user"),
    "duplicates": pgettext_lazy("run", "duplicates"),
    "future time": pgettext_lazy("run", "future time"),
    "guest orders": pgettext_lazy("run", "guest orders"),
    "missing item": pgettext_lazy("run", "missing item"),
    "missing time": pgettext_lazy("run", "missing time"),
    "missing user": pgettext_lazy("run", "missing user"),
    "never for sale": pgettext_lazy("run", "never for sale"),
    "non positive quantity": pgettext_lazy("run", "non positive quantity"),
    "outlier quantity": pgettext_lazy("run", "outlier quantity"),
    "returned": pgettext_lazy("run", "returned"),
    "returned in part": pgettext_lazy("run", "returned in part"),
    "returns": pgettext_lazy("run", "returns"),
    "too many lines per day": pgettext_lazy("run", "too many lines per day"),
    "unmatched returns": pgettext_lazy("run", "unmatched returns"),
    "unpriced": pgettext_lazy("run", "unpriced"),
    "unreadable price": pgettext_lazy("run", "unreadable price"),
    "unreadable value": pgettext_lazy("run", "unreadable value"),
}
SENTENCES = (
    gettext_noop("prices below {} or beyond reason taken as unknown"),
    gettext_noop("purchases reduced by what was returned"),
    gettext_noop("purchases returned in full dropped"),
    gettext_noop("quantities capped at {}"),
    gettext_noop("returns taken off their purchases"),
    gettext_noop("returns without a purchase dropped"),
    gettext_noop("rows dated in the future dropped"),
    gettext_noop("rows equal in user, item, order, time, number and price dropped"),
    gettext_noop("rows of guests kept for what sells and what is bought together"),
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
WORDS = PARAMETERS | FIGURES | DATA | RULES


def word(name: str) -> str:
    """``half_life`` in the reader's language; what is not ours as it is."""
    return str(WORDS.get(name.replace("_", " "), name))


def label(name: str) -> str:
    """The same at the head of a row or over a field: ``Half life``."""
    return capfirst(word(name).replace("_", " "))


def metric(name: str) -> str:
    """A metric at the head of a row: ``NDCG``, ``Hit rate``."""
    short = {"ndcg", "map", "mrr", "rmse", "mae"}
    return name.upper() if name in short else label(name)


def empty(parameter: Parameter | None) -> str:
    """What an empty field of this parameter means: chosen on the validation part, or going without."""
    return _("none") if parameter is not None and parameter.empty == "none" else _("auto")


def sentence(text: str) -> str:
    """What cleaning did, in the reader's language, its numbers where that language wants them."""
    template = _NUMBER.sub("{}", text)
    if template not in SENTENCES:
        return text
    return _(template).format(*_NUMBER.findall(text))
