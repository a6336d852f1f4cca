from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommendations import storage
from support_bot import answers
from support_bot.answers import background, pickup
from support_bot.conf import settings as bot
from support_bot.models import KnowledgeBuild
from support_bot.nlu.artifact import save_engine
from support_bot.nlu.engine import lexical_engine
from support_bot.types import Profile, Subject

Ask = Callable[..., answers.Found]
Stored = Callable[[], KnowledgeBuild]


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    folders = {"ARTIFACT_DIR": tmp_path / "artifacts", "CACHE_DIR": tmp_path / "cache"}
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **folders}
    background.forget_what_was_logged()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """``clock[0]`` is the time that what is active is aged by, in seconds."""
    now = [1_000.0]

    class Time:
        @staticmethod
        def monotonic() -> float:
            return now[0]

    monkeypatch.setattr(pickup, "time", Time)
    monkeypatch.setattr(background, "time", Time)
    return now


@pytest.fixture
def ask() -> Ask:
    """``ask("a question")`` by somebody who is not logged in; options as ``find`` has them."""

    def find(text: str, **options: Any) -> answers.Found:
        return answers.find(text, **{"subject": Subject(), "profile": Profile(), **options})

    return find


@pytest.fixture
def stored(db: None, tmp_path: Path) -> Stored:
    """``stored()`` gives a finished build of the FAQ as it is now, an engine of words and letters."""

    def store() -> KnowledgeBuild:
        build = KnowledgeBuild.objects.start(enqueue=False)
        engine = lexical_engine(answers.examples())
        levels = {code: [one] for code, one in engine._understood.items()}
        folder = save_engine(tmp_path / f"knowledge-{build.pk}", levels)
        checksum = json.loads((folder / storage.MANIFEST).read_text())["sha256"]
        build.claim("host:1")
        name = storage.publish(folder, alias=bot.STORAGE)
        build.end("finished", artifact=name, checksum=checksum, verdict="not_activated")
        return build

    return store
