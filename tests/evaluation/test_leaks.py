"""Models that cheat, each in its own way, and honest ones: the check must tell them apart."""

from __future__ import annotations

import numpy as np
import pytest

from recommendations.algorithms import create
from recommendations.algorithms.catalogue import ALGORITHMS
from recommendations.evaluation import evaluate
from recommendations.evaluation.leaks import check_leaks, dealt_anew, shuffled_times
from recommendations.interactions import Feature, Interactions, leave_last_order_split, temporal_split
from recommendations.interactions.vocabulary import GUEST
from tests import realdata

DAY = 86_400.0
QUICK = {"als": {"factors": 8, "iterations": 5, "regularization": 1.0}}
HONEST = sorted(name for name, info in ALGORITHMS.items() if info.needs == "orders")


def shop(users=150, shelves=6, items=40, visits=8, seed=0):
    """Customers of one shelf each, who buy three of its items a visit, the first of the shelf more often."""
    random = np.random.default_rng(seed)
    taste = 1 / np.arange(1, items + 1) ** 0.7
    rows = []
    for user in range(users):
        for visit in range(visits):
            moment = visit * 7 * DAY + random.random() * 5 * DAY
            for item in random.choice(items, 3, replace=False, p=taste / taste.sum()):
                rows.append((f"u{user}", f"s{user % shelves} i{item}", moment, f"{user}-{visit}"))
    columns = (list(column) for column in zip(*rows, strict=True))
    people, things, moments, orders = columns
    return Interactions.from_arrays(people, things, times=moments, orders=orders)


@pytest.fixture(scope="module")
def split():
    return temporal_split(shop(), test_share=0.25)


def honest(name):
    return lambda data: create(name, **QUICK.get(name, {})).fit(data, seed=0)


class KnowsByHeart:
    """An honest model for most; of a share of the customers it knows the purchases that are held back."""

    def __init__(self, model, test, share):
        self._model, self._rows = model, {}
        self.users, self.items = model.users, model.items
        item = model.items.index(test.items.keys)
        known = test.users.keys[:: round(1 / share)]
        for user, code in zip(test.users.take(test.user), item[test.item].tolist(), strict=True):
            if user in set(known) and code >= 0:
                place = int(model.users.index([user])[0])
                self._rows.setdefault(place, []).append(code)

    def score_users(self, users):
        scores = np.array(self._model.score_users(users))
        for row, user in zip(scores, users.tolist(), strict=True):
            row[self._rows.get(user, [])] = 1e6
        return scores


def copying(split, share=1.0):
    return lambda data: KnowsByHeart(honest("als")(data), split.test, share)


@pytest.mark.parametrize("name", HONEST)
def test_no_honest_algorithm_is_accused(name, split):
    assert check_leaks(honest(name), split).found == ""


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_a_model_that_copies_the_test_is_caught_even_if_for_one_customer_in_ten(share, split):
    found = check_leaks(copying(split, share), split)

    assert found.found == "names"
    assert found.p == 0.001


def test_with_times_shuffled_a_copy_falls_to_chance_and_an_honest_model_hardly_moves(split):
    copied = check_leaks(copying(split), split)
    learned = check_leaks(honest("als"), split)

    assert copied.score > 0.95
    assert copied.fall > 0.25
    assert copied.score_shuffled == pytest.approx(_own_items_at_random(split), abs=0.08)
    assert abs(learned.fall) < 0.1


def _own_items_at_random(split):
    """What a list of as many of each customer's own items as the test holds, drawn blindly, gets when times
    are shuffled; further places by bestsellers."""
    shuffled = shuffled_times(split, seed=0)
    other = shuffled_times(split, seed=99)
    model = KnowsByHeart(honest("als")(shuffled.before_test.development), other.test, 1.0)
    return evaluate(model, shuffled.development, shuffled.test).metrics["ndcg"]


@pytest.mark.parametrize("name", ["als", "item_cosine"])
def test_a_model_trained_on_everything_is_caught(name, split):
    model = honest(name)(split.data)

    assert check_leaks(lambda _data: model, split).found == "names"


