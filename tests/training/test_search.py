"""The search for the best model on a shop of which the right answer is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recommendations.models import ActiveModel, ModelRun
from recommendations.training import search

Trained = Callable[..., ModelRun]


@pytest.fixture(autouse=True)
def few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two trials of an algorithm at most: the search ends long before its time, whatever the machine."""
    monkeypatch.setattr(search, "MOST_TRIALS", 2)


@pytest.mark.usefixtures("history")
def test_a_search_finds_a_better_model_than_bestsellers_and_lets_it_serve(trained: Trained) -> None:
    run = trained("auto", role="personal", minutes=30)

    assert (run.status, run.verdict, run.error) == ("finished", "activated", ""), run.log
    assert run.auto
    assert run.algorithm not in ("auto", "popularity")
    assert ActiveModel.objects.get(role="personal").run == run
