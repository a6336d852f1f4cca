from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse

from recommendations.algorithms import create
from recommendations.algorithms.ccl import _Learner
from recommendations.algorithms.checkpoints import Checkpoint
from recommendations.algorithms.sampling import Shared

OPTIONS = {
    "factors": 3,
    "learning_rate": 0.01,
    "margin": 0.2,
    "negative_weight": 4.0,
    "temperature": 0.3,
    "negatives": 100,
    "sampling": "uniform",
    "dropout": 0.0,
    "weight_decay": 0.0,
}
MATRIX = np.array([[1, 2, 0, 0, 1], [0, 0, 3, 0, 0], [0, 1, 1, 1, 0]], np.float32)


def learner(loss: str, **options: object) -> _Learner:
    one = _Learner(sparse.csr_matrix(MATRIX), OPTIONS | {"loss": loss} | options, 0, torch.device("cpu"))
    with torch.no_grad():
        one.weights["history"].add_(0.1 * torch.randn(5, 3, generator=torch.Generator().manual_seed(1)))
    return one


def loss_of(one: _Learner) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return one.loss(torch.tensor([2, 0, 1]), Shared(one.positives, generator), generator)


def by_hand(one: _Learner, loss: str) -> float:
    """The sums of the docstring, one user and one item after the other; all items are the negatives."""
    items, history = (one.weights[name].detach().numpy().astype(float) for name in ("items", "history"))
    weights = MATRIX / MATRIX[MATRIX > 0].mean()

    def cos(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    total = 0.0
    for row in weights:
        whole = row @ history
        far = [cos(whole, items[j]) for j in range(5) if row[j] == 0]
        for i in np.flatnonzero(row):
            rest = whole - row[i] * history[i]
            if np.count_nonzero(row) < 2:
                continue
            near = cos(rest, items[i])
            if loss == "margin":
                total += row[i] * (1 - near + 4.0 / 5 * sum(max(0, other - 0.2) for other in far))
            else:
                chances = np.exp(near / 0.3), sum(np.exp(other / 0.3) for other in far)
                total += row[i] * -np.log(chances[0] / sum(chances))
    return total / np.count_nonzero(MATRIX)


@pytest.mark.parametrize("loss", ["margin", "softmax"])
def test_the_loss_is_the_papers(loss):
    one = learner(loss)

    assert float(loss_of(one).detach()) == pytest.approx(by_hand(one, loss), rel=1e-5)


@pytest.mark.parametrize("loss", ["margin", "softmax"])
def test_the_gradient_is_the_slope_of_the_loss(loss):
    one = learner(loss, weight_decay=0.05)
    loss_of(one).backward()

    for name, weights in one.weights.items():
        found = weights.grad.clone()
        for place in [(0, 0), (2, 1), (1, 2)]:
            losses = []
            for step in (1e-2, -2e-2, 1e-2):
                with torch.no_grad():
                    weights[place] += step
                losses.append(float(loss_of(one).detach()))
            slope = (losses[0] - losses[1]) / 2e-2
            assert float(found[place]) == pytest.approx(slope, rel=0.03, abs=2e-3), name


def test_fewer_negatives_stand_for_all_on_the_average():
    one = learner("margin")
    every = float(loss_of(one).detach())
    generator = torch.Generator().manual_seed(0)
    shared = Shared(one.positives, generator)
    one._options = one._options | {"negatives": 2}

    found = [float(one.loss(torch.arange(3), shared, generator).detach()) for _ in range(1000)]

    assert np.std(found) > 0.1
    assert np.mean(found) == pytest.approx(every, abs=4 * np.std(found) / 1000**0.5)


def test_shared_negatives_are_distinct_and_popular_ones_are_met_more_often():
    one = learner("softmax")
    generator = torch.Generator().manual_seed(0)
    shared = Shared(one.positives, generator, power=0.75)

    draws = [shared.draw(2)[0] for _ in range(3000)]

    assert all(len(set(draw.tolist())) == 2 for draw in draws)
    counts = np.bincount(torch.cat(draws).numpy(), minlength=5)
    share = one.positives.frequency.numpy() ** 0.75
    share = share / share.sum()
    second = [sum(share[i] * share[j] / (1 - share[i]) for i in range(5) if i != j) for j in range(5)]
    assert counts / 3000 == pytest.approx(share + second, abs=0.03)


def test_popular_negatives_are_corrected_by_the_chance_to_meet_them():
    one = learner("softmax")
    shared = Shared(one.positives, torch.Generator().manual_seed(0), power=0.75)

    drawn, log_q = shared.draw(3)

    share = one.positives.frequency**0.75
    expected = torch.log(5 * share / share.sum())[drawn]
    assert torch.allclose(log_q, expected.float())
    row, column = shared.hits(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 2]))
    assert all(drawn[place] in (0, 1, 2) for place in column) and len(row) == len(column)


