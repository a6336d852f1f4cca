"""Names of departments, categories, product types and products.

The types that cover 95 % of the order lines are named in ``data/types.tsv``, each department and category in
a table of its own; what is left is read from the source's abbreviations word by word (``data/words.tsv``).
"""

from __future__ import annotations

import re
from functools import cache

from shop.naming.tables import rows, words

# The source cuts names at this length, often in the middle of a word.
CUT_AT = 30
# Types whose name says nothing without their category: PREMIUM is ice cream, bacon or pasta sauce.
VAGUE = frozenset(words("vague_words.txt"))


def department(raw: str) -> str:
    """``Fruit and vegetables`` for ``PRODUCE``"""
    return _departments().get(raw, ("", ""))[0] or _read(raw)


def category(raw: str) -> str:
    """``Ice cream bars and ice pops`` for ``FRZN NOVELTIES/WTR ICE``"""
    return _categories().get(raw) or _read(raw)


@cache
def product_type(category_raw: str | None, raw: str | None, department_raw: str) -> str:
    """``Chocolate chip cookies`` for ``TRAY PACK/CHOC CHIP COOKIES``; without a type the category's name."""
    if raw:
        named = _types().get((raw, category_raw or "")) or _types().get((raw, ""))
        if named:
            return named
        read = _read(raw)
        if not set(re.findall(r"[a-z]+", read.lower())) <= VAGUE:
            return read
    return category(category_raw) if category_raw else department(department_raw)


def product_name(what: str, size: str, *, variety: int = 1) -> str:
    """``Chocolate milk, 1 gal``; further varieties of the same brand and size carry a number."""
    numbered = what if variety == 1 else f"{what} no. {variety}"
    return f"{numbered}, {size}" if size else numbered


def description(what: str, brand: str, size: str, department_raw: str) -> str:
    """Two sentences for the product's page."""
    package = f" in the {size} size" if size else ""
    sentence = _departments().get(department_raw, ("", ""))[1]
    return f"{what} by {brand}{package}. {sentence}".rstrip()


@cache
def _departments() -> dict[str, tuple[str, str]]:
    return {raw: (name, sentence) for raw, name, sentence in rows("departments.tsv")}


@cache
def _categories() -> dict[str, str]:
    return {row[0]: row[1] for row in rows("categories.tsv")}


@cache
def _types() -> dict[tuple[str, str], str]:
    return {(raw, category): name for raw, category, name in rows("types.tsv")}


@cache
def _words() -> dict[str, str]:
    return {row[0]: row[1] for row in rows("words.tsv")}


@cache
def _whole_words() -> frozenset[str]:
    """Words that the source also has where nothing was cut, and which may therefore end a cut name."""
    return frozenset(
        word for raw, *_ in rows("types.tsv") if len(raw) < CUT_AT for word in _split(raw)
    ) | frozenset(word for raw, *_ in rows("categories.tsv") for word in _split(raw))


def _split(raw: str) -> list[str]:
    return re.findall(r"[A-Z0-9.'&%$/+]+", raw)


def _read(raw: str) -> str:
    """An abbreviated name in capitals as a person would write it."""
    text = re.sub(r"\([^)]*\)?", " ", raw)
    cut = len(raw) >= CUT_AT and "(" not in raw
    parts = [_part(part, cut=cut) for part in re.split(r"\s*[:,]\s*|\s+-\s*|\s*-\s+", text)]
    said = list(dict.fromkeys(part for part in parts if part))
    name = ", ".join(said) or _part(text, cut=False) or raw.lower()
    return name[:1].upper() + name[1:]


def _part(text: str, *, cut: bool) -> str:
    text = re.sub(r"-MAGAZINE$", " MAGAZINE", text.strip())
    words = [piece for word in text.split() for piece in _pieces(word)]
    if cut and words and words[-1] not in _words() and words[-1] not in _whole_words():
        words = words[:-1]
    return " ".join(read for word in words if (read := _word(word)))


def _pieces(word: str) -> list[str]:
    """``SEAFOOD-FRE-CATFISH`` as three words; ``BONE-IN`` and ``8-PIECE`` stay one."""
    if word in _words() or any(character.isdigit() for character in word):
        return [word]
    return [piece for piece in word.split("-") if piece]


def _word(word: str) -> str:
    """One token: looked up whole, else its pieces between slashes and ampersands joined by "and"."""
    table = _words()
    if word in table:
        return table[word]
    pieces = [table.get(piece, piece.lower()) for piece in re.split(r"[/&+]", word) if piece.strip(".")]
    pieces = [piece for piece in dict.fromkeys(pieces) if piece]
    if len(pieces) > 2:
        return f"{', '.join(pieces[:-1])} and {pieces[-1]}"
    return " and ".join(pieces) if pieces else "and" if word in "&/" else ""
