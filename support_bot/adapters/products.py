"""Finding the product that a customer means among the shop's titles, in spite of typing errors."""

from __future__ import annotations


class TitleSearch:
    """Titles of a shop, kept for a minute, and what a question means among them."""
