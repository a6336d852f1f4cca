from __future__ import annotations

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


def solved(matrix, factors, regularization, *, alpha, tolerance=1e-6, device=CPU):
    solver = Solver(device)
    try:
        rows = SparseRows(matrix, alpha, factors.shape[1], device)
        return solver(rows, factors.to(device), regularization, tolerance=tolerance).cpu().numpy()
    finally:
        solver.close()


def written_out(matrix, factors, regularization, alpha):
    """Equation 4 of Hu, Koren and Volinsky, a row at a time, dense and in float64."""
    Y = factors.double().numpy()
    answers = np.zeros((matrix.shape[0], Y.shape[1]))
    for row, weights in enumerate(matrix.toarray()):
        confidence = 1 + alpha * weights
        system = Y.T @ (confidence[:, None] * Y) + regularization * np.eye(Y.shape[1])
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
        return np.abs(model.scorer.item_factors - earlier.scorer.item_factors).max()

    assert distance(warm) < 0.05 < distance(cold)


def test_numbers_that_are_not_finite_are_refused(blocks, monkeypatch):
    monkeypatch.setattr(
        Solver, "__call__", lambda self, rows, factors, *_, **__: torch.full((rows.n_rows, 2), torch.nan)
    )

    with pytest.raises(DivergedError, match="Raise regularization"):
        create("als", factors=2, iterations=1, regularization=1.0).fit(blocks["orders"])


@pytest.mark.cuda
def test_a_gpu_gives_what_the_processor_gives():
    matrix = random_matrix(300, 200)
    factors = torch.randn(200, 32, generator=torch.Generator().manual_seed(6))

    there = solved(matrix, factors, 0.5, alpha=10.0, device=torch.device("cuda"))

    assert there == pytest.approx(solved(matrix, factors, 0.5, alpha=10.0), rel=1e-2, abs=1e-3)
