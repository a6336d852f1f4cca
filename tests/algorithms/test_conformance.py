"""What every algorithm must pass for what it declares to support."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.algorithms import create
from recommendations.algorithms.base import Cancelled, NotEnoughDataError
from recommendations.algorithms.catalogue import ALGORITHMS, ROLES, info
from recommendations.artifacts import Model, Unsupported, load
from recommendations.interactions import Interactions, Vocabulary

from .conftest import block_rows, interactions

NAMES = sorted(ALGORITHMS)
QUICK = {
    "als": {"factors": 2, "iterations": 8, "regularization": 0.1},
    "bpr": {"factors": 4, "epochs": 40},
    "ccl": {"factors": 8, "epochs": 30, "temperature": 0.3},
    "svd": {"factors": 4, "epochs": 15, "learning_rate": 0.05, "regularization": 0.02},
    "svdpp": {
        "factors": 4,
        "epochs": 15,
        "learning_rate": 0.05,
        "regularization": 0.2,
        "implicit_regularization": 1.0,
    },
    "item_cosine": {"shrinkage": 0.0, "amplification": 1.0},
    "item_knn": {"shrinkage": 0.0, "amplification": 1.0},
    "ease": {"l2": 10.0},
    "ridge": {"l2": 100.0},
}
LEARNS_TASTE = (
    "als",
    "association_rules",
    "bought_together",
    "bpr",
    "ccl",
    "ease",
    "item_cosine",
    "item_knn",
    "ridge",
    "svd",
    "svdpp",
    "tifu_knn",
    "user_knn",
)
QUESTIONS = ("recommend", "similar", "fold_in", "explain")


def fitted(name: str, data: Interactions, **options: object) -> Model:
    return create(name, **QUICK.get(name, {})).fit(data, **options)


def supporting(question: str) -> list[str]:
    return [name for name in NAMES if question in info(name).supports]


@pytest.fixture(scope="module")
def models(blocks: dict[str, Interactions]) -> dict[str, Model]:
    return {name: fitted(name, blocks[info(name).needs]) for name in NAMES}


def history(model: Model, data: Interactions, user: str) -> list[tuple[str, float]]:
    """What the user has in ``data``, weighted as the model's parameters say, before ``weight`` is applied."""
    if model.algorithm == "tifu_knn":  # it has decays of its own, by the sequence of orders
        items, weights = model.seen.row(model.users.position(user))
        return list(zip(data.items.take(items), weights.astype(float), strict=True))
    half_life = model.parameters.get("half_life")
    row = data.matrix("count", half_life=half_life)[data.users.index([user])[0]]
    return list(zip(data.items.take(row.indices), row.data.astype(float), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_says_what_the_algorithm_is(name, models):
    assert models[name].algorithm == name
    assert models[name].supports == info(name).supports
    assert set(models[name].parameters) == set(info(name).defaults)
    assert set(info(name).roles) <= set(ROLES)


@pytest.mark.parametrize("name", LEARNS_TASTE)
def test_what_suits_the_own_group_comes_first(name, models):
    keys, _ = models[name].recommend(["a03", "b05"], k=1)

    assert keys == [["a-3"], ["b-5"]]


@pytest.mark.parametrize("name", LEARNS_TASTE)
def test_a_stranger_with_a_known_taste_is_served_like_the_group(name, models):
    high = 5.0 if info(name).needs == "ratings" else 1.0

    keys, _ = models[name].fold_in([("a-0", high), ("a-1", high), ("a-2", high)], k=4)

    assert {key[0] for key in keys} == {"a"}


@pytest.mark.parametrize("name", supporting("similar"))
def test_similar_items_are_of_the_same_group_and_never_the_item_itself(name, models):
    keys, scores = models[name].similar(["a-0", "b-7", "nobody"], k=5)

    assert [len(row) for row in keys] == [5, 5, 0]
    assert {key[0] for key in keys[0]} == {"a"} and "a-0" not in keys[0]
    assert {key[0] for key in keys[1]} == {"b"} and "b-7" not in keys[1]
    assert all((np.diff(row) <= 0).all() for row in scores)


@pytest.mark.parametrize("name", NAMES)
def test_fold_in_of_a_known_users_history_is_what_recommend_gives(name, models, blocks):
    model = models[name]
    data = blocks[info(name).needs]
    pairs = history(model, data, "a03")

    folded_keys, folded = model.fold_in(pairs, k=16, exclude_seen=False)

    (keys,), (scores,) = model.recommend(["a03"], k=16, exclude_seen=False)
    tolerance = 0.25 if name == "svd" else 2e-3  # Adam comes near the minimum that fold-in solves for
    assert dict(zip(folded_keys, folded, strict=True)) == pytest.approx(
        dict(zip(keys, scores, strict=True)), rel=tolerance, abs=tolerance
    )


@pytest.mark.parametrize("name", LEARNS_TASTE)
def test_fold_in_is_close_to_a_refit_with_the_newcomer(name, models, blocks):
    kind = info(name).needs
    rows = block_rows()
    newcomer = [("zz", *row[1:4], row[4] + 10_000, row[5]) for row in rows if row[0] == "a03"]
    refitted = fitted(name, interactions(rows + newcomer, kind))
    model = models[name]

    keys, scores = model.fold_in(history(model, blocks[kind], "a03"), k=3)

    (other_keys,), (other_scores,) = refitted.recommend(["zz"], k=3)
    assert keys[0] == other_keys[0] == "a-3"
    assert scores[0] == pytest.approx(other_scores[0], rel=0.25)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_gives_identical_answers(name, models, tmp_path):
    model = models[name]

    loaded = load(model.save(tmp_path / "artifact"))

    assert loaded.parameters == model.parameters
    assert loaded.supports == model.supports
    questions = {
        "recommend": lambda m: m.recommend(m.users.keys(range(len(m.users))), k=5, exclude_seen=False),
        "similar": lambda m: m.similar(["a-1", "b-2"], k=5),
        "fold_in": lambda m: m.fold_in([("a-1", 1.0), ("b-2", 3.0)], k=5),
        "explain": lambda m: m.explain("a03", "a-1"),
    }
    for question in model.supports:
        assert repr(questions[question](loaded)) == repr(questions[question](model))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_model(name, blocks):
    data = blocks[info(name).needs]

    first, second = fitted(name, data, seed=7), fitted(name, data, seed=7)

    for tensor, array in first.scorer.tensors().items():
        assert np.array_equal(array, second.scorer.tensors()[tensor]), tensor


@pytest.mark.parametrize("name", ["als", "bpr", "ccl", "svd"])
def test_another_seed_gives_another_start(name, blocks):
    data = blocks[info(name).needs]

    first, second = fitted(name, data, seed=1), fitted(name, data, seed=2)

    assert not np.array_equal(first.scorer.tensors()["item_factors"], second.scorer.tensors()["item_factors"])


@pytest.mark.parametrize("name", NAMES)
def test_users_without_rows_and_unknown_users_get_no_list_of_somebody_else(name, blocks):
    data = blocks[info(name).needs]
    code = data.users.index(["a00"])[0]
    model = fitted(name, data.where(data.user != code))

    keys, scores = model.recommend(["a00", "nobody", "b00"], k=3, exclude_seen=False)

    assert keys[1] == [] and len(scores[1]) == 0
    assert keys[0] == [] or not model.scorer.needs_history
    assert keys[2] and len(scores[2]) == len(keys[2])


@pytest.mark.parametrize("name", NAMES)
def test_items_without_rows_are_never_suggested(name, blocks):
    data = blocks[info(name).needs]
    code = data.items.index(["a-3"])[0]
    model = fitted(name, data.where(data.item != code))

    keys, _ = model.recommend(["a03", "b03"], k=100, exclude_seen=False)

    assert all("a-3" not in row for row in keys)
    if "similar" in model.supports:
        assert model.similar(["a-3"])[0] == [[]]
        assert "a-3" not in model.similar(["a-0"], k=100)[0][0]


@pytest.mark.parametrize("name", NAMES)
def test_one_user_and_one_item_are_enough(name):
    kind = info(name).needs
    data = Interactions.from_arrays(["u"], ["i"], [4.0], [1.7e9], [1], kind=kind)

    model = fitted(name, data)

    assert model.recommend(["u"])[0] == [[]]
    assert model.recommend(["u"], exclude_seen=False)[0] in ([["i"]], [[]])
    assert np.isfinite(model.recommend(["u"], exclude_seen=False)[1][0]).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_line_given_twice_changes_nothing(name):
    kind = info(name).needs
    rows = block_rows()

    once, twice = (fitted(name, interactions(given, kind)) for given in (rows, rows + rows))

    (keys,), (scores,) = once.recommend(["a03"], k=16, exclude_seen=False)
    (twice_keys,), (twice_scores,) = twice.recommend(["a03"], k=16, exclude_seen=False)
    assert keys == twice_keys
    assert twice_scores == pytest.approx(scores, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_batch_and_scalar_calls_agree(name, models):
    model = models[name]
    users = model.users.keys(range(len(model.users)))

    keys, scores = model.recommend(users, k=6, exclude_seen=False)

    for user, row, row_scores in zip(users, keys, scores, strict=True):
        (one,), (one_scores,) = model.recommend([user], k=6, exclude_seen=False)
        assert row_scores == pytest.approx(one_scores, rel=1e-5)
        assert sorted(one) == sorted(row)


@pytest.mark.parametrize("name", NAMES)
def test_batch_scores_are_those_of_the_list(name, models):
    model = models[name]

    row = model.score_users(model.users.index(["a03"]))[0]

    (keys,), (scores,) = model.recommend(["a03"], k=4, exclude_seen=False)
    assert row.dtype == np.float32 and row.shape == (len(model.items),)
    assert row[model.items.index(keys)] == pytest.approx(scores, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_cancel_acts_at_every_report(name, blocks):
    data = blocks[info(name).needs]
    calls: list[tuple[str, int, int]] = []
    fitted(name, data, on_progress=lambda stage, done, total, metrics: calls.append((stage, done, total)))
    assert [calls[0][0], calls[-1][0]] == ["prepare", "finish"]
    assert all(0 <= done <= total for _, done, total in calls)

    for stop in {0, 1, len(calls) // 2, len(calls) - 1}:
        seen: list[str] = []

        def stop_there(stage, done, total, metrics, *, seen=seen, stop=stop):
            seen.append(stage)
            return len(seen) <= stop

        with pytest.raises(Cancelled, match=calls[stop][0]):
            fitted(name, data, on_progress=stop_there)
        assert len(seen) == stop + 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_unsupported_question_is_refused_by_name(name, question, models):
    model = models[name]
    ask = {
        "recommend": lambda: model.recommend(["a03"]),
        "similar": lambda: model.similar(["a-1"]),
        "fold_in": lambda: model.fold_in([("a-1", 1.0)]),
        "explain": lambda: model.explain([("a-1", 1.0)], "a-2"),
    }[question]

    if question in model.supports:
        ask()
    else:
        with pytest.raises(Unsupported, match=f"{name} does not support {question}"):
            ask()


@pytest.mark.parametrize("name", NAMES)
def test_allow_and_deny_apply_before_the_top_k(name, models):
    model = models[name]
    everything = model.items.keys(range(len(model.items)))
    (own,), _ = model.recommend(["a03"], k=1, exclude_seen=False)
    (rest,), _ = model.recommend(["a03"], k=2, exclude_seen=False, deny=own)

    assert own[0] not in rest and len(rest) == 2
    assert model.recommend(["a03"], k=9, exclude_seen=False, allow=own)[0] == [own]
    assert model.recommend(["a03"], exclude_seen=False, deny=everything)[0] == [[]]
    assert model.recommend(["a03"], exclude_seen=False, allow=[])[0] == [[]]
    assert model.recommend(["a03"], exclude_seen=False, allow=["unknown"])[0] == [[]]
    assert model.recommend(["a03"], k=1, exclude_seen=False, deny=["unknown"])[0] == [own]
    mask = np.ones(len(model.items), dtype=bool)
    assert model.fold_in([("a-1", 4.0)], exclude_seen=False, deny=mask)[0] == []
    assert model.fold_in([("a-1", 4.0)], exclude_seen=False, allow=~mask)[0] == []


@pytest.mark.parametrize("name", NAMES)
def test_odd_sizes_of_k(name, models):
    model = models[name]

    assert model.recommend(["a03"], k=0)[0] == [[]]
    (keys,), (scores,) = model.recommend(["a03"], k=10**9, exclude_seen=False)
    assert len(keys) == len(set(keys)) == len(scores) <= len(model.items)
    with pytest.raises(ValueError, match="k must be 0 or more, got -1"):
        model.recommend(["a03"], k=-1)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_bought_is_left_out_unless_asked_for(name, models, blocks):
    model = models[name]
    bought = {key for key, _ in history(model, blocks[info(name).needs], "a03")}

    (new,), _ = model.recommend(["a03"], k=100)
    folded, _ = model.fold_in([(key, 1.0) for key in bought], k=100)

    assert not bought & set(new)
    assert not bought & set(folded)


@pytest.mark.parametrize("name", supporting("explain"))
def test_shares_of_the_history_sum_to_the_score(name, models, blocks):
    model = models[name]
    pairs = [("a-1", 1.0), ("a-2", 2.0), ("a-4", 1.0), ("unknown", 1.0)]
    item = "a-1" if name == "buy_again" else "a-3"

    shares = model.explain(pairs, item, top=None)

    assert sum(share for _, share in shares) == pytest.approx(1)
    assert {key for key, _ in shares} <= {"a-1", "a-2", "a-4"}
    assert [share for _, share in shares] == sorted((share for _, share in shares), reverse=True)
    assert model.explain(pairs, item, top=1) == shares[:1]
    assert model.explain(pairs, "unknown") == model.explain([], item) == model.explain("nobody", item) == []


@pytest.mark.parametrize("name", ["als", "bought_together", "bpr", "item_cosine", "tifu_knn", "user_knn"])
def test_a_share_is_what_the_item_adds_to_the_score(name, models):
    model = models[name]
    items, weights = model.scorer.weigh(model.items.index(["a-1", "a-2", "a-4"]), np.array([1.0, 2.0, 1.0]))
    target = model.items.position("a-3")

    parts = model.scorer.contributions(items, weights, target)

    assert parts.sum() == pytest.approx(model.scorer.score_history(items, weights)[target], rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_wrong_kind_of_rows_and_no_rows_say_what_is_needed(name, blocks):
    needs = info(name).needs
    other = "orders" if needs == "ratings" else "ratings"

    with pytest.raises(NotEnoughDataError, match=f"{name} needs {needs}, found 0"):
        fitted(name, blocks[other])
    with pytest.raises(NotEnoughDataError, match=f"{name} needs {needs}, found 0"):
        fitted(name, Interactions.from_arrays([], [], kind=needs))


@pytest.mark.parametrize("name", NAMES)
def test_a_validation_part_over_other_keys_is_refused(name, blocks):
    data = blocks[info(name).needs]
    other = Interactions.from_arrays(["x"], ["y"], kind=info(name).needs)

    with pytest.raises(ValueError, match="one split"):
        fitted(name, data, validation=other)


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_that_is_no_number_is_refused(name, models):
    with pytest.raises(ValueError, match="finite number, got nan for 'a-1'"):
        models[name].fold_in([("a-1", float("nan"))])


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_or_unknown_history_is_no_error(name, models):
    model = models[name]

    for pairs in ([], [("unknown", 1.0)]):
        keys, scores = model.fold_in(pairs, k=3)
        assert len(keys) == len(scores) == (0 if model.scorer.needs_history else 3)


@settings(max_examples=12, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(1, 5), st.integers(0, 3)),
        min_size=1,
        max_size=30,
    ),
    name=st.sampled_from(NAMES),
)
def test_any_small_shop_gives_lists_of_different_finite_new_items(rows, name):
    users = Vocabulary(f"u{n}" for n in range(6))
    items = Vocabulary(f"i{n}" for n in range(7))
    user, item, value, order = (np.array(column) for column in zip(*rows, strict=True))
    times = 1.7e9 + order * 86_400.0
    data = Interactions.from_codes(
        users, items, user, item, value, times, user * 10 + order, info(name).needs
    )
    options = QUICK.get(name, {}) | ({"epochs": 3} if name == "svd" else {})

    model = create(name, **options).fit(data)

    keys, scores = model.recommend(users.keys, k=10)
    for code, (row, row_scores) in enumerate(zip(keys, scores, strict=True)):
        taken = set(items.take(data.item[data.user == code]))
        assert len(row) == len(set(row)) == len(row_scores)
        assert not taken & set(row)
        assert np.isfinite(row_scores).all()
        assert (np.diff(row_scores) <= 0).all()
