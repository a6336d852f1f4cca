from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import threadpoolctl
import torch
from scipy import sparse

from recommendations.algorithms import create
from recommendations.algorithms import least_squares as module
from recommendations.algorithms.als import FALLBACK
from recommendations.algorithms.base import DivergedError
from recommendations.algorithms.catalogue import info
from recommendations.algorithms.least_squares import Solver, SparseRows, batch_loss
from recommendations.algorithms.validation import Validation, hold_one_out
from recommendations.interactions import Interactions

CPU = torch.device("cpu")


def random_matrix(rows=60, columns=90, density=0.2, seed=0):
    matrix = sparse.random(rows, columns, density, "csr", np.float32, np.random.default_rng(seed))
    matrix.data = matrix.data * 3 + 0.1
    return matrix


def solved(matrix, factors, regularization, *, alpha, tolerance=1e-6, device=CPU, start=None, **options):
    """The vectors in the coordinates of ``factors``; ``regularization`` is a number or one a row."""
    solver = Solver(device)
    try:
        rows = SparseRows(matrix, alpha, factors.shape[1], device)
        start = torch.zeros((matrix.shape[0], factors.shape[1])) if start is None else start
        pull = torch.as_tensor(regularization, dtype=torch.float64).expand(matrix.shape[0]).to(device)
        options = {"exact": True, "tolerance": tolerance} | options
        found, turned = solver(rows, factors.to(device), start.to(device), pull, **options)
    finally:
        solver.close()
    back, *_ = np.linalg.lstsq(turned.cpu().double().numpy(), factors.double().numpy(), rcond=None)
    return (found.cpu().double().numpy() @ back).astype(np.float32)


def written_out(matrix, factors, regularization, alpha):
    """Equation 4 of Hu, Koren and Volinsky, a row at a time, dense and in float64."""
    Y = factors.double().numpy()
    answers = np.zeros((matrix.shape[0], Y.shape[1]))
    pull = np.broadcast_to(regularization, len(answers))
    for row, weights in enumerate(matrix.toarray()):
        confidence = 1 + alpha * weights
        system = Y.T @ (confidence[:, None] * Y) + pull[row] * np.eye(Y.shape[1])
        answers[row] = np.linalg.solve(system, Y.T @ (confidence * (weights > 0)))
    return answers


@pytest.mark.parametrize("alpha", [0.0, 1.0, 40.0, 100_000.0])
def test_every_row_is_the_minimum_of_the_papers_objective(alpha):
    matrix = random_matrix()
    factors = torch.randn(90, 12, generator=torch.Generator().manual_seed(0))

    answers = solved(matrix, factors, 0.5, alpha=alpha)

    assert answers == pytest.approx(written_out(matrix, factors, 0.5, alpha), rel=2e-3, abs=2e-4)


def test_rows_of_every_length_are_solved_in_batches_of_bounded_size(monkeypatch):
    monkeypatch.setattr(module, "_FLOATS", 500)
    matrix = sparse.csr_matrix(np.tri(40, 40, -1, dtype=np.float32))  # lengths 0 to 39
    factors = torch.randn(40, 6, generator=torch.Generator().manual_seed(1))

    answers = solved(matrix, factors, 0.1, alpha=2.0)

    assert answers == pytest.approx(written_out(matrix, factors, 0.1, 2.0), rel=2e-3, abs=2e-4)
    assert not answers[0].any()
    batches = SparseRows(matrix, 2.0, 6, CPU).batches
    assert all(batch.columns.numel() * 6 <= 500 for batch in batches)
    assert sorted(int(row) for batch in batches for row in batch.rows) == list(range(1, 40))


def test_what_conjugate_gradients_do_not_finish_is_solved_exactly(monkeypatch):
    monkeypatch.setattr(module, "_STEPS", 1)
    monkeypatch.setattr(module, "_FLOATS", 200)
    matrix = random_matrix(density=0.5)
    factors = torch.randn(90, 8, generator=torch.Generator().manual_seed(2))

    answers = solved(matrix, factors, 0.5, alpha=10.0)

    assert answers == pytest.approx(written_out(matrix, factors, 0.5, 10.0), rel=1e-4, abs=1e-5)


