"""What can be wrong with an artifact, each with a sentence that says what was found and what to do."""

from __future__ import annotations


class ArtifactError(Exception):
    """An artifact cannot be used; the message says why. The four below are its kinds."""


class ArtifactMissingError(ArtifactError):
    """The folder, or one of the two files in it, is not there."""


class ArtifactDamagedError(ArtifactError):
    """A file is truncated, altered, or not what its manifest says."""


class ArtifactTooNewError(ArtifactError):
    """The artifact was written in a later format than this version reads."""


class Unsupported(Exception):
    """The model's algorithm cannot answer this; the message lists what it can."""
