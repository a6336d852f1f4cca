"""Pictures: well-formed, safe under a strict policy, always the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

from shop.drawings import SHAPES
from shop.models import Category, Product
from shop.pictures import PALETTES, picture

SVG = "{http://www.w3.org/2000/svg}"


def product(name: str = "Milk", *path: str) -> Product:
    node: Category | None = None
    for level, part in enumerate(path):
        node = Category(name=part, source_name=part, level=level, parent=node)
    return Product(pk=1, sku="T1", name=name, brand="Hollow Creek", price=Decimal(1), category=node)


def test_a_picture_is_svg_without_style_script_or_a_link_elsewhere() -> None:
    drawn = picture(product("Bananas", "PRODUCE", "Tropical fruit", "Bananas"))

    root = ET.fromstring(drawn)
    assert root.tag == f"{SVG}svg"
    for element in root.iter():
        assert element.tag not in (f"{SVG}style", f"{SVG}script")
        assert not [
            name for name in element.attrib if name == "style" or name.startswith("on") or "href" in name
        ]
    assert len(drawn) < 2048


def test_a_name_with_markup_is_shown_as_text() -> None:
    root = ET.fromstring(picture(product("<script>alert('&')</script>")))

    assert root.findtext(f"{SVG}title") == "<script>alert('&')</script>"


def test_the_same_product_always_looks_the_same_and_another_differs() -> None:
    milk, other = (
        product("Milk", "GROCERY", "Milk and cream", "Milk"),
        product("Milk", "GROCERY", "Cheese", "Brie"),
    )

    assert picture(milk) == picture(milk)
    assert picture(milk) != picture(other)


@pytest.mark.parametrize(
    ("path", "colour"),
    [
        (("PRODUCE", "Tropical fruit", "Bananas"), "#f2c230"),
        (("PRODUCE", "Onions", "Sweet onions"), "#c79a63"),
        (("GROCERY", "Bread, buns and rolls", "Hot dog buns"), PALETTES["bakery"][1]),
        (("GROCERY", "Eggs", "Large eggs"), PALETTES["egg"][1]),
        (("GROCERY", "Canned vegetables", "Canned corn"), PALETTES["pantry"][1]),
        (("MEAT-PCKGD", "Hot dogs", "Premium hot dogs"), PALETTES["meat"][1]),
        (("DRUG GM", "Magazines", "Tabloid magazine"), PALETTES["home"][1]),
        ((), PALETTES["pantry"][1]),
    ],
)
def test_department_and_type_choose_what_is_drawn(path: tuple[str, ...], colour: str) -> None:
    assert colour in picture(product("A name", *path))


def test_every_family_of_goods_has_its_shape() -> None:
    assert set(PALETTES) == {*SHAPES, "produce"}
