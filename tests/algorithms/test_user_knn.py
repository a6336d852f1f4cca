from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import create, user_knn
from recommendations.artifacts import load
from recommendations.interactions import Interactions

DAY = 86_400.0


def shop(rows: list[tuple[str, str]]) -> Interactions:
    users, items = zip(*rows, strict=True)
    return Interactions.from_arrays(users, items, orders=range(len(rows)))


PLAIN = {"weight": "count", "half_life": None, "shrinkage": 0}
FRIENDS = [("u", "a"), ("u", "b"), ("v", "a"), ("v", "b"), ("v", "c"), ("w", "b"), ("w", "d"), ("x", "e")]


def test_the_score_is_the_mean_of_the_neighbours_by_their_cosine():
    (keys,), (scores,) = create("user_knn", **PLAIN).fit(shop(FRIENDS)).recommend(["u"])

    # cos(u, v) = 2 / sqrt(2 * 3), cos(u, w) = 1 / 2; x has nothing in common
    v, w = 2 / np.sqrt(6), 0.5
    assert keys == ["c", "d"]
    assert scores == pytest.approx([v / np.sqrt(3) / (v + w), w / np.sqrt(2) / (v + w)])


def test_it_is_scikit_learns_cosine_neighbourhood():
    neighbors = pytest.importorskip("sklearn.neighbors", reason="scikit-learn is not installed")
    rng = np.random.default_rng(0)
    dense = (rng.random((60, 30)) < 0.2) * rng.integers(1, 4, (60, 30))
    dense[dense.sum(1) == 0, 0] = 1
    user, item = np.nonzero(dense)
    times = dense[user, item]
    data = Interactions.from_arrays(
        [f"u{n:02}" for n in np.repeat(user, times)], [f"i{n:02}" for n in np.repeat(item, times)],
        orders=range(int(times.sum())),
    )  # fmt: skip

    found = create("user_knn", **PLAIN, neighbours=7).fit(data).score_users(np.arange(60))

    unit = dense / np.linalg.norm(dense, axis=1, keepdims=True)
    distance, near = neighbors.NearestNeighbors(n_neighbors=8, metric="cosine").fit(dense).kneighbors(dense)
    for user in range(60):
        others = [
            (1 - d, v) for d, v in zip(distance[user], near[user], strict=True) if d < 1 - 1e-9 and v != user
        ]
        if len({round(d, 9) for d in distance[user]}) < 8 or distance[user][1] < 1e-9:
            continue  # equally near: either may be taken
        expected = sum(s * unit[v] for s, v in others) / sum(s for s, _ in others)
        known = np.isfinite(found[user])
        assert found[user][known] == pytest.approx(expected[known], abs=1e-6)
        assert (expected[~known] < 1e-9).all()


def test_shrinkage_damps_what_rests_on_little():
    rows = [("u", f"i{n}") for n in range(6)] + [("long", f"i{n}") for n in range(5)] + [("long", "x")]
    rows += [("short", "i0"), ("short", "y")]
    model = create("user_knn", **PLAIN).fit(shop(rows))
    damped = create("user_knn", **PLAIN | {"shrinkage": 10}).fit(shop(rows))

    share = [one.scorer.neighbours(*one.seen.row(one.users.position("u")))[1] for one in (model, damped)]

    cosines = np.array([5 / 6, 1 / np.sqrt(12)])
    lengths = np.sqrt([36, 12])
    assert share[0] == pytest.approx(cosines / cosines.sum())
    after = cosines * lengths / (lengths + 10)
    assert share[1] == pytest.approx(after / after.sum())


def test_only_so_many_neighbours_speak_and_their_shares_sum_to_one():
    rng = np.random.default_rng(0)
    rows = sorted({(f"u{n:03}", f"i{i}") for n in range(200) for i in rng.integers(0, 40, 8)})

    model = create("user_knn", **PLAIN, neighbours=9).fit(shop(rows))

    for user in range(200):
        people, shares = model.scorer.neighbours(*model.seen.row(user))
        assert len(people) == 9 and user not in people
        assert shares.sum() == pytest.approx(1) and (shares > 0).all()


