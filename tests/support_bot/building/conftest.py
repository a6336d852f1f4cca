from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support_bot import building
from support_bot.models import KnowledgeBuild

Built = Callable[..., KnowledgeBuild]


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    """Artifacts of one test are not another's."""
    folders = {"ARTIFACT_DIR": tmp_path / "artifacts", "CACHE_DIR": tmp_path / "cache"}
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **folders}


@pytest.fixture
def built(db: None) -> Built:
    """``built()`` takes a build through all stages and returns its row."""

    def run(**options: Any) -> KnowledgeBuild:
        started = KnowledgeBuild.objects.start(enqueue=False, **options)
        building.run(started.pk)
        started.refresh_from_db()
        return started

    return run
