"""A text as it is compared: one form for the many ways to type the same thing."""

from __future__ import annotations

import unicodedata

LONGEST = 2_000  # characters that are looked at, the longest message that the API takes

_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})  # controls, joiners, direction marks, lone surrogates


def clean(text: str) -> str:
    """``text`` as an encoder reads it: NFKC, no unseen characters, single spaces, at most 2,000 characters.

    Never raises on any str: NUL, right-to-left marks and lone surrogates are left out.
    """
    folded = unicodedata.normalize("NFKC", text[: 2 * LONGEST])
    if not folded.isascii() or not folded.isprintable():
        folded = "".join(
            " " if char.isspace() else "" if unicodedata.category(char) in _UNSEEN else char
            for char in folded
        )
    return " ".join(folded.split())[:LONGEST]


def normalize(text: str) -> str:
    """``clean`` and in one case: what words and letters are compared by."""
    return clean(text).casefold().replace("’", "'")
