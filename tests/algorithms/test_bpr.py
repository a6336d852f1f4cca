from __future__ import annotations

import numpy as np
import pytest
import torch

from recommendations.algorithms import create
from recommendations.algorithms.bpr import _Learner
from recommendations.algorithms.checkpoints import Checkpoint
from recommendations.interactions import Interactions

from .conftest import block_rows, interactions

OPTIONS = {"factors": 2, "learning_rate": 0.5, "regularization": 0.1, "negatives": "uniform"}


def learner(matrix=((1, 0, 0), (0, 1, 1)), **options) -> _Learner:
    from scipy import sparse

    found = sparse.csr_matrix(np.array(matrix, np.float32))
    return _Learner(found, OPTIONS | options, 0, torch.device("cpu"))


def test_a_step_follows_the_papers_gradient_by_adagrad():
    one = learner()
    p, q, b = (one.weights[name].numpy().astype(float).copy() for name in ("users", "items", "bias"))
    user, item, other, weight = 1, 2, 0, 1.5

    one.triples(*(torch.tensor([place]) for place in (user, item, other)), torch.tensor([weight]))

    x = p[user] @ (q[item] - q[other]) + b[item, 0] - b[other, 0]
    slope = weight / (1 + np.exp(x))
    uphill = {
        ("users", user): slope * (q[item] - q[other]) - 0.1 * p[user],
        ("items", item): slope * p[user] - 0.1 * q[item],
        ("items", other): -slope * p[user] - 0.1 * q[other],
        ("bias", item): slope - 0.1 * b[item],
        ("bias", other): -slope - 0.1 * b[other],
    }
    before = {"users": p, "items": q, "bias": b}
    for (name, row), gradient in uphill.items():
        expected = before[name][row] + 0.5 * gradient / np.sqrt(np.mean(gradient**2))
        assert one.weights[name][row].numpy() == pytest.approx(expected, rel=1e-4)
    assert one.weights["users"][0].numpy() == pytest.approx(p[0]), "who is in no triple stays"


def test_the_gradient_is_that_of_the_stated_loss():
    one = learner()
    p, q, b = (one.weights[name].double().requires_grad_() for name in ("users", "items", "bias"))
    margin = p[1] @ (q[2] - q[0]) + (b[2] - b[0])[0]
    pull = 0.05 * sum(row.square().sum() for row in (p[1], q[2], q[0], b[2], b[0]))
    (torch.nn.functional.softplus(-margin) + pull).backward()
    seen = {name: one.weights[name].clone() for name in one.weights}

    loss = one.triples(*(torch.tensor([place]) for place in (1, 2, 0)), torch.ones(1))

    assert float(loss) == pytest.approx(float(torch.nn.functional.softplus(-margin).detach()))
    for name, table in (("users", p), ("items", q), ("bias", b)):
        for row in range(len(table)):
            gradient = table.grad[row]
            step = 0.5 * gradient / (gradient.square().mean().sqrt() + 1e-8)
            assert torch.allclose(seen[name][row] - one.weights[name][row], step.float(), atol=1e-5)


def test_a_heavier_purchase_moves_its_vectors_by_its_weight():
    light, heavy = learner(((1, 0), (3, 0))), learner(((1, 0), (1, 0)))

    assert light._weight.tolist() == [0.5, 1.5]
    assert heavy._weight.tolist() == [1, 1]


def test_users_who_have_everything_teach_nothing_and_break_nothing():
    one = learner(((1, 1, 1), (1, 0, 0)))

    loss = one.epoch(torch.Generator().manual_seed(0), lambda: None)

    assert np.isfinite(loss) and one.moments["users"][0] == 0 < one.moments["users"][1]
    alone = learner(((1, 1), (1, 1)))
    assert alone.epoch(torch.Generator().manual_seed(0), lambda: None) == 0


