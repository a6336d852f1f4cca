"""Understanding: from a question to the entries that may answer it. No Django; torch only in ``learning``."""

from __future__ import annotations

from .artifact import load_engine
from .encoders import Encoders, load_encoders
from .engine import Engine, lexical_engine
from .language import detect_language
from .ranking import Candidate, Example, Ranking

__all__ = [
    "Candidate",
    "Encoders",
    "Engine",
    "Example",
    "Ranking",
    "detect_language",
    "lexical_engine",
    "load_encoders",
    "load_engine",
]
