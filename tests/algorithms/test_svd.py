from __future__ import annotations

import numpy as np
import pytest
import torch

from recommendations.algorithms import create
from recommendations.algorithms.svd import _Net
from recommendations.interactions import Interactions


def ratings(n_users=40, n_items=30, share=0.6, noise=0.1, seed=0):
    """Ratings mu + b_u + b_i + p_u q_i with one factor, some of all pairs."""
    rng = np.random.default_rng(seed)
    b_user, b_item = rng.normal(0, 0.5, (n_users, 1)), rng.normal(0, 0.7, n_items)
    truth = 3.5 + b_user + b_item + np.outer(rng.normal(0, 0.7, n_users), rng.normal(0, 0.7, n_items))
    user, item = np.nonzero(rng.random(truth.shape) < share)
    values = truth[user, item] + rng.normal(0, noise, len(user))
    keys = [f"u{n:02}" for n in user], [f"i{n:02}" for n in item]
    return truth, Interactions.from_arrays(*keys, values, kind="ratings")


def test_unseen_ratings_of_a_known_model_are_predicted():
    truth, data = ratings()

    model = create("svd", factors=2, epochs=120, learning_rate=0.02, regularization=0.003).fit(data)

    predicted = model.score_users(np.arange(40))
    unseen = data.matrix().toarray() == 0
    error = np.sqrt(np.square(predicted - truth)[unseen].mean())
    biases_only = np.sqrt(np.square(np.mean(data.value) - truth)[unseen].mean())
    assert error < 0.35 < 0.9 < biases_only


def test_the_objective_is_the_papers():
    net = _Net(2, 2, 1, 3.0, 0, torch.device("cpu"))
    for table, values in zip(
        net.parameters, ([[1.0], [2.0]], [[0.5], [-1.0]], [[0.1], [0.2]], [[0.3], [0.4]]), strict=True
    ):
        table.data = torch.tensor(values)

    found = net.objective(torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([2.0, 5.0]), 0.1)

    first = (2 - 3 - 0.1 - 0.4 + 1.0) ** 2 + 0.1 * (1 + 1 + 0.01 + 0.16)
    second = (5 - 3 - 0.2 - 0.3 - 1.0) ** 2 + 0.1 * (4 + 0.25 + 0.04 + 0.09)
    assert float(found.detach()) == pytest.approx(first + second)


def test_a_newcomers_vector_is_the_minimum_of_the_same_objective():
    _, data = ratings()
    model = create("svd", factors=3, epochs=50, regularization=0.1).fit(data)
    scorer = model.scorer
    items, given = np.array([2, 5, 9]), np.array([5.0, 1.0, 3.0], np.float32)

    vector = scorer.vector(items, given)

    def objective(free):
        errors = given - scorer.item_factors[items] @ np.append(free, 1)
        return np.square(errors).sum() + len(items) * 0.1 * np.square(free).sum()

    least = objective(vector[:-1].astype(float))
    rng = np.random.default_rng(0)
    assert vector[-1] == 1
    assert all(objective(vector[:-1] + rng.normal(0, 0.01, 4)) > least for _ in range(50))


def test_the_best_epoch_on_the_validation_part_is_kept():
    _, data = ratings(noise=0.8)
    rng = np.random.default_rng(1)
    held = rng.random(len(data)) < 0.2
    seen = []

    model = create("svd", factors=20, epochs=150, learning_rate=0.05, regularization=0).fit(
        data.where(~held),
        validation=data.where(held),
        on_progress=lambda stage, done, total, metrics: seen.append(metrics.get("rmse")),
    )

    later = data.where(held)
    predicted = model.score_users(later.user.astype(np.int64))[np.arange(len(later)), later.item]
    error = float(np.sqrt(np.square(predicted - later.value).mean()))
    measured = [value for value in seen if value is not None]
    assert error == pytest.approx(min(measured), rel=1e-4)
    assert measured[-1] > 1.02 * min(measured)


def test_several_ratings_of_an_item_count_as_their_mean():
    twice = Interactions.from_arrays(["u", "u", "v"], ["i", "i", "j"], [1.0, 5.0, 3.0], kind="ratings")
    once = Interactions.from_arrays(["u", "v"], ["i", "j"], [3.0, 3.0], kind="ratings")

    models = [create("svd", factors=1, epochs=5).fit(data) for data in (twice, once)]

    assert np.array_equal(models[0].scorer.item_factors, models[1].scorer.item_factors)
    assert models[0].fold_in([("i", 1.0), ("i", 5.0)])[1] == pytest.approx(models[0].fold_in([("i", 3.0)])[1])
