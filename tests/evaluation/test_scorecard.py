import json

import pytest

from recommendations.evaluation import ScorecardEntry, bootstrap_interval, evaluate, scorecard
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
    rows = card.pop("rows")
    assert card == {
        "split": "temporal",
        "cutoff": "1970-01-02T00:00:00+00:00",
        "k": 5,
        "seed": 3,
        "users": 2,
        "items": 3,
    }
    assert list(rows[0]) == ["algorithm", "scope", "parameters", "seconds", "users", "metrics", "interval"]
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
