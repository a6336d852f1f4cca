import numpy as np
import pytest

from recommendations.evaluation import evaluate, protocol
from recommendations.interactions import Interactions
from recommendations.interactions.vocabulary import GUEST


def of(*pairs):
    return Interactions.from_arrays(*zip(*pairs, strict=True)) if pairs else Interactions.from_arrays([], [])


def shown(result, model):
    """user -> the items of its list."""
    return {
        user: model.items.take(row[row >= 0]) for user, row in zip(result.users, result.lists, strict=True)
    }


def test_new_leaves_what_was_bought_out_of_the_list_and_out_of_what_is_relevant(table):
    model = table({"u": {"a": 3, "b": 2, "c": 1}})
    train, test = of(("u", "a")), of(("u", "a"), ("u", "c"))

    new = evaluate(model, train, test, k=2, scope="new")
    everything = evaluate(model, train, test, k=2, scope="all")

    assert shown(new, model) == {"u": ["b", "c"]}
    assert new.metrics["recall"] == 1
    assert shown(everything, model) == {"u": ["a", "b"]}
    assert everything.metrics["recall"] == 0.5


def test_who_bought_nothing_new_is_no_test_user_of_new_items(table):
    model = table({"u": {"a": 1}, "v": {"a": 1}})
    train, test = of(("u", "a")), of(("u", "a"), ("v", "a"))

    assert evaluate(model, train, test, scope="new").users == ["v"]
    assert evaluate(model, train, test, scope="all").users == ["u", "v"]


def test_a_user_unknown_to_the_model_counts_zero_rather_than_not_at_all(table):
    model = table({"u": {"a": 1}})

    result = evaluate(model, of(("u", "b")), of(("u", "a"), ("stranger", "a")))

    assert result.users == ["stranger", "u"]
    assert result.per_user["ndcg"].tolist() == [0, 1]
    assert result.metrics["hit_rate"] == 0.5


def test_a_guest_is_never_a_test_user(table):
    model = table({"u": {"a": 1}})

    result = evaluate(model, of(("u", "b")), of(("u", "a"), (f"{GUEST}1", "a")), scope="all")

    assert result.users == ["u"]


def test_an_item_unknown_to_the_model_is_one_that_it_did_not_find(table):
    model = table({"u": {"a": 1}})

    result = evaluate(model, of(("u", "b")), of(("u", "a"), ("u", "new arrival")))

    assert result.metrics["recall"] == 0.5


def test_equal_scores_are_ranked_by_key(table):
    model = table({"u": dict.fromkeys(["é", "z", "a", "B"], 1.0)})

    result = evaluate(model, of(), of(("u", "z")), k=3)

    assert shown(result, model) == {"u": ["B", "a", "z"]}


def test_minus_infinity_and_nan_are_never_suggested(table):
    model = table({"u": {"a": -np.inf, "b": np.nan, "c": -5.0}})

    result = evaluate(model, of(), of(("u", "a")), k=3)

    assert shown(result, model) == {"u": ["c"]}
    assert result.metrics["precision"] == 0


def test_only_the_named_users_are_judged(table):
    model = table({"u": {"a": 1}, "v": {"a": 1}})

    result = evaluate(model, of(), of(("u", "a"), ("v", "a")), users=["v", "nobody"])

    assert result.users == ["v"]


def test_repeated_rows_of_the_test_count_once(table):
    model = table({"u": {"a": 1, "b": 0}})

    result = evaluate(model, of(), of(("u", "a"), ("u", "a"), ("u", "b")), k=1)

    assert result.metrics["recall"] == 0.5


def test_train_test_and_model_may_have_different_vocabularies(table):
    model = table({"u": {"b": 1, "c": 2, "d": 3}, "t": {"a": 1}})
    train = of(("s", "a"), ("u", "d"), ("u", "zzz"))
    test = of(("u", "c"), ("u", "zzz"), ("r", "q"))

    result = evaluate(model, train, test, k=1)

    assert shown(result, model) == {"r": [], "u": ["c"]}
    assert result.per_user["recall"].tolist() == [0, 1]


def test_small_chunks_change_nothing(table, monkeypatch):
    random = np.random.default_rng(0)
    users, items = [f"u{n}" for n in range(30)], [f"i{n}" for n in range(20)]
    scores = {user: dict(zip(items, random.normal(size=20).tolist(), strict=True)) for user in users}
    train = of(*zip(random.choice(users, 90), random.choice(items, 90), strict=True))
    test = of(*zip(random.choice(users, 90), random.choice(items, 90), strict=True))
    whole, parts = table(scores), table(scores)

    expected = evaluate(whole, train, test, k=5)
    monkeypatch.setattr(protocol, "_CELLS", 7 * 20)
    result = evaluate(parts, train, test, k=5)

    assert len(whole.asked) == 1
    assert set(parts.asked[:-1]) == {7}
    assert result.metrics == pytest.approx(expected.metrics, rel=0, abs=0, nan_ok=True)
    assert (result.lists == expected.lists).all()


def test_the_models_own_scores_are_not_written_to(table):
    model = table({"u": {"a": 1, "b": 2}})
    model.scores.flags.writeable = False
    before = model.scores.copy()

    evaluate(model, of(("u", "a")), of(("u", "b")))

    assert (model.scores == before).all()


def test_an_empty_test_has_no_users_and_no_numbers(table):
    result = evaluate(table({"u": {"a": 1}}), of(("u", "a")), of())

    assert result.users == []
    assert np.isnan(result.metrics["ndcg"])


def test_a_model_without_items_finds_nothing(table):
    result = evaluate(table({"u": {}}), of(), of(("u", "a")))

    assert (result.metrics["recall"], result.metrics["coverage"]) == (0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"scope": "old"}, 'scope is "new" or "all"; got \'old\''), ({"k": 0}, "k is at least 1")],
)
def test_a_wrong_option_is_named(options, message, table):
    with pytest.raises(ValueError, match=message):
        evaluate(table({"u": {"a": 1}}), of(), of(("u", "a")), **options)


def test_scores_of_another_shape_are_refused(table):
    model = table({"u": {"a": 1, "b": 2}})
    model.scores = model.scores[:, :1]

    with pytest.raises(ValueError, match=r"score_users gave shape \(1, 1\); needed \(1, 2\)"):
        evaluate(model, of(), of(("u", "a")))