def test_a_list_of_what_will_sell_is_caught_although_it_is_the_same_for_everyone():
    # One shelf only, so that bestsellers are worth knowing.
    split = temporal_split(shop(shelves=1, items=120), test_share=0.25)
    sales = honest("popularity")(split.test)

    assert check_leaks(lambda _data: sales, split).found == "names"
    assert check_leaks(honest("popularity"), split).found == ""


def test_a_copy_is_caught_where_rows_have_no_times():
    data = shop()
    untimed = leave_last_order_split(
        Interactions.from_codes(data.users, data.items, data.user, data.item, order=data.order)
    )

    found = check_leaks(copying(untimed), untimed)

    assert np.isnan(found.score_shuffled) and np.isnan(found.fall)
    assert found.found == "names"
    assert check_leaks(honest("als"), untimed).found == ""


def test_equal_scores_accuse_nobody_though_old_items_have_low_keys():
    # The lowest keys sell best; a model without a clue lists them first because its scores are all equal.
    random = np.random.default_rng(0)
    item = np.minimum(random.exponential(12, 6_000).astype(int), 299)
    user = random.integers(0, 200, 6_000)
    data = Interactions.from_arrays(
        [f"u{n:03}" for n in user], [f"i{n:03}" for n in item], times=random.random(6_000)
    )

    class Clueless:
        def __init__(self, known):
            self.users, self.items = known.users, known.items

        def score_users(self, users):
            return np.ones((len(users), len(self.items)), np.float32)

    found = check_leaks(Clueless, temporal_split(data))

    assert found.score_all > 3 * found.chance
    assert found.found == ""


def test_nobody_to_test_on_is_no_accusation():
    data = Interactions.from_arrays(["u", "u"], ["a", "b"], times=[0, 0])

    found = check_leaks(honest("popularity"), temporal_split(data))

    assert found.found == "" and found.p == 1


def test_dealing_names_anew_keeps_each_history_whole_and_its_features_with_it():
    data = Interactions.from_arrays(
        ["u", "u", "v", "w", f"{GUEST}1"],
        ["a", "b", "c", "c", "a"],
        item_features={"price": Feature("number", np.array([1.0, 2.0, 3.0]))},
        user_features={"age": Feature("text", ["20", "30", "40", ""])},
    )

    dealt = dealt_anew(data, seed=2)

    def histories(rows):
        price, age = rows.item_features["price"].values, rows.user_features["age"].values
        return sorted((age[user], price[item]) for user, item in zip(rows.user, rows.item, strict=True))

    assert histories(dealt) == histories(data)
    assert dealt.user.tolist() != data.user.tolist()
    assert dealt.user[-1] == data.user[-1]  # a guest stays one
    assert dealt.users == data.users and dealt.items == data.items


def test_shuffling_times_keeps_orders_whole_and_each_customer_at_their_own_times(split):
    shuffled = shuffled_times(split)

    data, before = shuffled.data, split.data
    assert shuffled.cutoff == split.cutoff
    for user in range(3):
        mine, then = data.user == user, before.user == user
        assert sorted(data.time[mine]) == sorted(before.time[then])
        assert len({*zip(data.order[mine], data.time[mine], strict=True)}) == len({*before.order[then]})
    assert (data.time != before.time).mean() > 0.5
    assert shuffled.test.n_items == before.n_items
    assert len(shuffled.test) == pytest.approx(len(split.test), rel=0.01)


def films():
    rows = np.loadtxt(realdata.path("movielens-100k") / "ml-100k.inter", skiprows=1)
    day = (rows[:, 3] // DAY).astype(int)
    return Interactions.from_arrays(
        rows[:, 0].astype(int).astype(str).tolist(),
        rows[:, 1].astype(int).astype(str).tolist(),
        times=rows[:, 3],
        orders=list(zip(rows[:, 0], day, strict=True)),
    )


def test_on_movielens_copies_are_caught_and_an_honest_model_is_not():
    split = leave_last_order_split(films())
    model = honest("als")(split.data)

    assert check_leaks(honest("als"), split).found == ""
    assert check_leaks(copying(split, 0.1), split).found == "names"
    assert check_leaks(lambda _data: model, split).found == "names"
