"""The checked-in word lists and tables beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


@cache
def words(name: str) -> tuple[str, ...]:
    """A file of words in their order."""
    return tuple((FOLDER / name).read_text(encoding="utf-8").split())


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """A tab-separated file's rows without its head; lines that begin with ``#`` are comments."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines[1:] if line and not line.startswith("#"))
