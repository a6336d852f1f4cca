"""What a trained model is on disk, and how it answers from there with numpy alone."""

from __future__ import annotations

from .errors import (
    ArtifactDamagedError,
    ArtifactError,
    ArtifactMissingError,
    ArtifactTooNewError,
    Unsupported,
)
from .history import History
from .keys import KeyTable
from .model import Model, load

__all__ = [
    "ArtifactDamagedError",
    "ArtifactError",
    "ArtifactMissingError",
    "ArtifactTooNewError",
    "History",
    "KeyTable",
    "Model",
    "Unsupported",
    "load",
]
