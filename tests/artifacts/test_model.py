"""What the conformance suite of the algorithms does not ask: the scorers by hand, and odd input."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.artifacts import History, KeyTable, Model, Unsupported
from recommendations.artifacts.scorers import Factors, FoldIn, ItemItem, OwnHistory, Static


def shop(
    scorer, *, items="abcd", seen=(), weights=(), supports=("recommend", "similar", "fold_in", "explain")
):
    return Model(
        algorithm="test",
        parameters={},
        supports=supports,
        scorer=scorer,
        items=KeyTable.from_keys(list(items)),
        users=KeyTable.from_keys(["u"]),
        seen=History(
            np.array([0, len(seen)]),
            np.array(seen, np.int32),
            np.array(weights or [1.0] * len(seen), np.float32),
        ),
    )


def item_item():
    """a goes with b (.5) and c (.2), b with d (.4)."""
    return ItemItem(
        np.array([0, 2, 3, 3, 3]),
        np.array([1, 2, 3], np.int32),
        np.array([0.5, 0.2, 0.4], np.float32),
        weight="sqrt",
    )


def test_item_item_adds_up_what_the_history_points_at():
    model = shop(item_item(), seen=[0], weights=[2.0])

    keys, scores = model.fold_in([("a", 1.0), ("b", 4.0), ("b", 5.0), ("c", 9.0), ("zz", 1.0)], k=9)

    assert keys == ["d"]  # b and c are in the history
    assert scores == pytest.approx([np.sqrt(9) * 0.4])
    assert model.fold_in([("a", 1.0), ("b", 9.0)], exclude_seen=False)[0] == ["d", "b", "c"]
    assert model.recommend(["u"])[0] == [["b", "c"]]
    assert model.recommend(["u"])[1][0] == pytest.approx([1.0, 0.4])
    assert model.similar(["a", "c"])[0] == [["b", "c"], []]
    assert model.explain([("a", 1.0), ("b", 9.0)], "d") == [("b", 1.0)]


def test_purchases_of_weight_zero_or_less_do_not_count():
    model = shop(item_item())

    assert model.fold_in([("a", 0.0), ("b", -3.0)])[0] == []
    assert model.fold_in([("a", 5.0), ("a", -5.0)])[0] == []


def test_own_history_returns_the_history_by_weight():
    model = shop(OwnHistory(np.array([0, 1e-6, 2e-6, 0], np.float32)), seen=[0, 2], weights=[1.0, 3.0])

    assert model.recommend(["u"], exclude_seen=False)[0] == [["c", "a"]]
    assert model.recommend(["u"])[0] == [[]]
    assert model.fold_in([("b", 1.0), ("c", 1.0), ("d", 7.0)], exclude_seen=False)[0] == ["d", "c", "b"]
    assert model.explain("u", "c") == [("c", 1.0)]


def test_everybody_gets_the_static_list_without_what_they_have():
    model = shop(
        Static(np.array([1, 2, 2, -np.inf], np.float32)), seen=[1], supports=("recommend", "fold_in")
    )

    assert model.recommend(["u"])[0] == [["c", "a"]]
    assert model.fold_in([])[0] == ["b", "c", "a"]
    assert model.fold_in([("c", 1.0)], deny=["a"])[0] == ["b"]
    with pytest.raises(Unsupported, match="supports fold_in, recommend"):
        model.explain("u", "a")


def test_a_folded_vector_is_the_least_squares_solution():
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(4, 2)).astype(np.float32)
    gram = Y.T.astype(np.float64) @ Y + 0.3 * np.eye(2)
    scorer = Factors(
        np.zeros((1, 2), np.float32), Y, gram, fold_in=FoldIn("implicit", 2.0), weight="log1p", latent=2
    )

    _, scores = shop(scorer).fold_in([("a", 3.0), ("c", 1.0)], k=4, exclude_seen=False)

    confidence = np.array([1 + 2 * np.log(4), 1, 1 + 2 * np.log(2), 1])
    system = Y.T @ (confidence[:, None] * Y) + 0.3 * np.eye(2)
    x = np.linalg.solve(system, Y.T @ (confidence * [1, 0, 1, 0]))
    assert sorted(scores) == pytest.approx(sorted(Y @ x), rel=1e-4)


def test_similar_by_factors_is_the_cosine_of_the_latent_part():
    items = np.array([[1, 0, 9], [2, 0, -9], [0, 3, 9], [0, 0, 5]], np.float32)
    scorer = Factors(
        np.zeros((1, 3), np.float32), items, np.eye(2), fold_in=FoldIn("explicit"), weight="mean", latent=2
    )

    keys, scores = shop(scorer).similar(["a", "d"], k=3)

    assert keys == [["b", "c"], []]  # d was not learned
    assert scores[0] == pytest.approx([1, 0])


def test_ratings_given_twice_count_as_their_mean_and_may_be_low():
    scorer = Factors(
        np.zeros((1, 3), np.float32),
        np.array([[1, 1, 3], [-1, 1, 3], [0.5, 1, 3], [2, 1, 3]], np.float32),
        0.1 * np.eye(2),
        fold_in=FoldIn("explicit"),
        weight="mean",
        latent=1,
    )
    model = shop(scorer)

    assert model.fold_in([("a", 1.0), ("a", 3.0)])[1] == pytest.approx(model.fold_in([("a", 2.0)])[1])
    assert model.fold_in([("a", 0.0)])[1][-1] < 3 < model.fold_in([("a", 6.0)])[1][0]


def test_a_model_whose_parts_do_not_fit_is_refused():
    with pytest.raises(ValueError, match="4 items scored, 2 item keys"):
        shop(Static(np.zeros(4, np.float32)), items="ab")


def test_a_mask_of_the_wrong_length_is_refused():
    model = shop(Static(np.zeros(4, np.float32)))

    with pytest.raises(ValueError, match=r"got shape \(3,\)"):
        model.recommend(["u"], deny=np.zeros(3, dtype=bool))


def test_a_mask_of_the_caller_and_the_stored_scores_are_never_written_to(make_model):
    model = make_model("static")
    mask = np.zeros(30, dtype=bool)
    before = model.scorer.tensors()["scores"].copy()

    model.fold_in([("i01", 1.0)], allow=~mask, deny=mask)
    model.recommend(["ü1", "ü2"], allow=~mask, deny=["i07"])

    assert not mask.any()
    assert np.array_equal(model.scorer.tensors()["scores"], before)


def test_users_given_twice_and_as_a_generator_get_their_lists(make_model):
    model = make_model()

    keys, _ = model.recommend((user for user in ("ü1", "x", "ü1")), k=2)

    assert keys[0] == keys[2] and keys[1] == [] and len(keys[0]) == 2
    assert "factors: 7 users, 30 items" in repr(model)


def test_large_batches_are_answered_in_parts(make_model, monkeypatch):
    model = make_model()
    users = model.users.keys(range(7))
    expected = model.recommend(users, k=4)

    monkeypatch.setattr("recommendations.artifacts.model._CELLS", 60)  # two users at a time

    assert model.recommend(users, k=4)[0] == expected[0]
