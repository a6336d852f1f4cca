"""A wrong model, path, condition or callable in the description of the shop is named before it can fail."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import Q
from django.test import override_settings

from recommendations.adapters.checks import check_shop

NOT_CALLABLE = 5


class NoAdapter:
    pass


def with_settings(shop: Any, **more: Any) -> list[tuple[str, str, str]]:
    with override_settings(RECOMMENDATIONS={**django_settings.RECOMMENDATIONS, "SHOP": shop, **more}):
        return [(one.id.rpartition(".")[2], one.msg, one.hint) for one in check_shop()]


def found(**changes: Any) -> list[tuple[str, str, str]]:
    return with_settings({**django_settings.RECOMMENDATIONS["SHOP"], **changes})


def only(findings: list[tuple[str, str, str]], number: str, *words: str) -> None:
    assert len(findings) == 1, findings
    assert findings[0][0] == number
    for word in words:
        assert word in " ".join(findings[0][1:])


def test_a_missing_shop_names_the_five_required_keys():
    findings = with_settings({})

    assert [number for number, _message, _hint in findings] == ["E102"] * 5
    for key, (_number, message, _hint) in zip(
        ["item", "line", "line_item", "line_user", "line_at"], findings, strict=True
    ):
        assert f'"{key}"' in message


def test_an_unknown_key_names_the_closest():
    only(found(item_avaliable={}), "E103", "'item_avaliable'", "'item_available'")


@pytest.mark.parametrize(
    ("key", "value"),
    [("line_at", 5), ("item_text", [5]), ("item_categories", {"a": 1}), ("basket", 5), ("currency", ["USD"])],
)
def test_a_value_of_the_wrong_type(key, value):
    only(found(**{key: value}), "E104", f'"{key}"', repr(value))


@pytest.mark.parametrize(
    ("key", "value", "closest"),
    [
        ("item", "shop.Prodct", "shop.Product"),
        ("line", "shop.OrderLines", "shop.OrderLine"),
        ("rating", "shop.Reviews", "shop.Review"),
        ("item", "Product", "shop.Product"),
    ],
)
def test_an_unknown_model_names_the_closest(key, value, closest):
    only(found(**{key: value}), "E105", repr(value), closest)


@pytest.mark.parametrize(
    ("key", "value", "model", "part", "closest"),
    [
        ("line_user", "order__usr", "shop.Order", "usr", "user"),
        ("line_at", "ordr__placed_at", "shop.OrderLine", "ordr", "order"),
        ("line_item", "produkt", "shop.OrderLine", "produkt", "product"),
        ("line_quantity", "quantity__sum", "shop.OrderLine", "sum", "none"),
        ("item_created", "created", "shop.Product", "created", "created_at"),
        ("item_text", ["name", "descripton"], "shop.Product", "descripton", "description"),
        ("item_categories", ["category__nam"], "shop.Category", "nam", "name"),
        ("rating_value", "star", "shop.Review", "star", "stars"),
        ("item_available", {"is_activ": True}, "shop.Product", "is_activ", "is_active"),
        ("line_filter", [Q(ordr__status="paid")], "shop.OrderLine", "ordr", "order"),
        ("item_parent", "parnt", "shop.Product", "parnt", "none"),
    ],
)
def test_a_wrong_path_names_model_part_and_the_closest_field(key, value, model, part, closest):
    findings = found(**{key: value})

    only(findings, "E107", f'"{key}"', f"{model} has no field '{part}'")
    assert closest in findings[0][2] or closest == "none"


def test_a_path_to_many_rows_is_refused():
    only(found(line_order="order__lines"), "E108", "'order__lines'")


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("line_at", "order__number", "CharField"),
        ("line_at", "order", "ForeignKey"),
        ("line_quantity", "name", "CharField"),
        ("rating_value", "created_at", "DateTimeField"),
    ],
)
def test_a_field_of_the_wrong_type_is_refused(key, value, kind):
    only(found(**{key: value}), "E109", repr(value), kind)


@pytest.mark.parametrize(
    ("key", "value", "closest"),
    [
        ("item_title", "nam", "'name'"),
        ("item_url", "get_absolut_url", "'get_absolute_url'"),
        ("item_image", "image_ur", "'image_url'"),
        ("item_title", "category__title", "shop.Category"),
        ("currency", "usd", "'usd'"),
        ("item_price", "price__amount", "what stands before"),
    ],
)
def test_what_is_shown_must_be_a_field_property_or_method(key, value, closest):
    only(found(**{key: value}), "E110", f'"{key}"', closest)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("item_available", "is_active"),
        ("item_available", {"price__lt3": 1}),
        ("item_excluded", {"price__lt": "cheap"}),
        ("line_filter", [{"order__status": "paid"}, 5]),
    ],
)
def test_a_condition_that_no_query_takes(key, value):
    only(found(**{key: value}), "E111", f'"{key}"')


@pytest.mark.parametrize("value", [{}, None, [], Q(), [Q(price__gt=1) | Q(stock=0), {"brand": "x"}]])
def test_conditions_are_dicts_qs_or_lists_of_them(value):
    assert found(item_available=value) == []


def test_filters_of_placements_are_lookups_of_the_item():
    shop = django_settings.RECOMMENDATIONS["SHOP"]

    findings = with_settings(shop, PLACEMENTS={"cheap": {"filters": {"prise__lt": 5}}})

    only(findings, "E107", "'cheap'", "'prise'", "'price'")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("shop.basket.item_key", ["'item_keys'"]),
        ("shop.baskett.item_keys", ["shop.baskett"]),
        ("item_keys", ["dotted path"]),
        ("tests.checks.test_shop_checks.NOT_CALLABLE", ["callable"]),
    ],
)
def test_a_basket_that_cannot_be_called(value, words):
    only(found(basket=value), "E112", repr(value), *words)


def test_lines_must_lead_to_the_item():
    only(found(line_item="order"), "E113", "shop.Order", "shop.Product")
    only(found(rating_item="user"), "E113", "'user'", "auth.User")


def test_variants_are_hinted_at():
    shop = django_settings.RECOMMENDATIONS["SHOP"]
    lines = {key: value for key, value in shop.items() if key.startswith("line")}

    only(
        with_settings({"item": "shop.Category", **lines}),
        "E113",
        '"product__category"',
        '"item_parent": "category"',
    )


def test_line_user_should_end_at_the_account():
    findings = found(line_user="order")

    only(findings, "W101", "shop.Order", '"order__user"', "user_key()")


def test_ratings_need_their_keys():
    only(found(rating_value=None), "E102", '"rating_value"')
    assert {number for number, _message, _hint in found(rating=None)} == {"E102"}


@pytest.mark.parametrize(
    "value",
    ["recommendations.adapters.DeclarativeAdaptr", "nothing", "tests.checks.test_shop_checks.NoAdapter"],
)
def test_the_adapter_must_be_importable_and_one(value):
    findings = with_settings(django_settings.RECOMMENDATIONS["SHOP"], ADAPTER=value)

    only(findings, "E101", repr(value), "DeclarativeAdapter")


def test_optional_keys_may_be_left_out():
    shop = django_settings.RECOMMENDATIONS["SHOP"]

    assert (
        with_settings({key: shop[key] for key in ("item", "line", "line_item", "line_user", "line_at")}) == []
    )
