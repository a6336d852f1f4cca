from __future__ import annotations

import pytest
import torch

from recommendations.algorithms.stopping import EarlyStopping


def run(figures, patience=2):
    weights = torch.zeros(2)
    stopping = EarlyStopping([weights], patience=patience)
    for epoch, figure in enumerate(figures, start=1):
        weights.fill_(epoch)
        if stopping.update(epoch, figure):
            break
    return epoch, stopping, weights


def test_training_ends_after_patience_measurements_without_a_new_best():
    ended, stopping, _ = run([0.1, 0.3, 0.2, 0.3, 0.9])

    assert ended == 4
    assert (stopping.best, stopping.best_epoch) == (0.3, 2)


def test_the_best_weights_come_back_in_place():
    _, stopping, weights = run([0.1, 0.3, 0.2, 0.1])

    stopping.restore()

    assert weights.tolist() == [2, 2]


def test_a_new_best_gives_patience_anew():
    ended, stopping, _ = run([0.1, 0.05, 0.2, 0.1, 0.3, 0.1, 0.1])

    assert ended == 7 and stopping.best_epoch == 5


def test_without_anybody_to_judge_by_nothing_stops_and_nothing_is_put_back():
    ended, stopping, weights = run([float("nan")] * 6)

    stopping.restore()

    assert ended == 6 and stopping.best_epoch == 0
    assert weights.tolist() == [6, 6]


def test_what_was_kept_does_not_move_with_the_training():
    weights = torch.ones(3, requires_grad=True)
    stopping = EarlyStopping([weights], patience=1)
    stopping.update(1, 0.5)
    with torch.no_grad():
        weights.mul_(7)

    stopping.restore()

    assert weights.tolist() == [1, 1, 1] and weights.requires_grad


def test_a_patience_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1 measurement, got 0"):
        EarlyStopping([], patience=0)
