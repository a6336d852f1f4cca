"""The scorecard as a person and as a program reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from recommendations.algorithms import catalogue
from recommendations.models import ActiveModel, ModelRun
from shop.models import Order, OrderLine, Product

from .test_commands import run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("history")]

FAST = ["--set", "als.factors=8", "--set", "als.iterations=3", "--set", "als.regularization=1"]


def card(*arguments: str) -> dict[str, Any]:
    code, out, err = run("evaluate", *arguments, "--json")
    assert code == 0, err
    read: dict[str, Any] = json.loads(out)
    return read


def rows(found: dict[str, Any], scope: str = "new") -> dict[str, Any]:
    return {row["algorithm"]: row for row in found["rows"] if row["scope"] == scope}


@pytest.fixture
def own_algorithms() -> Iterator[None]:
    """What ``RECOMMENDATIONS["ALGORITHMS"]`` would bring when Django starts."""
    names = ("cheating", "honest")
    catalogue.register({name: f"tests.training.cheating.{name.upper()}" for name in names})
    yield
    catalogue.register({})


def test_parameters_are_set_by_algorithm_and_shown() -> None:
    found = rows(
        card("--algorithm", "als", "--algorithm", "item_cosine", *FAST, "--set", "item_cosine.shrinkage=3")
    )

    assert found["als"]["parameters"]["factors"] == 8
    assert found["item_cosine"]["parameters"]["shrinkage"] == 3
    assert set(found) == {"popularity", "als", "item_cosine"}


@pytest.mark.parametrize(
    "text", ["factors=8", "als.factors", "als.factors=x", "als.fators=8", "asl.factors=8"]
)
def test_a_parameter_that_cannot_be_set_is_named(text: str) -> None:
    code, _out, err = run("evaluate", "--algorithm", "als", "--set", text)

    assert code == 2
    assert text.partition("=")[0].rpartition(".")[2] in err or "asl" in err


def test_a_model_that_learned_is_significantly_better_than_bestsellers() -> None:
    found = rows(card("--algorithm", "als", *FAST))

    against = found["als"]["against"]["popularity"]
    assert against["low"] > 0 and against["significant"] and against["p_adjusted"] >= against["p"]
    assert found["als"]["interval"]["recall"][0] <= found["als"]["metrics"]["recall"]
    assert "active" not in found["als"]["against"]  # nothing serves


def test_what_serves_is_on_the_card_and_everything_is_compared_with_it() -> None:
    run("train", "--wait", "--set", "factors=4", "--set", "iterations=2", "--set", "regularization=1")
    serving = ActiveModel.objects.get(role="personal").run

    found = card("--algorithm", "item_cosine")

    assert {row["algorithm"]: row["active"] for row in found["rows"]} == {
        "popularity": None,
        "item_cosine": None,
        "als": serving.pk,
    }
    assert rows(found)["als"]["parameters"]["factors"] == 4
    assert set(rows(found)["item_cosine"]["against"]) == {"popularity", "active"}
    assert set(rows(found)["als"]["against"]) == {"popularity"}
    assert found["comparisons"]["number"] == 8  # three and one a scope: popularity with what serves, too


def test_an_algorithm_that_serves_as_it_is_asked_for_stands_there_once() -> None:
    run("train", "--wait", "--algorithm", "trending", "--role", "trending")
    run("train", "--wait", "--algorithm", "popularity", "--role", "personal")

    found = card("--algorithm", "popularity")

    assert [row["algorithm"] for row in found["rows"]] == ["popularity", "popularity"]
    assert found["rows"][0]["active"] == ActiveModel.objects.get(role="personal").run_id


def test_what_serves_but_can_no_longer_be_fitted_spoils_nothing() -> None:
    run("train", "--wait", "--set", "factors=4", "--set", "iterations=2", "--set", "regularization=1")
    ModelRun.objects.update(algorithm="gone")

    assert set(rows(card("--algorithm", "trending"))) == {"popularity", "trending"}


def test_figures_are_broken_down_by_customers_and_items_newcomers_included() -> None:
    for number, product in enumerate(Product.objects.order_by("pk")[:9]):
        user = get_user_model().objects.create(username=f"newcomer{number}")
        order = Order.objects.create(
            number=f"N{number}",
            user=user,
            status=Order.Status.DELIVERED,
            placed_at=timezone.now() - timedelta(minutes=5),
        )
        OrderLine.objects.create(order=order, product=product, name="", unit_price=product.price)

    found = card("--algorithm", "item_cosine")

    cold = rows(found)["popularity"]["customers"]["cold"]
    assert cold["users"] == 9 and cold["ndcg"] >= 0  # a stranger is shown the bestsellers
    assert rows(found)["item_cosine"]["customers"]["cold"]["recall"] == 0  # and has no neighbours
    groups = rows(found)["item_cosine"]["items"]
    assert groups["head"]["items"] < groups["tail"]["items"] + groups["middle"]["items"]


def test_the_shops_prices_and_categories_are_measured() -> None:
    metrics = rows(card("--algorithm", "item_cosine"))["item_cosine"]["metrics"]

    assert metrics["price_bias"] is not None


def test_the_page_of_text_is_at_most_100_columns_wide() -> None:
    run("train", "--wait", "--set", "factors=4", "--set", "iterations=2", "--set", "regularization=1")

    code, out, _err = run("evaluate", "--algorithm", "bought_together", "--algorithm", "als", *FAST)

    assert code == 0
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("als #") for line in lines)
    assert any("than popularity" in line for line in lines)
    assert any(line.startswith("als ") and " % (+" in line and ") *" in line for line in lines)
    assert any("cold 0" in line and "heavy 10+" in line and "tail 80-100%" in line for line in lines)


@pytest.mark.usefixtures("own_algorithms")
def test_an_own_algorithm_that_reads_the_orders_held_back_is_refused_with_the_reason() -> None:
    code, out, err = run("evaluate", "--algorithm", "cheating", "--algorithm", "honest", "--json")

    found = rows(json.loads(out))
    assert (code, err) == (3, "Refused: cheating")
    assert "names of customers and items dealt anew" in found["cheating"]["refused"]
    assert found["cheating"]["metrics"]["ndcg"] is None
    assert found["cheating"]["leaks"]["found"] == "names"
    assert found["honest"]["refused"] is None and found["honest"]["leaks"]["found"] == ""
    assert found["popularity"]["leaks"] is None  # built in, not asked for


@pytest.mark.usefixtures("own_algorithms")
def test_a_refused_algorithm_stands_below_the_tables_with_the_reason() -> None:
    code, out, _err = run("evaluate", "--algorithm", "cheating")

    assert code == 3
    assert "\n\ncheating: Refused: with the names" in out
    assert "cheating  " not in out


def test_built_in_algorithms_are_checked_when_asked() -> None:
    found = card("--algorithm", "item_cosine", "--check-leaks")

    assert {row["leaks"]["found"] for row in found["rows"]} == {""}


@pytest.mark.usefixtures("own_algorithms")
def test_the_gate_keeps_an_own_algorithm_back_that_knows_the_test() -> None:
    code, _out, _err = run("train", "--wait", "--algorithm", "cheating")

    assert code == 3
    assert "names of customers and items dealt anew" in ModelRun.objects.get().verdict_text
    assert not ActiveModel.objects.exists()


@pytest.mark.usefixtures("own_algorithms")
def test_the_gate_lets_an_honest_own_algorithm_pass() -> None:
    code, _out, err = run("train", "--wait", "--algorithm", "honest")

    assert code == 0, err
    assert ActiveModel.objects.get(role="personal").run.algorithm == "honest"