def test_fewer_columns_than_factors_and_no_regularization_is_no_error():
    matrix = random_matrix(columns=3, density=0.9)
    factors = torch.randn(3, 16, generator=torch.Generator().manual_seed(3))

    answers = solved(matrix, factors, 0.0, alpha=1.0)

    assert np.isfinite(answers).all()


def test_the_number_of_threads_is_put_back():
    before = torch.get_num_threads()

    solved(random_matrix(), torch.ones(90, 2), 1.0, alpha=1.0)

    assert torch.get_num_threads() == before


def test_a_half_step_is_what_implicit_computes():
    als = pytest.importorskip("implicit.cpu.als")
    matrix = random_matrix(200, 150)
    items = torch.randn(150, 16, generator=torch.Generator().manual_seed(4)) * 0.3
    confidence = matrix.copy()
    confidence.data = 1 + 5 * matrix.data  # implicit's alpha x value is the whole confidence
    with threadpoolctl.threadpool_limits(1, "blas"):  # implicit warns of more
        peer = als.AlternatingLeastSquares(
            factors=16, alpha=1.0, regularization=0.7, iterations=1, use_cg=False, num_threads=1
        )
        peer.user_factors, peer.item_factors = np.zeros((200, 16), np.float32), items.numpy().copy()
        peer.fit(confidence, show_progress=False)

    users = solved(matrix, items, 0.7, alpha=5.0)
    assert users == pytest.approx(peer.user_factors, rel=1e-2, abs=1e-3)
    again = solved(matrix.T.tocsr(), torch.from_numpy(users), 0.7, alpha=5.0)
    assert again == pytest.approx(peer.item_factors, rel=1e-2, abs=1e-3)


def test_the_loss_is_the_papers_and_falls(blocks):
    losses = []
    data = blocks["orders"]

    model = create("als", factors=4, iterations=5, regularization=0.5, alpha=2.0, weight="sqrt").fit(
        data, on_progress=lambda stage, done, total, metrics: losses.append(metrics.get("loss"))
    )

    losses = [loss for loss in losses if loss is not None]
    assert losses == sorted(losses, reverse=True) and len(losses) == 5
    weights = data.matrix("sqrt").toarray()
    scores = model.scorer.user_factors @ model.scorer.item_factors.T
    expected = ((1 + 2.0 * weights) * np.square((weights > 0) - scores)).sum()
    expected += 0.5 * sum(
        np.square(part).sum() for part in (model.scorer.user_factors, model.scorer.item_factors)
    )
    assert losses[-1] == pytest.approx(expected, rel=0.02)  # the users are solved for once more after it


def test_the_loss_of_a_batch_leaves_padding_out():
    matrix = sparse.csr_matrix(np.array([[2.0, 0, 1.0], [0, 0, 3.0]], np.float32))
    users, items = torch.tensor([[1.0], [0.5]]), torch.tensor([[0.2], [9.0], [0.4]])

    found = sum(batch_loss(batch, users, items) for batch in SparseRows(matrix, 1.0, 1, CPU).batches)

    by_hand = (3 * 0.8**2 - 0.2**2) + (2 * 0.6**2 - 0.4**2) + (4 * 0.8**2 - 0.2**2)
    assert found == pytest.approx(by_hand)


def split_blocks(data: Interactions) -> tuple[Interactions, Interactions]:
    """Every ninth pair of user and item is kept for later."""
    later = (data.user * 7 + data.item) % 9 == 0
    return data.where(~later), data.where(later)


def test_auto_picks_the_regularization_that_does_best_on_the_validation_part(blocks):
    train, later = split_blocks(blocks["orders"])
    stages = []

    model = create("als", factors=4, iterations=4).fit(
        train, validation=later, on_progress=lambda stage, *rest: stages.append((stage, *rest))
    )

    chosen = model.parameters["regularization"]
    scores = {}
    for value in info("als").parameter("regularization").search:
        other = create("als", factors=4, iterations=4, regularization=value).fit(train)
        judge = Validation(train.matrix("log1p"), later.matrix("binary"))
        users, items = (
            torch.from_numpy(np.array(part))
            for part in (other.scorer.user_factors, other.scorer.item_factors)
        )
        scores[value] = judge.ndcg(users[judge.users], items)
    assert scores[chosen] == pytest.approx(max(scores.values()))
    assert {"tune", "fit"} <= {stage for stage, *_ in stages}
    assert all("ndcg" in metrics for stage, _, _, metrics in stages if stage == "fit")


