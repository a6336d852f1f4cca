"""The shop's pages: complete, accessible, within a strict policy, fast, and never a 500."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop import catalogue
from shop.models import Product, Review

pytestmark = pytest.mark.django_db

ODD = ["\0", "🥛", "\u202eabc", "'", "%", "a" * 5000, "-1", "1e9", "9" * 30]


def names(response) -> list[str]:
    return [product.name for product in response.context["listing"].page]


class Outline(HTMLParser):
    """What of a page a browser's policy and a screen reader care about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.unlabelled: list[dict[str, str | None]] = []
        self.faults: list[str] = []
        self.headings = 0
        self._in_label = 0
        self.feed(text)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = dict(pairs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.headings += tag == "h1"
        self._in_label += tag == "label"
        if tag == "label" and given.get("for"):
            self.labels.add(str(given["for"]))
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            self.unlabelled += [given] if not self._in_label and "aria-label" not in given else []
        if tag == "img" and "alt" not in given:
            self.faults.append("img without alt")
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.faults.append(f"inline style or script in <{tag}>")
        if tag == "script" and not (given.get("src") or given.get("type") == "application/json"):
            self.faults.append("inline <script>")

    def handle_endtag(self, tag: str) -> None:
        self._in_label -= tag == "label"

    def check(self) -> None:
        assert self.faults == []
        assert len(self.ids) == len(set(self.ids)), sorted(self.ids)
        assert self.headings == 1
        assert [given for given in self.unlabelled if given.get("id") not in self.labels] == []


@pytest.fixture
def everything(milk, make_product, make_order, signed_in, shelf):
    """A shop with a review, orders in every state and a filled basket, and its signed-in customer."""
    make_product(name="Gouda", category=shelf["cheese"], stock=0)
    order = make_order(milk, 2, status="delivered")
    open_order = make_order(milk)
    Review.objects.create(product=milk, user=order.user, stars=4, text="Creamy.\n\nVery.")
    signed_in.post(f"/basket/add/{milk.pk}/")
    return [
        "/",
        "/c/grocery/",
        "/search/?q=milk&brand=Meadow&price=2-5",
        "/search/",
        "/search/?q=nothing",
        milk.get_absolute_url(),
        "/basket/",
        "/checkout/",
        "/account/",
        "/account/points/",
        order.get_absolute_url(),
        open_order.get_absolute_url(),
        f"/orders/{order.number}/thanks/",
    ]


def test_every_page_is_accessible_and_has_nothing_inline(everything, signed_in):
    for url in everything:
        response = signed_in.get(url)

        assert response.status_code == 200, url
        Outline(response.text).check()


@pytest.mark.parametrize(
    "url", ["/", "/basket/", "/search/?q=x", "/login/", "/register/", "/login/?next=/checkout/"]
)
def test_pages_of_an_empty_shop_show_what_to_do(client, url):
    response = client.get(url)

    assert response.status_code == 200
    Outline(response.text).check()


def test_every_page_begins_with_a_link_to_its_content(client):
    text = client.get("/").text

    assert text.index('href="#main"') < text.index("<header>") < text.index('<main id="main" tabindex="-1">')


def test_pages_speak_chinese_to_whoever_asks(client):
    response = client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9"})

    assert '<html lang="zh-hans">' in response.text


def test_the_language_is_changed_without_javascript_and_only_to_our_own_pages(client):
    response = client.post("/i18n/setlang/", {"language": "zh-hans", "next": "https://evil.example/"})

    assert response.url == "/"
    assert '<html lang="zh-hans">' in client.get("/").text


def test_a_category_shows_what_is_under_it_and_for_sale(client, make_product, shelf):
    make_product(name="Milk", category=shelf["milk"], sold=1)
    make_product(name="Gouda", category=shelf["cheese"], sold=2)
    make_product(name="Tulip", category=shelf["flowers"])
    make_product(name="Old", category=shelf["milk"], is_active=False)
    make_product(name="No shelf")

    assert names(client.get("/c/grocery/")) == ["Gouda", "Milk"]
    assert names(client.get("/c/milk/")) == ["Milk"]


def test_a_category_whose_path_begins_alike_is_another(client, make_product, shelf):
    shelf["flowers"].path = "grocery-flowers"
    shelf["flowers"].save()
    make_product(name="Tulip", category=shelf["flowers"])

    assert names(client.get("/c/grocery/")) == []


def test_the_tree_offers_what_has_products_best_sellers_first(make_product, shelf):
    make_product(category=shelf["milk"], sold=5)
    make_product(category=shelf["cheese"], sold=9)

    assert [node.name for node in catalogue.departments()] == ["Grocery"]
    assert [node.name for node in catalogue.subcategories(shelf["dairy"])] == ["Cheese", "Milk"]
    assert catalogue.subcategories(shelf["milk"]) == []


@pytest.fixture
def cheeses(make_product, shelf):
    for name, brand, size, price, sold in [
        ("Brie", "Hill", "8 oz", "4.99", 3),
        ("Gouda", "Hill", "1 lb", "5.00", 9),
        ("Feta", "Sea", "8 oz", "0.99", 5),
    ]:
        make_product(name=name, brand=brand, size=size, price=price, sold=sold, category=shelf["cheese"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Gouda", "Feta", "Brie"]),
        ("brand=Hill", ["Gouda", "Brie"]),
        ("brand=Hill&brand=Sea&size=8+oz", ["Feta", "Brie"]),
        ("price=2-5", ["Brie"]),
        ("price=5-10", ["Gouda"]),
        ("price=-1", ["Feta"]),
        ("price=0.50-4.99", ["Feta"]),
        ("sort=price", ["Feta", "Brie", "Gouda"]),
        ("sort=-price", ["Gouda", "Brie", "Feta"]),
        ("sort=name", ["Brie", "Feta", "Gouda"]),
        ("brand=Nobody", []),
        ("sort=evil&price=evil", ["Gouda", "Feta", "Brie"]),
        ("price=5-2", []),
        ("price=-", ["Gouda", "Feta", "Brie"]),
    ],
)
def test_facets_and_sorting(client, cheeses, query, expected):
    assert names(client.get(f"/c/cheese/?{query}")) == expected


def test_a_facet_counts_what_the_other_facets_leave(client, cheeses):
    facets = client.get("/c/cheese/?brand=Hill").context["listing"].facets

    assert [(choice.value, choice.count, choice.chosen) for choice in facets["brand"]] == [
        ("Hill", 2, True),
        ("Sea", 1, False),
    ]
    assert [(choice.value, choice.count) for choice in facets["size"]] == [("1 lb", 1), ("8 oz", 1)]
    assert {choice.value: choice.count for choice in facets["price"] if choice.count} == {"2-5": 1, "5-10": 1}


def test_a_chosen_facet_can_be_taken_back_by_a_link(client, cheeses):
    response = client.get("/c/cheese/?brand=Hill&size=8+oz&sort=price")

    assert dict(response.context["listing"].removals) == {
        "Hill": "size=8+oz&sort=price",
        "8 oz": "brand=Hill&sort=price",
    }


@pytest.mark.parametrize("name", ["brand", "size", "price", "sort", "page", "unknown"])
@pytest.mark.parametrize("value", ODD)
def test_no_parameter_breaks_a_listing(client, cheeses, name, value):
    assert client.get("/c/cheese/", {name: value}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "shown"), [("2", 2), ("-1", 3), ("0", 3), ("99", 3), ("a", 1), ("9" * 30, 3)]
)
def test_a_page_that_does_not_exist_is_the_nearest_one(
    client, make_product, shelf, monkeypatch, asked, shown
):
    monkeypatch.setattr(catalogue, "PAGE_SIZE", 2)
    for _ in range(5):
        make_product(category=shelf["milk"])

    assert client.get(f"/c/milk/?page={asked}").context["listing"].page.number == shown


