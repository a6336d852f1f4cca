"""A fit that was killed goes on from its checkpoint, and ends as one that was never interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recommendations.algorithms import create
from recommendations.algorithms.catalogue import info
from recommendations.algorithms.checkpoints import Checkpoint
from recommendations.artifacts import Model

from .conftest import block_rows, interactions

ROOT = Path(__file__).resolve().parents[2]
OPTIONS: dict[str, dict[str, object]] = {
    "als": {"factors": 3, "iterations": 20, "frequency_scaling": 0.5, "regularization": 0.05},
    "als, picking its regularization": {"factors": 3, "iterations": 20},
}


def fitted(case: str, checkpoint: Checkpoint | None = None, on_progress: object = None) -> Model:
    name = case.partition(",")[0]
    data = interactions(block_rows(), info(name).needs)
    return create(name, **OPTIONS[case]).fit(data, seed=3, checkpoint=checkpoint, on_progress=on_progress)


def killed(case: str, folder: Path, share: float) -> None:
    """Fit in a process of its own, which kills itself when it has reported that share of its steps."""
    steps: list[int] = []
    fitted(case, on_progress=lambda *_: steps.append(1))
    code = (
        "import os, signal\n"
        "from tests.algorithms import test_resume as here\n"
        "calls = []\n"
        "def watch(*_):\n"
        "    calls.append(1)\n"
        f"    if len(calls) >= {int(len(steps) * share)}: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"here.fitted({case!r}, here.Checkpoint({str(folder)!r}, seconds=0), watch)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("case", OPTIONS)
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_killed_fit_goes_on_and_ends_the_same_to_the_last_bit(case, share, tmp_path):
    killed(case, tmp_path, share)
    assert len(list(tmp_path.glob("*.npz"))) == 1
    resumed_calls, all_calls = [], []

    resumed = fitted(case, Checkpoint(tmp_path), lambda *_: resumed_calls.append(1))

    unbroken = fitted(case, on_progress=lambda *_: all_calls.append(1))
    assert len(resumed_calls) < len(all_calls)
    assert resumed.parameters == unbroken.parameters
    for name, array in unbroken.scorer.tensors().items():
        assert np.array_equal(array, resumed.scorer.tensors()[name]), name
    assert not list(tmp_path.glob("*.npz"))


def test_another_seed_does_not_go_on_from_it(tmp_path):
    killed("als", tmp_path, 0.7)
    calls: list[int] = []
    data = interactions(block_rows(), "orders")

    create("als", **OPTIONS["als"]).fit(
        data, seed=4, checkpoint=Checkpoint(tmp_path), on_progress=lambda *_: calls.append(1)
    )

    assert len(calls) == 2 + 20
