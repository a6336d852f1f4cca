import json

import pytest

from recommendations.evaluation import ScorecardEntry, bootstrap_interval, evaluate, scorecard
from recommendations.evaluation.significance import holm, paired_t_test
from recommendations.interactions import Interactions, temporal_split


def test_the_scorecard_has_the_promised_shape(table):
    data = Interactions.from_arrays(["u", "v", "u", "v"], ["a", "a", "b", "c"], times=[0, 1, 86_400, 86_400])
    split = temporal_split(data, cutoff=86_400)
    model = table({"u": {"b": 2, "c": 1}, "v": {"b": 2, "c": 1}})
    result = evaluate(model, split.train, split.test, k=5, scope="new")

    card = scorecard(
        [
            ("popularity", "new", {"half_life": 7}, 1.23456, result),
            ScorecardEntry("als", "new", {}, 1, result),
        ],
        split,
        k=5,
        seed=3,
    )

    assert json.loads(json.dumps(card, allow_nan=False)) == card
    rows, segments, comparisons = (card.pop(name) for name in ("rows", "segments", "comparisons"))
    assert segments == {
        "customers": {"cold": [0, 0], "light": [1, 2], "regular": [3, 9], "heavy": [10, None]},
        "items": {"head": [0, 0.5], "middle": [0.5, 0.8], "tail": [0.8, 1]},
    }
    assert comparisons == {"number": 1, "test": "paired t", "correction": "Holm", "level": 0.05}
    assert card == {
        "split": "temporal",
        "cutoff": "1970-01-02T00:00:00+00:00",
        "k": 5,
        "seed": 3,
        "users": 2,
        "items": 3,
    }
    assert {"algorithm", "scope", "parameters", "seconds", "users", "metrics", "interval"} < set(rows[0])
    names = "ndcg, recall, map, hit_rate, mrr, precision, f1, coverage, novelty, gini, diversity"
    names += ", price_bias, miscalibration"
    assert ", ".join(rows[0]["metrics"]) == names
    assert rows[0]["metrics"]["ndcg"] == pytest.approx(result.per_user["ndcg"].mean())
    assert rows[0]["interval"]["ndcg"] == list(bootstrap_interval(result.per_user["ndcg"], seed=3))
    assert (rows[0]["seconds"], rows[0]["users"], rows[1]["algorithm"]) == (1.235, 2, "als")


def test_without_test_users_numbers_are_null_rather_than_nan(table):
    data = Interactions.from_arrays(["u"], ["a"], times=[0])
    split = temporal_split(data)
    result = evaluate(table({"u": {"a": 1}}), split.train, split.test)

    card = scorecard([("als", "new", {}, 0, result)], split, k=20)

    assert json.dumps(card, allow_nan=False)
    assert card["rows"][0]["metrics"]["ndcg"] is None
    assert card["rows"][0]["interval"]["ndcg"] == [None, None]


def side_by_side(table, *, people=60, **options):
    """Popularity finds nothing, "good" puts everybody's purchase first, "twin" does what popularity does."""
    users = [f"u{n:02}" for n in range(people)]
    data = Interactions.from_arrays(
        [*users, *users], ["old"] * people + ["x"] * people, times=[0] * people + [86_400] * people
    )
    split = temporal_split(data, cutoff=86_400)
    good = table({user: {"x": 2, "y": 1} for user in users})
    bad = table({user: {"y": 2, "x": 1} for user in users[1:]} | {users[0]: {"x": 2, "y": 1}})
    results = {
        name: evaluate(model, split.train, split.test, k=1)
        for name, model in (("popularity", bad), ("good", good), ("twin", bad))
    }
    entries = [ScorecardEntry(name, "new", {}, 0.0, result) for name, result in results.items()]
    return entries, scorecard(
        [entry._replace(**options.get(entry.algorithm, {})) for entry in entries], split, k=1
    )


def test_every_row_is_compared_with_popularity_and_with_what_serves(table):
    _entries, card = side_by_side(table, good={"active": 7})

    against = {row["algorithm"]: row["against"] for row in card["rows"]}
    assert {name: set(found) for name, found in against.items()} == {
        "popularity": {"active"},
        "good": {"popularity"},
        "twin": {"popularity", "active"},
    }
    assert card["comparisons"]["number"] == 4
    assert against["good"]["popularity"]["mean"] == pytest.approx(1 - 1 / 60)
    assert against["good"]["popularity"]["relative"][0] == pytest.approx(59)
    assert against["good"]["popularity"]["significant"]
    assert (against["twin"]["popularity"]["p"], against["twin"]["popularity"]["significant"]) == (1, False)


def test_p_values_are_corrected_for_all_comparisons_of_the_card(table):
    entries, card = side_by_side(table)

    found = [row["against"]["popularity"] for row in card["rows"][1:]]
    expected = holm(
        [
            paired_t_test(entry.evaluation.per_user["ndcg"], entries[0].evaluation.per_user["ndcg"])
            for entry in entries[1:]
        ]
    )
    assert [one["p_adjusted"] for one in found] == expected.tolist()


def test_a_refused_row_has_a_reason_and_no_figures_and_nobody_is_compared_with_it(table):
    _entries, card = side_by_side(
        table, good={"active": 7, "refused": "It knows the test.", "leaks": {"p": 0.001}}
    )

    row = card["rows"][1]
    assert row["refused"] == "It knows the test." and row["leaks"] == {"p": 0.001}
    assert set(row["metrics"].values()) == {None} and row["against"] == {}
    assert set(card["rows"][2]["against"]) == {"popularity"}
    assert json.dumps(card, allow_nan=False)


def test_a_row_holds_intervals_of_all_means_over_users_and_its_segments(table):
    _entries, card = side_by_side(table)

    row = card["rows"][1]
    assert set(row["interval"]) == set(row["metrics"]) - {"coverage", "gini"}
    assert row["interval"]["recall"] == [1, 1]
    assert row["customers"]["light"]["users"] == 60 and row["customers"]["cold"]["ndcg"] is None
    assert row["items"]["tail"]["users"] == 60  # x was never sold before
