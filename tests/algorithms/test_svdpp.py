from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from recommendations.algorithms import create
from recommendations.algorithms.base import DivergedError
from recommendations.algorithms.checkpoints import Checkpoint
from recommendations.algorithms.svdpp import _Net
from recommendations.artifacts.scorers import RatedFactors
from recommendations.interactions import Interactions

from .test_svd import ratings

PULLS = {"factors": 1, "regularization": 0.1, "implicit_regularization": 0.2, "bias_regularization": 0.3}
TINY = Interactions.from_arrays(["u", "u", "v"], ["i", "j", "j"], [5.0, 1.0, 3.0], kind="ratings")


def tiny_net() -> _Net:
    """u rated i 5 and j 1, v rated j 3; one factor."""
    net = _Net(TINY.matrix(), PULLS, 0, torch.device("cpu"))
    values = {
        "p": [1.0, 2.0],
        "q": [0.5, -1.0],
        "y": [0.3, 0.1],
        "w": [0.2, -0.4],
        "b_user": [0.1, 0.2],
        "b_item": [0.4, 0.5],
    }
    for name, column in values.items():
        getattr(net, name).data = torch.tensor(column)[:, None]
    return net


def test_a_prediction_is_the_papers_formula():
    net = tiny_net()

    found = net.rmse(
        Interactions.from_codes(TINY.users, TINY.items, [1], [0], [4.0], kind="ratings").matrix().tocoo()
    )

    # mu 3; v: x = 2 + .1 / sqrt(1); i: z = .5 + .2 / sqrt(1)
    assert found == pytest.approx(abs(4 - (3 + 0.2 + 0.4 + (2 + 0.1) * (0.5 + 0.2))))


def test_the_objective_is_squared_error_and_a_pull_by_the_root_of_the_number_of_ratings():
    found = float(tiny_net().objective(torch.tensor([0, 1])).detach())

    root = np.sqrt(2)
    x = {"u": 1 + (0.3 + 0.1) / root, "v": 2 + 0.1}
    z = {"i": 0.5 + 0.2, "j": -1 + (0.2 - 0.4) / root}
    errors = [
        5 - (3 + 0.1 + 0.4 + x["u"] * z["i"]),
        1 - (3 + 0.1 + 0.5 + x["u"] * z["j"]),
        3 - (3 + 0.2 + 0.5 + x["v"] * z["j"]),
    ]
    vectors = root * 1 + 4 + 0.25 + root * 1
    implicit = 0.09 + root * 0.01 + root * 0.04 + 0.16
    biases = root * 0.01 + 0.04 + 0.16 + root * 0.25
    assert found == pytest.approx(
        np.square(errors).sum() + 0.1 * vectors + 0.2 * implicit + 0.3 * biases, rel=1e-5
    )


def test_batches_hold_every_user_with_ratings_once():
    _, data = ratings(n_users=300)
    net = _Net(data.where(data.user != 7).matrix(), PULLS, 0, torch.device("cpu"))

    batches = list(net.batches(0))

    users = torch.cat([users for users, _ in batches])
    assert len(batches) > 20
    assert sorted(users.tolist()) == [user for user in range(300) if user != 7]
    assert sum(n for _, n in batches) == len(data.where(data.user != 7))


def test_unseen_ratings_of_a_known_model_are_predicted():
    truth, data = ratings()

    model = create(
        "svdpp", factors=2, epochs=150, learning_rate=0.02, regularization=0.03, bias_regularization=0.03
    ).fit(data)

    predicted = model.score_users(np.arange(40))
    unseen = data.matrix().toarray() == 0
    error = np.sqrt(np.square(predicted - truth)[unseen].mean())
    assert error < 0.35 < 0.9 < np.sqrt(np.square(np.mean(data.value) - truth)[unseen].mean())


