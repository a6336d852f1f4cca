"""Interactions: rows of a shop's orders and ratings as arrays, with vocabulary, cleaning and splits."""

from recommendations.interactions.builder import Builder, Lines, RawLines
from recommendations.interactions.cleaning import CleaningReport, CleaningRules, clean
from recommendations.interactions.dataset import Feature, Interactions
from recommendations.interactions.feature_table import FeatureTable, features
from recommendations.interactions.splits import Split, leave_last_order_split, temporal_split
from recommendations.interactions.vocabulary import Vocabulary

__all__ = [
    "Builder",
    "CleaningReport",
    "CleaningRules",
    "Feature",
    "FeatureTable",
    "Interactions",
    "Lines",
    "RawLines",
    "Split",
    "Vocabulary",
    "clean",
    "features",
    "leave_last_order_split",
    "temporal_split",
]