@pytest.mark.parametrize("negatives", ["uniform", "popularity", "in_batch", "hard"])
def test_every_kind_of_negatives_learns_the_groups(negatives, blocks):
    model = create("bpr", factors=4, epochs=60, negatives=negatives).fit(blocks["orders"])

    keys, _ = model.recommend(["a03", "b05"], k=1)

    assert keys == [["a-3"], ["b-5"]]


def test_in_batch_the_popular_negative_is_corrected_by_its_share():
    one = learner(((1, 1, 0), (0, 1, 0), (0, 1, 1)), negatives="in_batch")
    seen = []
    one.triples = lambda *arguments: seen.append(arguments) or torch.zeros(())

    one._step(torch.arange(5), None)

    ((user, item, other, _, offset),) = seen
    assert not one._positives.contains(user, other).any() and len(user)
    share = np.array([1, 3, 1]) / 5
    assert offset.numpy() == pytest.approx(np.log(share[other] / share[item]), rel=1e-5)


def test_a_strangers_vector_is_the_ridge_regression_on_the_mean_of_the_items(blocks):
    data = blocks["orders"]
    matrix = data.matrix("log1p", half_life=90.0)
    one = _Learner(
        matrix,
        {"factors": 3, "learning_rate": 0.1, "regularization": 0.01, "negatives": "uniform"},
        0,
        torch.device("cpu"),
    )
    one.epoch(torch.Generator().manual_seed(0), lambda: None)

    scorer = one.scorer("log1p")

    p, q = (one.weights[name].numpy().astype(float) for name in ("users", "items"))
    dense = matrix.toarray().astype(float)
    z = dense / dense.sum(1, keepdims=True) @ q
    ridge = np.linalg.solve(z.T @ z + 1e-4 * np.trace(z.T @ z) * np.eye(3), z.T @ p)
    row = matrix[5]
    vector = scorer.vector(row.indices, row.data)
    assert vector == pytest.approx(
        np.append((row.toarray()[0] / row.sum()) @ q @ ridge, 1), rel=1e-3, abs=1e-4
    )
    assert scorer.user_factors[5] == pytest.approx(vector, rel=1e-3, abs=1e-4)


def test_the_validation_part_ends_the_training_and_its_best_epoch_is_kept():
    rows = block_rows()
    data = interactions(rows, "orders")
    held = np.random.default_rng(0).random(len(data)) < 0.3
    seen: list[dict[str, float]] = []

    model = create("bpr", factors=8, learning_rate=0.2).fit(
        data.where(~held),
        validation=data.where(held),
        on_progress=lambda stage, done, total, metrics: seen.append(dict(metrics)) if metrics else None,
    )

    figures = [point["ndcg"] for point in seen]
    assert all(np.isfinite(point["loss"]) for point in seen)
    assert model.parameters["epochs"] == int(np.argmax(figures)) + 1
    assert len(figures) in (100, model.parameters["epochs"] + 5)


def test_a_training_that_was_killed_ends_as_if_nothing_had_happened(blocks, tmp_path):
    data = blocks["orders"]
    whole = create("bpr", factors=4, epochs=12).fit(data, seed=3)

    def die(stage, done, total, metrics):
        if metrics and done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create("bpr", factors=4, epochs=12).fit(
            data, seed=3, checkpoint=Checkpoint(tmp_path, seconds=0), on_progress=die
        )
    epochs = []
    resumed = create("bpr", factors=4, epochs=12).fit(
        data,
        seed=3,
        checkpoint=Checkpoint(tmp_path, seconds=0),
        on_progress=lambda stage, done, total, metrics: epochs.append(done) if metrics else None,
    )

    assert 1 < epochs[0] <= 7
    for name, tensor in whole.scorer.tensors().items():
        assert np.array_equal(tensor, resumed.scorer.tensors()[name]), name


def test_a_step_size_that_diverges_is_told_apart_from_a_result():
    data = Interactions.from_arrays(["u", "u", "v", "w"], ["i", "j", "j", "k"])
    one = create("bpr", factors=2, epochs=3, regularization=10, learning_rate=10)

    model = one.fit(data)

    assert np.isfinite(model.scorer.item_factors).all()