def test_what_was_rated_at_all_tells_who_likes_what():
    """Everybody rates the items of their own group, all alike; only who rated what tells."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(120):
        group = user % 2
        for item in rng.choice(10, 6, replace=False):
            rows.append((f"u{user:03}", f"own{group}-{item}", 3.0))
        for item in rng.choice(6, 2, replace=False):
            rows.append((f"u{user:03}", f"shared{item}", 5.0 if (item < 3) == (group == 0) else 1.0))
    data = Interactions.from_arrays(*zip(*rows, strict=True), kind="ratings")

    model = create("svdpp", factors=4, epochs=60, learning_rate=0.02).fit(data)

    lover, _ = model.fold_in(
        [(f"own0-{n}", 3.0) for n in range(6)], k=3, allow=[f"shared{n}" for n in range(6)]
    )
    other, _ = model.fold_in(
        [(f"own1-{n}", 3.0) for n in range(6)], k=3, allow=[f"shared{n}" for n in range(6)]
    )
    assert set(lover) == {"shared0", "shared1", "shared2"}
    assert set(other) == {"shared3", "shared4", "shared5"}


def test_a_newcomers_vector_is_the_minimum_of_the_scorers_objective():
    rng = np.random.default_rng(0)
    items = np.hstack((rng.normal(size=(12, 3)), np.ones((12, 1)), rng.normal(3, 1, (12, 1)))).astype(
        np.float32
    )
    implicit = rng.normal(0, 0.3, (12, 3)).astype(np.float32)
    pull = np.diag([0.5, 0.5, 0.5, 0.2])
    scorer = RatedFactors(np.zeros((0, 5), np.float32), items, pull, implicit=implicit, power=0.5)
    rated, given = np.array([2, 5, 9]), np.array([5.0, 1.0, 3.0], np.float32)

    vector = scorer.vector(rated, given).astype(float)

    start = np.append(implicit[rated].sum(0) / np.sqrt(3), 0)

    def objective(free: Any) -> float:
        own = free - start
        return np.square(given - items[rated] @ np.append(free, 1)).sum() + np.sqrt(3) * own @ pull @ own

    least = objective(vector[:-1])
    assert vector[-1] == 1
    assert all(objective(vector[:-1] + rng.normal(0, 0.01, 4)) > least for _ in range(50))


def test_training_stops_where_the_validation_part_gets_no_better_and_keeps_the_best():
    _, data = ratings(noise=0.8)
    held = np.random.default_rng(1).random(len(data)) < 0.2
    errors: list[float] = []

    create(
        "svdpp",
        factors=20,
        epochs=300,
        patience=3,
        learning_rate=0.05,
        regularization=0,
        implicit_regularization=0,
        bias_regularization=0,
    ).fit(
        data.where(~held),
        validation=data.where(held),
        on_progress=lambda stage, done, total, metrics: (
            errors.append(metrics["rmse"]) if "rmse" in metrics else None
        ),
    )

    assert len(errors) < 300
    assert np.argmin(errors) == len(errors) - 4


def test_a_training_that_was_killed_ends_as_if_nothing_had_happened(tmp_path):
    _, data = ratings()
    held = np.random.default_rng(1).random(len(data)) < 0.2
    train, options = data.where(~held), {"seed": 3, "validation": data.where(held)}
    whole = create("svdpp", factors=3, epochs=12).fit(train, **options)

    def die(stage: str, done: int, total: int, metrics: object) -> None:
        if stage == "fit" and done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create("svdpp", factors=3, epochs=12).fit(
            train, checkpoint=Checkpoint(tmp_path, seconds=0), on_progress=die, **options
        )
    epochs: list[int] = []
    resumed = create("svdpp", factors=3, epochs=12).fit(
        train,
        checkpoint=Checkpoint(tmp_path, seconds=0),
        on_progress=lambda stage, done, total, metrics: epochs.append(done) if metrics else None,
        **options,
    )

    assert 1 < epochs[0] <= 7
    for name, tensor in whole.scorer.tensors().items():
        assert np.array_equal(tensor, resumed.scorer.tensors()[name]), name


def test_several_ratings_of_an_item_count_as_their_mean():
    twice = Interactions.from_arrays(["u", "u", "v"], ["i", "i", "j"], [1.0, 5.0, 3.0], kind="ratings")
    once = Interactions.from_arrays(["u", "v"], ["i", "j"], [3.0, 3.0], kind="ratings")

    models = [create("svdpp", factors=1, epochs=5).fit(data) for data in (twice, once)]

    assert np.array_equal(models[0].scorer.item_factors, models[1].scorer.item_factors)


def test_everybody_of_one_opinion_is_no_error():
    data = Interactions.from_arrays(["u", "v"], ["i", "i"], [4.0, 4.0], kind="ratings")

    model = create("svdpp", epochs=2).fit(data)

    assert model.recommend(["u"], exclude_seen=False)[1][0] == pytest.approx([4.0], abs=0.05)


def test_a_training_that_runs_away_says_what_to_change():
    data = Interactions.from_arrays(["u", "v"], ["i", "j"], [3e38, -3e38], kind="ratings")

    with pytest.raises(DivergedError, match="Lower learning_rate"):
        create("svdpp", epochs=3, learning_rate=1).fit(data)
