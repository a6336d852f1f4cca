"""ease and ridge beside Steck's formulas, solved by numpy in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms import create, related, ridge
from recommendations.algorithms.base import DivergedError
from recommendations.artifacts import Model
from recommendations.interactions import Interactions, Vocabulary


def shop(users: int, items: int, rows: int = 400) -> Interactions:
    rng = np.random.default_rng(5)
    return Interactions.from_arrays(
        [f"u{n:03}" for n in rng.integers(0, users, rows)],
        [f"i{n:03}" for n in (items * rng.random(rows) ** 2).astype(int)],
        times=1.7e9 - rng.random(rows) * 86_400 * 200,
    )


MANY_USERS, MANY_ITEMS = shop(60, 25), shop(25, 60)


def dense(model: Model) -> np.ndarray:
    scorer = model.scorer
    B = np.zeros((scorer.n_items, scorer.n_items))
    B[np.repeat(np.arange(scorer.n_items), np.diff(scorer.indptr)), scorer.indices] = scorer.values
    B[:, scorer.targets] = scorer.dense[scorer.places]
    return B


def steck(data: Interactions, l2: float, *, diagonal: bool) -> np.ndarray:
    X = data.matrix("sqrt", half_life=60).toarray().astype(np.float64)
    P = np.linalg.inv(X.T @ X + l2 * np.eye(X.shape[1]))
    if diagonal:
        return P @ X.T @ X
    B = -P / np.diag(P)
    np.fill_diagonal(B, 0)
    return B


@pytest.mark.parametrize(("cells", "whole"), [(8_000_000, 800), (200, 0), (200, 7)])
@pytest.mark.parametrize("data", [MANY_USERS, MANY_ITEMS], ids=["items' dimension", "users' dimension"])
@pytest.mark.parametrize("l2", [0.1, 5.0, 1000.0])
@pytest.mark.parametrize("name", ["ease", "ridge"])
def test_all_neighbours_kept_are_stecks_closed_form(name, data, l2, cells, whole, monkeypatch):
    monkeypatch.setattr(related, "_CELLS", cells)
    monkeypatch.setattr(ridge, "_DENSE", whole)
    expected = steck(data, l2, diagonal=name == "ridge")

    model = create(name, weight="sqrt", half_life=60, l2=l2, neighbours=5000).fit(data)

    assert dense(model) == pytest.approx(expected, rel=2e-3, abs=1e-5 * np.abs(expected).max())


def test_both_dimensions_agree():
    X = shop(30, 40).matrix("count")
    nobody = sparse.csr_matrix((20, X.shape[1]), dtype=np.float32)

    by_users = ridge.Projection("ridge", X, 3.0)
    by_items = ridge.Projection("ridge", sparse.vstack([X, nobody], format="csr"), 3.0)

    rows = slice(5, 25)
    assert by_users.rows(rows) == pytest.approx(by_items.rows(rows), abs=1e-5)
    assert by_users.residual == pytest.approx(by_items.residual, rel=1e-4)
    assert by_users.mean_scores * 30 == pytest.approx(by_items.mean_scores * 50, rel=1e-3, abs=1e-5)


def test_columns_of_the_highest_mean_scores_are_whole_and_rows_keep_what_is_furthest_from_0(monkeypatch):
    monkeypatch.setattr(ridge, "_DENSE", 5)
    expected = steck(MANY_USERS, 5.0, diagonal=False)
    X = MANY_USERS.matrix("sqrt", half_life=60).toarray()
    best = np.sort(np.argsort(-(X @ expected).mean(axis=0))[:5])

    model = create("ease", weight="sqrt", half_life=60, l2=5, neighbours=4).fit(MANY_USERS)

    found = dense(model)
    assert model.scorer.targets.tolist() == best.tolist()
    assert found[:, best] == pytest.approx(expected[:, best], abs=1e-5)
    rest = np.abs(np.delete(expected, best, axis=1))
    kept = np.sort(np.abs(np.delete(found, best, axis=1)), axis=1)[:, ::-1]
    assert kept[:, :4] == pytest.approx(np.sort(rest, axis=1)[:, ::-1][:, :4], abs=1e-5)
    assert not kept[:, 4:].any()


def test_ridge_suggests_again_what_ease_never_does_for_itself():
    data = Interactions.from_arrays(["ann", "bob", "bob", "cat"], ["tea", "jam", "bread", "bread"])

    ease, again = (create(name, l2=1).fit(data) for name in ("ease", "ridge"))

    assert ease.recommend(["ann"], exclude_seen=False)[0] == [[]]
    assert again.recommend(["ann"], exclude_seen=False)[0] == [["tea"]]
    assert again.explain("ann", "tea") == [("tea", 1.0)]


def test_what_speaks_against_an_item_lowers_its_score_and_is_a_share_below_zero():
    rows = [
        ("u1", "tea"),
        ("u1", "cup"),
        ("u2", "tea"),
        ("u2", "cup"),
        ("u3", "tea"),
        ("u3", "mug"),
        ("u4", "mug"),
    ]
    data = Interactions.from_arrays(*zip(*rows, strict=True))
    model = create("ease", l2=0.5, half_life=None).fit(data)

    shares = dict(model.explain([("tea", 1.0), ("mug", 1.0)], "cup", top=None))
    (alone,) = model.fold_in([("tea", 1.0)], allow=["cup"])[1]
    (with_mug,) = model.fold_in([("tea", 1.0), ("mug", 1.0)], allow=["cup"])[1]

    assert with_mug < alone
    assert shares["mug"] < 0 < shares["tea"]
    assert sum(shares.values()) == pytest.approx(1)
    assert "cup" not in model.similar(["mug"])[0][0]


@pytest.mark.parametrize("name", ["ease", "ridge"])
def test_more_than_a_dense_solve_takes_is_refused_with_what_to_do(name, monkeypatch):
    monkeypatch.setattr(ridge, "LARGEST", 20)

    create(name).fit(shop(20, 60))
    with pytest.raises(
        ridge.TooLargeError, match=rf"{name} .* at most 20; got 2\d users and \d+ items\. Leave out"
    ):
        create(name).fit(shop(25, 60))


def test_keys_without_rows_cost_nothing():
    items = Vocabulary(f"i{n:07}" for n in range(1_000_000))
    users = Vocabulary(f"u{n:07}" for n in range(100_000))
    data = Interactions.from_codes(users, items, [7, 7, 9, 9], [999_999, 5, 5, 70])

    model = create("ease", l2=1).fit(data)

    assert model.recommend(["u0000007"])[0] == [["i0000070"]]
    assert model.scorer.dense.shape == (4, 3)


def test_an_l2_too_small_to_solve_with_says_to_raise_it():
    gram = sparse.csr_matrix(np.full((50, 50), 1e17))

    with pytest.raises(
        DivergedError, match=r"ridge: l2 0\.01 is too small beside weights up to 5e\+18; raise l2"
    ):
        ridge.inverted(gram, 0.01, "ridge")


def test_a_small_l2_is_solved_in_double_precision():
    X = MANY_ITEMS.matrix("count") * 30
    gram = (X @ X.T).astype(np.float32)

    found = ridge.inverted(gram, 0.01, "ridge")

    expected = np.linalg.inv(gram.toarray().astype(np.float64) + 0.01 * np.eye(25))
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-6 * np.abs(expected).max())