def test_auto_without_a_validation_part_holds_something_out_of_the_training_part(blocks):
    data = blocks["orders"]
    keep = (data.user * 7 + data.item) % 9 != 0  # something is left to suggest

    model = create("als", factors=2, iterations=3).fit(data.where(keep))

    assert model.parameters["regularization"] in info("als").parameter("regularization").search[:-1]
    assert {key[0] for key in model.recommend(["a03"], k=4, exclude_seen=False)[0][0]} == {"a"}
    assert model.seen.indptr[-1] == data.where(keep).matrix().nnz


def test_auto_where_nobody_has_three_items_is_a_fixed_value():
    model = create("als", factors=2).fit(Interactions.from_arrays(["u", "u", "v"], ["i", "j", "i"]))

    assert model.parameters["regularization"] == FALLBACK


def test_one_item_is_held_out_of_every_row_of_three_or_more():
    matrix = sparse.csr_matrix(np.array([[1, 2, 3], [1, 2, 0], [4, 5, 6], [0, 0, 0]], np.float32))

    train, later = hold_one_out(matrix, seed=0)

    assert np.diff(later.indptr).tolist() == [1, 0, 1, 0]
    assert (train + later).toarray().tolist() == matrix.toarray().tolist()
    assert train.nnz + later.nnz == matrix.nnz


def test_validation_ndcg_is_hand_computed():
    train = sparse.csr_matrix(np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], np.float32))
    later = sparse.csr_matrix(np.array([[1, 1, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]], np.float32))
    judge = Validation(train, later, k=2)

    found = judge.ndcg(torch.tensor([[1.0]]), torch.tensor([[9.0], [1.0], [3.0], [2.0]]))

    assert judge.users.tolist() == [0]  # the second has nothing new, the third nothing to learn from
    best = 1 + 1 / np.log2(3)
    assert found == pytest.approx((1 / np.log2(3)) / best)  # ranked: item 2, then item 3 (a hit)


def test_a_warm_start_begins_where_the_earlier_model_ended(blocks):
    data = blocks["orders"]
    options = {"factors": 3, "regularization": 0.5}
    earlier = create("als", iterations=30, **options).fit(data)

    warm = create("als", iterations=1, **options).fit(data, warm_start=earlier, seed=5)
    cold = create("als", iterations=1, **options).fit(data, seed=5)

    def distance(model):
        alike, before = (one.scorer.item_factors @ one.scorer.item_factors.T for one in (model, earlier))
        return np.abs(alike - before).max()  # the fit may turn all vectors

    assert distance(warm) < 0.05 < distance(cold)


def test_a_warm_start_knows_users_too_and_takes_newcomers_as_they_are(blocks):
    data = blocks["orders"]
    newcomer = data.users.index(["a00"])[0]
    options = {"factors": 2, "regularization": 0.5, "iterations": 20}
    earlier = create("als", **options).fit(data.where(data.user != newcomer).compact())
    losses = []

    warm = create("als", **options).fit(
        data,
        warm_start=earlier,
        on_progress=lambda stage, done, total, metrics: losses.append(metrics.get("loss")),
    )

    full = create("als", **options | {"iterations": 200}).fit(data)
    losses = [loss for loss in losses if loss is not None]
    assert len(losses) == 4  # a fifth of the iterations
    scores = [model.scorer.user_factors @ model.scorer.item_factors.T for model in (warm, full)]
    assert np.abs(scores[0] - scores[1]).max() < 0.02


def test_a_warm_start_keeps_the_regularization_that_was_picked_before(blocks):
    data = blocks["orders"]
    earlier = create("als", factors=2, iterations=3).fit(data)
    stages = []

    def watch(stage, *_):
        stages.append(stage)

    warm = create("als", factors=2, iterations=3).fit(data, warm_start=earlier, on_progress=watch)
    other = create("als", factors=2, iterations=3, alpha=9.0).fit(data, warm_start=earlier)

    assert "tune" not in stages
    assert warm.parameters["regularization"] == earlier.parameters["regularization"]
    assert other.parameters["regularization"] in info("als").parameter("regularization").search


