"""Scores that are remembered on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommendations.conf import settings as concierge
from recommendations.training import scores
from recommendations.training.scores import Score, remember, remembered

IDENTITY = {"data": "abc", "algorithm": "als", "parameters": {"factors": 8}}


def made(value: float = 0.5) -> Score:
    return Score("als", {"factors": 8, "half_life": None}, np.array([0.0, value]), {"ndcg": value / 2}, 1.5)


def test_a_score_is_made_once_and_read_back_the_same() -> None:
    made_times: list[int] = []

    def make() -> Score:
        made_times.append(1)
        return made()

    first, second = remembered(IDENTITY, make), remembered(IDENTITY, make)

    assert len(made_times) == 1
    assert np.array_equal(first.per_user, second.per_user)
    assert (second.algorithm, second.parameters, second.all, second.seconds) == (
        "als",
        {"factors": 8, "half_life": None},
        {"ndcg": 0.25},
        1.5,
    )


@pytest.mark.parametrize("change", [{"data": "abd"}, {"parameters": {"factors": 9}}])
def test_other_data_or_parameters_are_another_score(change: dict[str, Any]) -> None:
    remember(IDENTITY, made(0.5))

    assert remembered({**IDENTITY, **change}, lambda: made(0.7)).value == pytest.approx(0.35)


def test_other_code_is_another_score(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(IDENTITY, made(0.5))
    monkeypatch.setattr(scores, "_code", lambda: "after an upgrade")

    assert remembered(IDENTITY, lambda: made(0.7)).value == pytest.approx(0.35)


def test_the_code_of_a_score_is_also_how_a_model_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path), real(path))[1])

    scores._code.__wrapped__()

    assert {"factors.py", "model.py", "als.py", "protocol.py"} <= {path.name for path in read}


def test_a_damaged_file_is_made_again() -> None:
    remember(IDENTITY, made(0.5))
    for path in (concierge.CACHE_DIR / "scores").glob("*.npz"):
        path.write_bytes(b"PK\x03\x04 not a zip at all")

    assert remembered(IDENTITY, lambda: made(0.7)).value == pytest.approx(0.35)
    assert remembered(IDENTITY, lambda: pytest.fail("not kept")).value == pytest.approx(0.35)


def test_a_folder_that_cannot_be_written_costs_only_time() -> None:
    concierge.CACHE_DIR.parent.mkdir(parents=True, exist_ok=True)
    concierge.CACHE_DIR.write_text("a file where a folder should be")

    assert remembered(IDENTITY, made).value == pytest.approx(0.25)


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "KEEP", 3)

    for number in range(6):
        remember({"number": number}, made())

    assert len(list((concierge.CACHE_DIR / "scores").iterdir())) == 3


def test_no_test_users_give_no_interval_rather_than_nan() -> None:
    nobody = Score("als", {}, np.zeros(0))

    assert (nobody.value, nobody.interval, nobody.n_users) == (0.0, (0.0, 0.0), 0)
