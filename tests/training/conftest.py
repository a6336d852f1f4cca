from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommendations import training
from recommendations.models import ModelRun

from .history import write_history

FAST: dict[str, dict[str, Any]] = {"als": {"factors": 8, "iterations": 3, "regularization": 1.0}}


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    """Artifacts and remembered scores of one test are not another's."""
    folders = {"ARTIFACT_DIR": tmp_path / "artifacts", "CACHE_DIR": tmp_path / "cache"}
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **folders}


@pytest.fixture
def history(db: None) -> None:
    write_history()


@pytest.fixture
def trained(db: None) -> Callable[..., ModelRun]:
    """``trained("als", ...)`` takes a run through the whole pipeline and returns its row."""

    def run(algorithm: str, parameters: dict[str, Any] | None = None, **options: Any) -> ModelRun:
        values = FAST.get(algorithm, {}) if parameters is None else parameters
        started = ModelRun.objects.start(algorithm, values, enqueue=False, **options)
        training.run(started.pk)
        started.refresh_from_db()
        return started

    return run
