"""Sentence encoders: a text as a vector whose cosine with another's says how alike their meanings are."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..normalize import clean
from . import onnx, use

logger = logging.getLogger(__name__)

Float32s = NDArray[np.float32]


class Encoder(Protocol):
    """Anything that turns n texts into float32 (n, d)."""

    def encode(self, texts: list[str]) -> Float32s:
        """One row a text."""
        ...


KNOWN: Final[Mapping[str, Callable[[Mapping[str, Any]], Encoder]]] = {
    "onnx": onnx.load,
    "minilm": onnx.load_minilm,
    "use": use.load,
}
LEXICAL: Final = "lexical"  # words and letters, no encoder: always there

_loaded: dict[tuple[str, str], Encoder | str] = {}
_lock = Lock()


class Encoders:
    """Several encoders joined: their unit vectors side by side, of unit length again.

    ``names`` are those really used, in order; ``missing`` says of the others why they are not.
    """

    def __init__(self, encoders: Mapping[str, Encoder], missing: Mapping[str, str]) -> None:
        self.names = tuple(encoders)
        self.missing = dict(missing)
        self._encoders = tuple(encoders.values())

    def __bool__(self) -> bool:
        return bool(self.names)

    def encode(self, texts: list[str]) -> Float32s:
        """float32 (n, d), rows of unit length; d is 0 without an encoder. A text of nothing is all zeros."""
        cleaned = [clean(text) for text in texts]
        if not self._encoders:
            return np.zeros((len(texts), 0), dtype=np.float32)
        if not texts:
            return np.hstack([_unit(one.encode(["."]))[:0] for one in self._encoders])
        parts = [_unit(one.encode([text or "." for text in cleaned])) for one in self._encoders]
        joined = np.hstack(parts) / np.float32(np.sqrt(len(parts)))
        joined[[not text for text in cleaned]] = 0
        return np.ascontiguousarray(joined, dtype=np.float32)


def load_encoders(names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> Encoders:
    """The encoders of these names, each loaded once a process and shared by all who ask for it.

    ``options`` maps a name to its own options (``{"onnx": {"folder": …}}``); with another ``cache`` it is no
    other encoder. One that is not installed or broken is left out, with the reason in ``missing``; an unknown
    name likewise. ``lexical`` stands for no encoder at all.
    """
    encoders: dict[str, Encoder] = {}
    missing: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if name == LEXICAL:
            continue
        found = _load(name, options.get(name, {}))
        if isinstance(found, str):
            missing[name] = found
        else:
            encoders[name] = found
    return Encoders(encoders, missing)


def _load(name: str, options: Mapping[str, Any]) -> Encoder | str:
    """The encoder, or the sentence why there is none; tried once a process."""
    if name not in KNOWN:
        return f"there is no encoder {name!r}; there are {', '.join((LEXICAL, *KNOWN))}"
    told_apart = {option: value for option, value in options.items() if option != "cache"}
    key = (name, json.dumps(told_apart, sort_keys=True, default=str))
    with _lock:
        if key not in _loaded:
            try:
                encoder = KNOWN[name](options)
                _check(encoder.encode(["Where is my order?"]))
                _loaded[key] = encoder
            except Exception as error:  # noqa: BLE001 - a foreign package may fail in any way; the shop goes on
                _loaded[key] = str(error) or repr(error)
                logger.warning("The sentence encoder %s cannot be used: %s", name, _loaded[key])
        return _loaded[key]


def _check(vectors: Float32s) -> None:
    if vectors.ndim != 2 or len(vectors) != 1 or not np.isfinite(vectors).all() or not vectors.any():
        raise ValueError(f"it gave {vectors.shape} values for one text, some not finite or all of them 0")


def _unit(vectors: Float32s) -> Float32s:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors / lengths, dtype=np.float32)
