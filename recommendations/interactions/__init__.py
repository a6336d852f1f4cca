"""Interactions: rows of a shop's orders and ratings as arrays, with vocabulary, cleaning and splits."""

from recommendations.interactions.dataset import Feature, Interactions
from recommendations.interactions.vocabulary import Vocabulary

__all__ = ["Feature", "Interactions", "Vocabulary"]
