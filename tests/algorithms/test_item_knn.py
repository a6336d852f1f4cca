"""item_knn beside implicit's recommenders, and its decay by orders beside a case worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import create
from recommendations.artifacts import Model
from recommendations.interactions import Interactions

DAY = 86_400.0


@pytest.fixture
def data() -> Interactions:
    rng = np.random.default_rng(3)
    return Interactions.from_arrays(
        [f"u{n}" for n in rng.integers(0, 30, 300)],
        [f"i{n:02}" for n in rng.integers(0, 20, 300)],
        times=1.7e9 - rng.random(300) * DAY * 200,
    )


def dense(model: Model) -> np.ndarray:
    scores = model.scorer.score_items(np.arange(len(model.items)))
    return np.where(np.isneginf(scores), 0, scores)


@pytest.mark.filterwarnings("ignore:Method expects CSR input")
@pytest.mark.parametrize(
    ("similarity", "peer"),
    [("cosine", "CosineRecommender"), ("tfidf", "TFIDFRecommender"), ("bm25", "BM25Recommender")],
)
def test_similarities_are_those_of_implicit_without_the_item_itself(similarity, peer, data):
    peers = pytest.importorskip("implicit.nearest_neighbours")
    other = getattr(peers, peer)(K=20, num_threads=1)
    other.fit(data.matrix("count").astype(np.float64), show_progress=False)
    expected = other.similarity.toarray()
    np.fill_diagonal(expected, 0)

    model = create(
        "item_knn", similarity=similarity, weight="count", half_life=None, shrinkage=0, amplification=1
    ).fit(data)

    assert dense(model) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_neighbours_are_the_most_similar_ones(data):
    everyone = dense(create("item_knn", neighbours=5000).fit(data))

    few = dense(create("item_knn", neighbours=3).fit(data))

    assert (np.sort(few, axis=1)[:, -3:] == np.sort(everyone, axis=1)[:, -3:]).all()
    assert np.count_nonzero(few, axis=1).max() == 3


def test_a_purchase_counts_half_for_each_later_order():
    data = Interactions.from_arrays(
        ["ann", "ann", "ann", "ann", "bob"],
        ["tea", "jam", "tea", "pie", "pie"],
        times=[0.0, 5 * DAY, 5 * DAY, 90 * DAY, 50 * DAY],
        orders=[1, 2, 2, 3, 4],
    )

    model = create("item_knn", half_life_orders=1, half_life=None, weight="count").fit(data)

    items, weights = model.seen.row(model.users.position("ann"))
    assert dict(zip(model.items.keys(items), weights, strict=True)) == {"jam": 0.5, "pie": 1.0, "tea": 0.75}
    assert model.seen.row(model.users.position("bob"))[1] == pytest.approx([1.0])


def test_decays_by_days_and_by_orders_multiply():
    data = Interactions.from_arrays(["ann", "ann"], ["tea", "jam"], times=[0.0, 10 * DAY])

    model = create("item_knn", half_life_orders=2, half_life=10, weight="count").fit(data)

    assert model.seen.row(0)[1] == pytest.approx([1.0, 0.5 * 0.5**0.5])  # jam, tea


def test_similarities_do_not_depend_on_the_decay_by_orders(data):
    plain, decayed = (create("item_knn", half_life_orders=steps).fit(data) for steps in (None, 1))

    assert np.array_equal(plain.scorer.values, decayed.scorer.values)
    assert plain.seen.weights.sum() > decayed.seen.weights.sum()


def test_orders_without_times_are_not_decayed():
    data = Interactions.from_arrays(["ann", "ann", "bob"], ["tea", "jam", "jam"])

    model = create("item_knn", half_life_orders=1).fit(data)

    assert (model.seen.weights == 1).all()


def test_a_customer_who_bought_everything_says_nothing_by_tfidf():
    items = [f"i{n}" for n in range(6)]
    data = Interactions.from_arrays(["all"] * 6 + ["u", "u", "v"], [*items, "i0", "i1", "i1"])

    model = create("item_knn", similarity="tfidf", shrinkage=0).fit(data)

    assert model.similar(["i0", "i4"])[0] == [["i1"], []]