def test_an_earlier_model_of_another_kind_or_length_is_no_start(blocks):
    data = blocks["orders"]
    cold = create("als", factors=3, regularization=0.5).fit(data)

    for earlier in (create("als", factors=2, regularization=0.5).fit(data), create("popularity").fit(data)):
        other = create("als", factors=3, regularization=0.5).fit(data, warm_start=earlier)
        assert np.array_equal(other.scorer.item_factors, cold.scorer.item_factors)


SCALED = {"unobserved_weight": 0.1, "frequency_scaling": 0.7, "regularization": 0.02, "weight": "sqrt"}


def test_the_scaled_objective_is_written_out(blocks):
    data = blocks["orders"]

    model = create("als", factors=3, iterations=300, alpha=1.5, half_life=None, **SCALED).fit(data)

    weights = data.matrix("sqrt").toarray().astype(float)
    confidence = 0.1 + 1.5 * weights
    users, items = (np.array(part, float) for part in (model.scorer.user_factors, model.scorer.item_factors))
    for own, other, c in ((users, items, confidence), (items, users, confidence.T)):
        pull = 0.02 * c.sum(1) ** 0.7
        for row in range(len(own)):
            system = other.T @ (c[row][:, None] * other) + pull[row] * np.eye(3)
            best = np.linalg.solve(system, other.T @ (c[row] * (c[row] > 0.1)))
            assert own[row] == pytest.approx(best, abs=2e-3)


def test_one_user_and_one_item_are_solved_by_hand():
    data = Interactions.from_arrays(["u"], ["i"])

    model = create(
        "als",
        factors=1,
        iterations=200,
        alpha=1.0,
        unobserved_weight=0.5,
        frequency_scaling=1.0,
        regularization=0.2,
        weight="binary",
    ).fit(data)

    # min 1.5 (1 - s)^2 + .2 * 1.5 (x^2 + y^2) with x = y: 1.5 (1 - s) = .3, s = .8
    assert model.recommend(["u"], exclude_seen=False)[1][0] == pytest.approx([0.8], abs=1e-3)


def test_equal_weights_with_the_regularization_raised_are_the_papers_objective():
    """Rendle et al.: sum over purchases (1 - s)^2 + a0 sum over all s^2 + l (...), minimized by gradients."""
    data = Interactions.from_arrays([*"uuvvw"], [*"ijjkk"])
    a0, pull = 0.3, 0.1
    observed = torch.tensor(data.matrix("binary").toarray() > 0)
    generator = torch.Generator().manual_seed(0)
    users, items = (torch.randn(3, 2, generator=generator, dtype=torch.double) for _ in range(2))
    users.requires_grad_(), items.requires_grad_()
    optimizer = torch.optim.LBFGS([users, items], max_iter=2000, tolerance_grad=1e-12, tolerance_change=0)

    def closure():
        optimizer.zero_grad()
        scores = users @ items.T
        frequencies = (observed.sum(side) + a0 * 3 for side in (1, 0))
        loss = (observed * (1 - scores) ** 2).sum() + a0 * (scores**2).sum()
        for vectors, frequency in zip((users, items), frequencies, strict=True):
            loss = loss + pull * (frequency * (vectors**2).sum(1)).sum()
        loss.backward()
        return loss

    optimizer.step(closure)

    model = create(
        "als",
        factors=2,
        iterations=500,
        alpha=1.0,
        unobserved_weight=a0,
        frequency_scaling=1.0,
        regularization=pull * (1 + a0),
        weight="binary",
    ).fit(data)
    ours = model.scorer.user_factors @ model.scorer.item_factors.T
    assert ours / (1 + a0) == pytest.approx((users @ items.T).detach().numpy(), abs=2e-3)