def test_a_stranger_with_a_customers_purchases_is_answered_as_the_customer():
    model = create("user_knn", **PLAIN).fit(shop(FRIENDS))

    keys, scores = model.fold_in([("a", 1.0), ("b", 1.0)])

    (known,), (known_scores,) = model.recommend(["u"])
    assert keys == known
    assert np.array_equal(scores, known_scores)


def test_a_history_counts_by_its_proportions():
    model = create("user_knn", **PLAIN).fit(shop(FRIENDS))

    once, thrice = (model.fold_in([("a", n), ("b", 2 * n)])[1] for n in (1.0, 3.0))

    assert once == pytest.approx(thrice)


def test_recent_purchases_say_more_of_who_is_alike():
    rows = [
        ("u", "old", 200),
        ("u", "new", 0),
        ("v", "old", 200),
        ("v", "x", 200),
        ("w", "new", 0),
        ("w", "y", 0),
    ]
    users, items, ages = zip(*rows, strict=True)
    data = Interactions.from_arrays(users, items, times=[1.7e9 - age * DAY for age in ages])

    (keys,), _ = create("user_knn", half_life=30).fit(data).recommend(["u"])

    assert keys == ["y", "x"]


def test_reasons_are_the_items_shared_with_the_neighbours():
    model = create("user_knn", **PLAIN).fit(shop(FRIENDS))

    assert model.explain("u", "c", top=None) == [("a", pytest.approx(0.5)), ("b", pytest.approx(0.5))]
    assert model.explain("u", "d") == [("b", pytest.approx(1))]
    assert model.explain("u", "e") == []


def test_an_item_that_very_many_have_finds_those_for_whom_it_weighs_most(monkeypatch):
    monkeypatch.setattr(user_knn, "_MOST_BUYERS", 3)
    rows = [(f"u{n}", "bread") for n in range(9)] + [
        (f"u{n}", f"own{n}-{i}") for n in range(9) for i in range(n)
    ]

    model = create("user_knn", **PLAIN).fit(shop(rows))

    people, _ = model.scorer.neighbours(np.array([model.items.position("bread")]), np.ones(1, np.float32))
    assert people.tolist() == [1, 2]  # u0 is bread alone: a twin, who has nothing new
    assert len(model.scorer.columns[1]) == 3 + 36
    keys, scores = model.fold_in([("bread", 1.0)])
    parts = [
        model.scorer.contributions(np.array([0]), np.ones(1, np.float32), p) for p in model.items.index(keys)
    ]
    assert [float(part.sum()) for part in parts] == pytest.approx(scores.tolist())


def test_twins_alone_have_nothing_to_tell():
    model = create("user_knn").fit(shop([("u", "a"), ("v", "a"), ("w", "a")]))

    assert model.recommend(["u"], exclude_seen=False)[0] == [[]]


def test_a_loaded_model_names_the_same_neighbours(tmp_path):
    model = create("user_knn", **PLAIN).fit(shop(FRIENDS))

    loaded = load(model.save(tmp_path / "artifact"))

    for user in range(4):
        ours, theirs = (one.scorer.neighbours(*one.seen.row(user)) for one in (model, loaded))
        assert np.array_equal(ours[0], theirs[0]) and np.array_equal(ours[1], theirs[1])


def test_a_hundred_thousand_items_and_few_interactions_stay_small():
    from recommendations.interactions import Vocabulary

    items = Vocabulary(f"i{n:06}" for n in range(100_000))
    users = Vocabulary(["u", "v"])
    data = Interactions.from_codes(users, items, [0, 0, 1, 1], [5, 99_999, 5, 7])

    model = create("user_knn").fit(data)

    assert model.recommend(["u"])[0] == [["i000007"]]
    assert sum(tensor.nbytes for tensor in model.scorer.tensors().values()) < 1_000_000