def test_links_to_other_pages_keep_the_facets(client, make_product, shelf, monkeypatch):
    monkeypatch.setattr(catalogue, "PAGE_SIZE", 1)
    for _ in range(2):
        make_product(name="A milk", brand="A & B", category=shelf["milk"])

    assert 'href="?brand=A+%26+B&amp;page=2"' in client.get("/c/milk/", {"brand": "A & B"}).text
    assert (
        'href="?q=milk&amp;brand=A+%26+B&amp;page=2"'
        in client.get("/search/", {"q": "milk", "brand": "A & B"}).text
    )


def test_a_listing_costs_the_same_queries_however_long_it_is(
    client, make_product, shelf, django_assert_max_num_queries
):
    for _ in range(30):
        make_product(category=shelf["milk"])
    client.get("/c/milk/")

    with django_assert_max_num_queries(3):  # the category, the keys of the page, its products
        client.get("/c/milk/")


def test_a_product_page_names_price_stock_and_way_there(client, make_product, shelf):
    product = make_product(name="Gouda", category=shelf["cheese"], price="1234.5", stock=3, size="1 lb")

    text = client.get(product.get_absolute_url()).text

    assert "$1,234.50" in text
    assert "Only 3 left" in text
    assert [text.index(f'href="/c/{slug}/"') for slug in ("grocery", "dairy", "cheese")]