@pytest.mark.parametrize("block", [2, 3, 256])
@pytest.mark.parametrize("alpha", [1.0, 200.0])
def test_the_loss_never_rises(blocks, block, alpha):
    losses = []

    create("als", factors=5, iterations=12, block=block, alpha=alpha, **SCALED).fit(
        blocks["orders"], on_progress=lambda stage, done, total, metrics: losses.append(metrics.get("loss"))
    )

    losses = [loss for loss in losses if loss is not None]
    assert len(losses) == 12
    assert all(after <= before * (1 + 1e-6) for before, after in pairwise(losses))


def test_blocks_of_coordinates_come_to_the_same_minimum():
    matrix = random_matrix()
    factors = torch.randn(90, 12, generator=torch.Generator().manual_seed(0))
    pull = 0.5 + np.arange(60) / 10

    found = torch.zeros(60, 12)
    for _ in range(60):
        found = torch.from_numpy(
            solved(matrix, factors, pull, alpha=5.0, start=found, exact=False, block=5, tolerance=1e-6)
        )

    assert found.numpy() == pytest.approx(written_out(matrix, factors, pull, 5.0), rel=2e-3, abs=5e-4)


def test_going_on_from_the_minimum_stays_there():
    matrix = random_matrix()
    factors = torch.randn(90, 8, generator=torch.Generator().manual_seed(5))
    best = torch.from_numpy(written_out(matrix, factors, 0.5, 3.0).astype(np.float32))

    again = solved(matrix, factors, 0.5, alpha=3.0, start=best, exact=False)

    assert again == pytest.approx(best.numpy(), abs=1e-4)


@pytest.mark.parametrize("exact", [True, False])
def test_memory_does_not_grow_with_the_longest_history(monkeypatch, exact):
    monkeypatch.setattr(module, "_FLOATS", 300)
    gathered = []
    rows_of = module._rows_of

    def watched(factors, columns):
        found = rows_of(factors, columns)
        gathered.append(found.numel())
        return found

    monkeypatch.setattr(module, "_rows_of", watched)
    matrix = random_matrix(4, 400, density=0.9)  # rows of about 360 entries, 6 factors
    factors = torch.randn(400, 6, generator=torch.Generator().manual_seed(7)) * 0.3

    answers = solved(matrix, factors, 0.5, alpha=1.0, exact=exact, steps=30, tolerance=1e-6)

    assert answers == pytest.approx(written_out(matrix, factors, 0.5, 1.0), rel=2e-3, abs=5e-4)
    assert max(gathered) <= 300


def test_fold_in_is_what_the_fit_gave_also_where_frequency_scales(blocks):
    data = blocks["orders"]
    model = create("als", factors=3, iterations=10, half_life=None, **SCALED).fit(data)
    weights = data.matrix("sqrt")

    for user in (0, 7, 30):
        row = weights[user]
        vector = model.scorer.vector(row.indices, row.data)
        assert vector == pytest.approx(model.scorer.user_factors[user], abs=1e-4)


def test_auto_considers_the_scaling(blocks):
    train, later = split_blocks(blocks["orders"])

    model = create("als", factors=4, iterations=4, frequency_scaling=1.0).fit(train, validation=later)

    weights = train.matrix("log1p", half_life=60.0)
    confidences = [16 + 2.0 * weights.sum(1), 48 + 2.0 * weights.sum(0).T]
    mean = np.concatenate([np.asarray(part).ravel() for part in confidences]).mean()
    tried = np.array(info("als").parameter("regularization").search, float)
    assert np.isclose(model.parameters["regularization"] * mean, tried).any()


def test_numbers_that_are_not_finite_are_refused(blocks, monkeypatch):
    def nothing_finite(self, rows, factors, *_, **__):
        return torch.full((rows.n_rows, 2), torch.nan), factors

    monkeypatch.setattr(Solver, "__call__", nothing_finite)

    with pytest.raises(DivergedError, match="Raise regularization"):
        create("als", factors=2, iterations=1, regularization=1.0).fit(blocks["orders"])


@pytest.mark.cuda
def test_a_gpu_gives_what_the_processor_gives():
    matrix = random_matrix(300, 200)
    factors = torch.randn(200, 32, generator=torch.Generator().manual_seed(6))

    there = solved(matrix, factors, 0.5, alpha=10.0, device=torch.device("cuda"))

    assert there == pytest.approx(solved(matrix, factors, 0.5, alpha=10.0), rel=1e-2, abs=1e-3)
