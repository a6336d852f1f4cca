"""A customer logs in, looks, buys, sees the order, and is recommended other things from then on."""

from __future__ import annotations

import pytest

from .conftest import Visitor

pytestmark = pytest.mark.browser

CARD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"


def shown(visitor: Visitor, placement: str) -> list[str]:
    """Item keys of a placement on the page, in its order."""
    items = visitor.all(f'[data-placement="{placement}"] [data-item]')
    return [str(item.get_attribute("data-item")) for item in items]


def answered(visitor: Visitor, placement: str, limit: int) -> list[str]:
    """Item keys of a placement as the API gives them to this person."""
    script = """
        const [address, done] = arguments;
        fetch(address).then((answer) => answer.json())
            .then((found) => done(found.items.map((item) => item.key)));
    """
    address = f"/api/recommendations/placements/{placement}/?limit={limit}"
    return list(visitor.driver.execute_async_script(script, address))


def sources(visitor: Visitor, placement: str) -> set[str]:
    return {
        str(item.get_attribute("data-source"))
        for item in visitor.all(f'[data-placement="{placement}"] [data-item]')
    }


def check_out(visitor: Visitor, card: str) -> None:
    for name, value in {
        "email": "customer@example.com",
        "name": "Ann Customer",
        "street": "1 Main Street",
        "postcode": "10001",
        "city": "New York",
        "card": card,
    }.items():
        visitor.type(name, value)
    visitor.press("Pay")


def test_a_customer_buys_and_the_recommendations_change(visitor: Visitor) -> None:
    visitor.log_in("customer")
    visitor.open("/")
    before = shown(visitor, "for-you")
    visitor.shoot("shop-home")
    assert sources(visitor, "for-you") == {"personal"}

    bought = before[0]
    visitor.find('[data-placement="for-you"] [data-item] a').send_keys("\n")
    visitor.wait(lambda: visitor.path.startswith(f"/p/{bought}-"))
    name = visitor.text("h1")
    assert shown(visitor, "similar")
    assert shown(visitor, "bought-together")
    visitor.shoot("shop-product")

    visitor.press("Add to basket")
    visitor.open("/basket/")
    assert name in visitor.text("main")
    assert bought not in shown(visitor, "basket")
    visitor.shoot("shop-basket")

    visitor.follow("To the checkout")
    visitor.shoot("shop-checkout")
    check_out(visitor, DECLINED)
    assert "The card was declined" in visitor.text("main")
    check_out(visitor, CARD)
    assert "Thank you for your order" in visitor.text("h1")
    visitor.shoot("shop-thanks")

    visitor.follow("See the order")
    assert name in visitor.text("main")
    visitor.shoot("shop-order")
    visitor.open("/account/")
    assert bought in answered(visitor, "buy-again", 100)
    visitor.shoot("shop-account")

    visitor.open("/")
    after = shown(visitor, "for-you")
    assert bought not in after
    assert after[:1] != before[:1]
    assert len(after) == len(before)
    assert answered(visitor, "for-you", 6) == after
    visitor.shoot("shop-home-after")


def test_a_guest_is_recommended_what_goes_with_the_basket(visitor: Visitor) -> None:
    visitor.open("/search/?q=Rooibos")
    visitor.find("main article a, main li a[href^='/p/']").send_keys("\n")
    visitor.wait(lambda: visitor.path.startswith("/p/"))
    visitor.press("Add to basket")

    visitor.open("/basket/")

    assert "bought_together" in sources(visitor, "basket")
    visitor.open("/")
    assert sources(visitor, "for-you") == {"personal"}


@pytest.mark.parametrize(
    "path", ["/", "/c/tea/", "/search/?q=tea", "/basket/", "/login/", "/register/", "/account/"]
)
def test_a_page_fits_a_phone_and_its_console_is_silent(visitor: Visitor, path: str) -> None:
    if path == "/account/":
        visitor.log_in("customer1")

    with visitor.screen(390):
        visitor.open(path)
        too_wide = visitor.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    assert too_wide <= 0
    visitor.shoot(f"phone-{path.strip('/').replace('/', '-').partition('?')[0] or 'home'}", width=390)


def test_the_shop_works_without_scripts(without_scripts: Visitor) -> None:
    visitor = without_scripts
    visitor.log_in("customer2")
    visitor.open("/")

    visitor.find('[data-placement="for-you"] [data-item] a').send_keys("\n")
    visitor.wait(lambda: visitor.path.startswith("/p/"))
    name = visitor.text("h1")
    visitor.press("Add to basket")
    visitor.open("/checkout/")
    check_out(visitor, CARD)

    assert "Thank you for your order" in visitor.text("h1")
    assert name in visitor.text("main")


def test_the_documentation_of_the_api_opens_under_the_policy(visitor: Visitor) -> None:
    visitor.open("/api/docs/")

    visitor.wait(lambda: "placements" in visitor.text())
    visitor.shoot("api-docs", height=1400)