def test_an_old_address_of_a_product_leads_to_the_present_one(client, milk):
    response = client.get(f"/p/{milk.pk}-old-name/")

    assert (response.status_code, response.url) == (301, milk.get_absolute_url())


def test_a_product_page_costs_the_same_queries_with_many_reviews(
    client, milk, customer, django_user_model, django_assert_num_queries
):

    client.get(milk.get_absolute_url())
    Review.objects.create(product=milk, user=customer, stars=5)
    with CaptureQueriesContext(connection) as with_one:
        client.get(milk.get_absolute_url())
    for place in range(8):
        user = django_user_model.objects.create(username=f"u{place}")
        Review.objects.create(product=milk, user=user, stars=1)

    with django_assert_num_queries(len(with_one)):
        client.get(milk.get_absolute_url())


@pytest.mark.parametrize(
    "path", ["/p/1-x/", "/p/999999999999999999999999-x/", "/p/1.svg", "/c/none/", "/p/1%00-x/", "/nope"]
)
def test_what_does_not_exist_is_a_404_in_the_shops_own_looks(client, path):
    response = client.get(path)

    assert response.status_code == 404
    assert "This page does not exist" in response.text
    Outline(response.text).check()


def test_a_withdrawn_product_is_gone(client, milk):
    Product.objects.update(is_active=False)

    assert client.get(milk.get_absolute_url()).status_code == 404


def test_a_picture_is_a_cacheable_drawing_without_script(client, milk):
    response = client.get(milk.image_url)

    assert response["Content-Type"].startswith("image/svg+xml")
    assert "public" in response["Cache-Control"]
    assert "Cookie" not in response.get("Vary", "")
    assert "<script" not in response.text


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "500.html"])
def test_error_pages_need_neither_request_nor_database(name, django_assert_num_queries):
    with django_assert_num_queries(0):
        text = render_to_string(name)

    Outline(text).check()


def test_a_failure_shows_the_shops_own_page(monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("shop.views.catalogue.search.hits", fail)

    response = Client(raise_request_exception=False).get("/search/?q=x")

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.text


def test_pages_do_without_a_cache_that_is_down(client, milk, settings):
    dead = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": dead}

    for url in ("/", "/c/grocery/", "/search/?q=milk", milk.get_absolute_url(), "/login/"):
        assert client.get(url).status_code == 200
    response = client.post("/login/", {"username": "ada", "password": "wrong"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "placements"),
    [
        ("/", ["for-you", "trending", "new"]),
        ("PRODUCT", ["bought-together", "similar"]),
        ("/basket/", ["basket"]),
        ("/account/", ["buy-again", "for-you"]),
    ],
)
def test_pages_hold_their_placements_with_products_to_add(
    signed_in, other, milk, make_product, make_order, path, placements
):
    """No model is trained here: what the shop sold lately stands in."""
    make_order(make_product())
    for product in [make_product() for _ in range(8)]:
        make_order(product, user=other)
    signed_in.post(f"/basket/add/{milk.pk}/")

    text = signed_in.get(milk.get_absolute_url() if path == "PRODUCT" else path).text

    shown = re.findall(r'data-placement="([^"]+)"', text)
    assert [slug for slug in placements if slug in shown] == placements
    assert text.count('action="/basket/add/') >= 6
    Outline(text).check()
