"""The vocabulary: string keys to dense codes, in one order that every machine agrees on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

GUEST: Final = "\U0010ffff"
"""The first sign of a guest's key: the last of Unicode, so that guests come after all customers."""


class Vocabulary:
    """Distinct string keys, sorted by their UTF-8 bytes; the code of a key is its position.

    Immutable. Two vocabularies of the same keys give the same codes, whatever order the keys came in.

    Raises ``TypeError`` for a key that is no string, ``ValueError`` for one that UTF-8 cannot write
    (a lone surrogate).
    """

    __slots__ = ("_codes", "_keys")

    def __init__(self, keys: Iterable[str] = ()) -> None:
        unique = set(keys)
        for key in unique:
            if not isinstance(key, str):
                raise TypeError(f"Keys are strings; got {key!r} ({type(key).__name__}). Pass str(key).")
        _refuse_surrogates(unique)
        # Code points sort as UTF-8 bytes do: UTF-8 was made that way.
        self._keys: list[str] = sorted(map(str, unique))
        self._codes: dict[str, int] = {key: code for code, key in enumerate(self._keys)}

    @property
    def keys(self) -> list[str]:
        """All keys in code order. Shared, not copied: read it, never change it."""
        return self._keys

    def index(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Codes of ``keys``: int64, one per key, -1 for an unknown one."""
        wanted = as_list(keys)
        get = self._codes.get
        return np.fromiter((get(key, -1) for key in wanted), np.int64, len(wanted))

    def take(self, codes: NDArray[Any]) -> list[str]:
        """Keys of an integer array of codes."""
        return [self._keys[code] for code in codes.tolist()]

    def select(self, mask: NDArray[np.bool_]) -> Vocabulary:
        """The vocabulary of the keys where ``mask`` (bool, one per key) is true."""
        return Vocabulary(self.take(np.flatnonzero(mask)))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._codes

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Vocabulary) and self._keys == other._keys)

    def __hash__(self) -> int:
        return hash((len(self._keys), self._keys[0] if self._keys else None))

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} keys)"


def as_list(values: Iterable[Any]) -> list[Any]:
    """``values`` as a list of Python objects: a numpy array's become ``str``, ``int``, ``float``."""
    if isinstance(values, np.ndarray):
        return list(values.tolist())
    return values if isinstance(values, list) else list(values)


def code_keys(keys: Iterable[str]) -> tuple[Vocabulary, NDArray[np.int32]]:
    """The vocabulary of ``keys`` and the code of each: int32, one per key."""
    listed = as_list(keys)
    vocabulary = Vocabulary(listed)
    codes = np.fromiter(map(vocabulary._codes.__getitem__, listed), np.int32, len(listed))
    return vocabulary, codes


def _refuse_surrogates(keys: set[str]) -> None:
    try:
        "".join(keys).encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"A key holds text that UTF-8 cannot write ({error.object[error.start]!r}). "
            "Keys must be valid Unicode; clean the key where it is made."
        ) from None