def test_a_customers_score_is_that_of_a_stranger_with_the_same_history(blocks):
    data = blocks["orders"]
    model = create("ccl", factors=8, epochs=5).fit(data)
    row = data.matrix("log1p", half_life=90.0)[3]

    scores = model.scorer.score_history(row.indices, row.data)

    assert scores == pytest.approx(model.score_users(np.array([3]))[0], abs=1e-5)
    assert np.abs(scores).max() <= 1 + 1e-5
    parts = model.scorer.contributions(row.indices, row.data, 2)
    assert parts.sum() == pytest.approx(scores[2], abs=1e-5)


def test_similar_to_an_item_is_what_one_who_has_it_alone_is_shown(blocks):
    model = create("ccl", factors=8, epochs=10).fit(blocks["orders"])

    (keys,), (scores,) = model.similar(["a-2"], k=5)

    alone, expected = model.fold_in([("a-2", 3.0)], k=5)
    assert keys == alone
    assert scores == pytest.approx(expected, abs=1e-5)


def test_dropout_hides_parts_of_the_history_without_changing_its_weight_on_the_average():
    one = learner("margin", dropout=0.4)
    generator = torch.Generator().manual_seed(0)

    heard = torch.stack([one._heard(torch.full((50,), 2.0), generator) for _ in range(200)])

    assert heard.unique().tolist() == pytest.approx([0, 2 / 0.6])
    assert float(heard.mean()) == pytest.approx(2, rel=0.03)


def test_batches_hold_everybody_with_a_purchase_once(monkeypatch):
    monkeypatch.setattr("recommendations.algorithms.ccl._ENTRIES", 4)
    one = learner("margin")

    batches = list(one._batches(torch.Generator().manual_seed(0)))

    assert sorted(torch.cat(batches).tolist()) == [0, 1, 2]
    assert all(int(one.positives.lengths[batch].sum()) <= 4 or len(batch) == 1 for batch in batches)


@pytest.mark.parametrize("options", [{"loss": "margin"}, {"sampling": "popularity", "negatives": 5}])
def test_the_groups_are_learned_by_either_loss_and_sampling(options, blocks):
    model = create("ccl", factors=8, epochs=40, **options).fit(blocks["orders"])

    keys, _ = model.recommend(["a03", "b05"], k=1)

    assert keys == [["a-3"], ["b-5"]]


def test_a_choice_of_epochs_that_was_killed_ends_as_if_nothing_had_happened(blocks, tmp_path):
    data = blocks["orders"]
    whole = create("ccl", factors=4).fit(data, seed=3)

    for stop in (4, 9, 14):
        seen = []

        def die(stage, done, total, metrics, *, seen=seen, stop=stop):
            seen.append(stage)
            if metrics and len(seen) > stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            create("ccl", factors=4).fit(
                data, seed=3, checkpoint=Checkpoint(tmp_path, seconds=0), on_progress=die
            )
    resumed = create("ccl", factors=4).fit(data, seed=3, checkpoint=Checkpoint(tmp_path, seconds=0))

    assert resumed.parameters == whole.parameters
    for name, tensor in whole.scorer.tensors().items():
        assert np.array_equal(tensor, resumed.scorer.tensors()[name]), name
