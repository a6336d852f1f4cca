"""From a build in the database to an engine over the phrasings as they are now."""

from __future__ import annotations

from typing import Final

from recommendations import storage

from .. import nlu
from ..conf import settings
from ..models import ActiveKnowledge, KnowledgeBuild
from ..nlu import Engine

TRIAL: Final = "Can I return it? 可以退货吗？"


class NoArtifact(Exception):
    """The build has nothing stored to answer with."""


def load(build_id: int) -> Engine:
    """The engine of a finished build, copied to this host if need be, after it has answered a question.

    Raises ``NoArtifact``, ``KnowledgeBuild.DoesNotExist``, what ``storage`` and ``load_engine`` raise for an
    artifact that cannot be used, and what an engine raises that another version had stored.
    """
    build = KnowledgeBuild.objects.only("artifact", "checksum").get(pk=build_id)
    if not build.artifact:
        raise NoArtifact(f"Build {build_id} has nothing stored; activate another build or build again.")
    folder = storage.localise(build.artifact, alias=settings.STORAGE, checksum=build.checksum)
    engine = nlu.load_engine(folder, options=settings.ENCODER_OPTIONS, checksum=build.checksum or None)
    for language in engine.languages:
        engine.rank(TRIAL, language=language)
    return engine


def forget_old_copies() -> None:
    """Remove this host's copies of builds that neither answer nor answered just before."""
    storage.forget_copies(ActiveKnowledge.objects.checksums(), alias=settings.STORAGE)
