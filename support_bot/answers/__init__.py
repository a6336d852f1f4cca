"""Answers: which entry, skill or small talk a question means, and how surely."""

from .explaining import Explanation, Ranked, explain
from .finding import closest, find
from .found import Found, Match, Outcome, decide
from .pickup import Active, active, reset
from .topics import examples

__all__ = [
    "Active",
    "Explanation",
    "Found",
    "Match",
    "Outcome",
    "Ranked",
    "active",
    "closest",
    "decide",
    "examples",
    "explain",
    "find",
    "reset",
]
