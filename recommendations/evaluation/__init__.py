"""Evaluation: how good a model's lists are, by one protocol for all, with the uncertainty beside it."""

from recommendations.evaluation.bootstrap import Difference, bootstrap_interval, paired_difference
from recommendations.evaluation.leaks import LeakCheck, check_leaks
from recommendations.evaluation.protocol import Evaluation, evaluate
from recommendations.evaluation.ratings import RatingEvaluation, evaluate_ratings
from recommendations.evaluation.scorecard import ScorecardEntry, scorecard

__all__ = [
    "Difference",
    "Evaluation",
    "LeakCheck",
    "RatingEvaluation",
    "ScorecardEntry",
    "bootstrap_interval",
    "check_leaks",
    "evaluate",
    "evaluate_ratings",
    "paired_difference",
    "scorecard",
]
