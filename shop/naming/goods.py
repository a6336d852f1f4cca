"""Names of departments, categories, product types and products."""

from __future__ import annotations


def department(raw: str) -> str:
    return raw.capitalize()


def category(raw: str) -> str:
    return raw.capitalize()


def product_type(category: str | None, kind: str | None, department: str) -> str:
    return (kind or category or department).capitalize()


def product_name(what: str, size: str, *, variety: int = 1) -> str:
    """``Chocolate milk, 1 gal``; further varieties of the same brand and size carry a number."""
    numbered = what if variety == 1 else f"{what} no. {variety}"
    return f"{numbered}, {size}" if size else numbered


def description(name: str, brand: str, size: str, department: str) -> str:
    return f"{name} by {brand}."
