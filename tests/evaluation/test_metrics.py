import math

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, P, R, Success, nDCG

from recommendations.evaluation import evaluate
from recommendations.evaluation.metrics import ranking_metrics
from recommendations.interactions import Interactions

REFERENCE = {"ndcg": nDCG, "recall": R, "map": AP, "hit_rate": Success, "mrr": RR, "precision": P}


def test_one_user_computed_by_hand():
    hits = np.array([[True, False, True, False]])

    found = {name: values[0] for name, values in ranking_metrics(hits, np.array([3])).items()}

    assert found == pytest.approx(
        {
            "ndcg": (1 + 1 / math.log2(4)) / (1 + 1 / math.log2(3) + 1 / math.log2(4)),
            "recall": 2 / 3,
            "map": (1 + 2 / 3) / 3,
            "hit_rate": 1,
            "mrr": 1,
            "precision": 2 / 4,
            "f1": 2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3),
        }
    )


def test_more_relevant_items_than_places_make_a_full_list_ideal_but_no_full_recall():
    found = ranking_metrics(np.ones((1, 2), bool), np.array([8]))

    assert found["ndcg"][0] == pytest.approx(1)
    assert found["recall"][0] == 2 / 8


@pytest.mark.parametrize("k", [1, 5, 20, 200])
@pytest.mark.parametrize("seed", range(3))
def test_every_metric_equals_ir_measures(k, seed, table):
    random = np.random.default_rng(seed)
    users, items = [f"u{n}" for n in range(40)], [f"i{n:03}" for n in range(120)]
    scores = {user: dict(zip(items, random.permutation(len(items)).tolist(), strict=True)) for user in users}
    pairs = [(user, item) for user in users for item in items]
    bought = random.choice(len(pairs), 900, replace=False)
    train = Interactions.from_arrays(*zip(*[pairs[n] for n in bought[:400]], strict=True))
    test = Interactions.from_arrays(*zip(*[pairs[n] for n in bought[400:]], strict=True))

    result = evaluate(table(scores), train, test, k=k, scope="all")

    relevant = [ir_measures.Qrel(*pairs[n], 1) for n in bought[400:]]
    run = [ir_measures.ScoredDoc(user, item, row[item]) for user, row in scores.items() for item in items]
    for name, measure in REFERENCE.items():
        peer = {each.query_id: each.value for each in ir_measures.iter_calc([measure @ k], relevant, run)}
        ours = dict(zip(result.users, result.per_user[name].tolist(), strict=True))
        assert ours == pytest.approx(peer, abs=1e-9), name
        assert result.metrics[name] == pytest.approx(np.mean(list(peer.values())), abs=1e-9)
    precision, recall = result.per_user["precision"], result.per_user["recall"]
    both = np.divide(
        2 * precision * recall, precision + recall, where=precision > 0, out=np.zeros(len(recall))
    )
    assert result.per_user["f1"] == pytest.approx(both, abs=1e-9)
