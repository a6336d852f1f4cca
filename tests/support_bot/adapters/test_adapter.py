"""The adapter as it is in any Django project, and what a host makes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory, override_settings
from django.utils import timezone, translation

from support_bot.adapters import CONDITIONS, VARIABLES, SupportAdapter, get_adapter
from support_bot.types import Order, Product, Profile, Subject


class Corner(SupportAdapter):
    """A host with one order and points."""

    def shop_name(self) -> str:
        return "Corner"

    def orders(self, subject: Subject, limit: int = 5) -> list[Order]:
        placed = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
        order = Order(
            "N-17", "sent", "on its way", placed, total=Decimal("1234.5"), currency="EUR",
            promised_for=date(2026, 11, 5), url="/orders/N-17/",
        )  # fmt: skip
        return [order][:limit]

    def loyalty_points(self, subject: Subject) -> int | None:
        return 1250


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user(
        "ada", "ada@example.com", "correct horse", first_name="Ada", last_name="Lovelace"
    )


def of(user, language: str = "en") -> Subject:
    request = RequestFactory().get("/")
    request.user = user
    with translation.override(language):
        return SupportAdapter().subject(request)


def test_a_subject_is_whoever_the_session_says(ada) -> None:
    subject = of(ada, "zh-hans")

    assert (subject.user_key, subject.language, subject.user) == (str(ada.pk), "zh-hans", ada)
    assert subject.request is not None


def test_nobody_in_particular_is_an_anonymous_subject(db) -> None:
    assert of(AnonymousUser()).user_key is None
    assert SupportAdapter().subject(RequestFactory().get("/")).user_key is None


def test_a_subject_is_found_again_by_its_key(ada) -> None:
    subject = SupportAdapter().subject_for(str(ada.pk))

    assert (subject.user_key, subject.user, subject.request) == (str(ada.pk), ada, None)


@pytest.mark.parametrize("key", ["", "0", "no key", "-1", "9" * 40, "\x00", "1; DROP TABLE"])
def test_a_key_that_no_account_has_is_nobody(db, key) -> None:
    assert SupportAdapter().subject_for(key).user_key is None


def test_an_account_that_was_closed_is_nobody(ada) -> None:
    ada.is_active = False
    ada.save()

    assert SupportAdapter().subject_for(str(ada.pk)).user_key is None


def test_the_profile_says_what_every_project_knows_of_an_account(ada) -> None:
    profile = SupportAdapter().profile(of(ada))

    assert (profile.first_name, profile.full_name, profile.email) == (
        "Ada",
        "Ada Lovelace",
        "ada@example.com",
    )
    assert profile.customer_since == timezone.localdate()
    assert profile.conditions == {"language": "en", "has_orders": "no", "customer": "new"}


def test_somebody_who_is_not_logged_in_has_no_profile_but_a_language() -> None:
    profile = SupportAdapter().profile(Subject(language="zh-hans"))

    assert profile == Profile(language="zh-hans", conditions={"language": "zh-hans"})


def test_a_customer_is_known_after_thirty_days(ada) -> None:
    ada.date_joined = timezone.now() - timedelta(days=31)

    assert SupportAdapter().profile(of(ada)).conditions["customer"] == "known"


def test_every_condition_that_is_given_is_on_the_list(ada) -> None:
    subject, adapter = of(ada), SupportAdapter()
    profile = Profile(country="US", language="en", orders=3, customer_since=timezone.localdate())

    assert set(adapter.conditions_of(subject, profile)) == set(CONDITIONS)


def test_variables_hold_what_exists_and_leave_out_what_does_not(ada) -> None:
    with override_settings(DEFAULT_FROM_EMAIL="help@example.com"):
        values = SupportAdapter().variables(of(ada))

    assert values["customer.first_name"] == "Ada"
    assert values["shop.email"] == "help@example.com"
    assert values["login.url"] == "/login/"
    assert not {name for name in values if name.startswith(("last_order.", "loyalty."))}
    assert "shop.name" not in values


def test_every_variable_is_given_where_all_of_it_exists(ada) -> None:
    with override_settings(DEFAULT_FROM_EMAIL="help@example.com"):
        values = Corner().variables(of(ada))

    assert set(values) == set(VARIABLES)
    assert values["last_order.number"] == "N-17"
    assert values["last_order.status"] == "on its way"
    assert values["last_order.promised_for"] == "Nov. 5, 2026"
    assert values["last_order.total"] == "1,234.50 EUR"
    assert values["loyalty.points"] == "1,250"


def test_nothing_of_orders_and_points_is_read_for_somebody_unknown() -> None:
    values = Corner().variables(Subject())

    assert set(values) <= {"shop.name", "shop.email", "login.url"}


def test_only_what_is_named_is_read(ada, monkeypatch) -> None:
    def too_much(*_args, **_kwargs):
        raise AssertionError("orders were read for the shop's name")

    monkeypatch.setattr(Corner, "orders", too_much)

    assert Corner().variables(of(ada), only={"shop.name", "no.such"}) == {"shop.name": "Corner"}


def test_dates_are_written_as_the_language_does(ada) -> None:
    with translation.override("zh-hans"):
        values = Corner().variables(of(ada), only=["last_order.promised_for"])

    assert values == {"last_order.promised_for": "2026年11月5日"}


def test_the_bot_offers_what_a_subclass_overrides() -> None:
    class Goods(SupportAdapter):
        def find_products(self, query: str, *, subject: Subject, limit: int = 5) -> list[Product]:
            return []

    with override_settings(SUPPORT_BOT={}):
        assert SupportAdapter().supports() == frozenset()
        assert Corner().supports() == {"orders", "loyalty_points"}
        assert Goods().supports() == {"products"}


def test_an_order_is_found_by_its_number_however_it_is_written(ada) -> None:
    assert Corner().order(of(ada), "n17").number == "N-17"
    assert Corner().order(of(ada), "N-18") is None


def test_products_are_found_by_the_titles_that_a_host_gives() -> None:
    class Goods(SupportAdapter):
        def product_titles(self):
            return [("1", "Green tea"), ("2", "Teapot"), ("3", "Tea of yesterday")]

        def products(self, keys, subject):
            return [Product(key, f"Product {key}") for key in keys if key != "3"]

    found = Goods().find_products("tea", subject=Subject(), limit=5)

    assert [product.key for product in found] == ["1"]
    assert Goods().product("2", Subject()).title == "Product 2"
    assert Goods().product("3", Subject()) is None


def test_without_a_login_page_there_is_no_link_to_it() -> None:
    with override_settings(LOGIN_URL="no:such-page"):
        assert SupportAdapter().login_url() == ""
    with override_settings(LOGIN_URL="/enter/"):
        assert SupportAdapter().login_url() == "/enter/"


def test_djangos_placeholder_is_nobodys_address() -> None:
    with override_settings(DEFAULT_FROM_EMAIL="webmaster@localhost"):
        assert SupportAdapter().contact_email() == ""


def test_the_adapter_is_made_once_and_again_after_a_change_of_settings() -> None:
    with override_settings(SUPPORT_BOT={}):
        assert type(get_adapter()) is SupportAdapter
        assert get_adapter() is get_adapter()
    with override_settings(SUPPORT_BOT={"ADAPTER": f"{__name__}.Corner"}):
        assert get_adapter().shop_name() == "Corner"


@pytest.mark.parametrize(
    "path", ["no.such.module", "support_bot.adapters.NoSuch", "decimal.Decimal", "x", None]
)
def test_a_setting_that_names_no_adapter_says_so(path) -> None:
    with (
        override_settings(SUPPORT_BOT={"ADAPTER": path}),
        pytest.raises(ImproperlyConfigured, match="ADAPTER"),
    ):
        get_adapter()
