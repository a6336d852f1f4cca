"""Customers: a user a household with an invented name and address, a profile, coupons from the campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q

from shop import naming
from shop.loader.progress import Report
from shop.loader.source import SECOND, Source
from shop.models import Coupon, Order, Profile

CUSTOMER, MANAGER = "customer", "manager"
# The source's coupons are worth different things; here a campaign's coupon is a share of one order.
PERCENT = {"Type A": 15, "Type B": 10, "Type C": 5}
SOURCE_FIELDS = {
    "age": "age",
    "income": "income",
    "home_ownership": "home_ownership",
    "household_size": "household_size",
    "household_comp": "household_composition",
    "marital_status": "marital_status",
    "kids_count": "kids",
}


@dataclass(frozen=True, slots=True)
class Account:
    """A customer as orders need it: the user's primary key and what is copied onto each order."""

    pk: int
    address: dict[str, str]


def write(source: Source, households: np.ndarray, shift: timedelta, report: Report) -> dict[int, Account]:
    """Write users, profiles and coupons of ``households`` that are not there; returns all of theirs."""
    chosen = households.tolist()
    there = set(_profiles().values_list("source_household", flat=True))
    missing = [household for household in chosen if household not in there]
    report("customers", 0, len(missing))
    with transaction.atomic():
        _write_users(missing, source, shift)
        accounts = _accounts()
        _write_coupons(source, accounts, set(missing), shift)
    report("customers", len(missing), len(missing))
    return accounts


def _profiles() -> Any:
    return Profile.objects.filter(source_household__isnull=False)


def _write_users(households: list[int], source: Source, shift: timedelta) -> None:
    demographics = {row["household_id"]: row for row in source.rows("demographics")}
    joined = _first_visits(source)
    taken = set(User.objects.values_list("username", flat=True))
    users = []
    for household in households:
        given, family = naming.person(household)
        username = naming.free_username(given, family, taken)
        taken.add(username)
        users.append(
            User(
                username=username,
                first_name=given,
                last_name=family,
                email=f"{username}@example.com",
                password=make_password(None),
                date_joined=joined[household] + shift,
            )
        )
    users = User.objects.bulk_create(users)
    Profile.objects.bulk_create(
        Profile(
            user=user,
            source_household=household,
            **naming.address(household),
            **_known(demographics.get(household, {})),
        )
        for household, user in zip(households, users, strict=True)
    )


def _known(row: dict[str, Any]) -> dict[str, str]:
    return {ours: row[theirs] for theirs, ours in SOURCE_FIELDS.items() if row.get(theirs)}


def _first_visits(source: Source) -> dict[int, datetime]:
    columns = source.columns("transactions", "household_id", "transaction_timestamp")
    household, first = np.unique(columns["household_id"], return_index=True)
    seconds = columns["transaction_timestamp"][first] // SECOND
    return {
        who: datetime.fromtimestamp(second, UTC)
        for who, second in zip(household.tolist(), seconds.tolist(), strict=True)
    }


def _accounts() -> dict[int, Account]:
    return {
        profile.source_household: Account(
            profile.user_id,
            {
                "name": profile.user.get_full_name(),
                "email": profile.user.email,
                "street": profile.street,
                "postcode": profile.postcode,
                "city": profile.city,
                "country": profile.country,
            },
        )
        for profile in _profiles().select_related("user")
    }


def _write_coupons(
    source: Source, accounts: dict[int, Account], households: set[int], shift: timedelta
) -> None:
    """A coupon for each campaign that a household took part in, redeemed when it was, and one for all."""
    campaigns = {row["campaign_id"]: row for row in source.rows("campaign_descriptions")}
    redeemed: dict[tuple[int, int], datetime] = {}
    for row in source.rows("coupon_redemptions"):
        redeemed.setdefault(
            (row["campaign_id"], row["household_id"]),
            row["redemption_date"].replace(hour=17, tzinfo=UTC) + shift,
        )
    Coupon.objects.bulk_create(
        _coupon(campaigns[row["campaign_id"]], row["household_id"], accounts, redeemed, shift)
        for row in source.rows("campaigns")
        if row["household_id"] in households
    )
    _write_welcome(max(row["end_date"] for row in campaigns.values()).date() + shift)


def _coupon(
    campaign: dict[str, Any],
    household: int,
    accounts: dict[int, Account],
    redeemed: dict[tuple[int, int], datetime],
    shift: timedelta,
) -> Coupon:
    number, percent = campaign["campaign_id"], PERCENT[campaign["campaign_type"]]
    begins = campaign["start_date"].date() + shift
    return Coupon(
        code=f"CJ{number:02d}-{household:04d}",
        title=naming.coupon_title(begins, percent),
        user_id=accounts[household].pk,
        percent=percent,
        minimum=2 * percent,
        valid_from=begins,
        valid_until=campaign["end_date"].date() + shift,
        redeemed_at=redeemed.get((number, household)),
    )


def _write_welcome(until: Any) -> None:
    Coupon.objects.get_or_create(
        code="WELCOME10",
        defaults={
            "title": "Welcome: 10 % off",
            "percent": 10,
            "valid_from": until - timedelta(days=365),
            "valid_until": until + timedelta(days=365),
        },
    )


@transaction.atomic
def write_demo_logins() -> list[str]:
    """Make the two logins of a demo; what is in the way stays as it is. Returns what was done, in words."""
    done = []
    if User.objects.filter(username=CUSTOMER).exists():
        done.append(f"{CUSTOMER}: there already, left as it is")
    else:
        user = _typical_customer()
        user.username = CUSTOMER
        user.set_password(CUSTOMER)
        user.save(update_fields=["username", "password"])
        done.append(f"{CUSTOMER} / {CUSTOMER}: {user.get_full_name()}, {user.orders.count()} orders")
    if User.objects.filter(username=MANAGER).exists():
        done.append(f"{MANAGER}: there already, left as it is")
    else:
        User.objects.create_superuser(MANAGER, f"{MANAGER}@example.com", MANAGER)
        done.append(f"{MANAGER} / {MANAGER}: may do everything in the admin")
    return done


def _typical_customer() -> User:
    """Somebody to try the shop as: known, with open orders and a long history."""
    still_open = Q(orders__status__in=[Order.Status.PAID, Order.Status.SHIPPED])
    return (
        User.objects.filter(profile__source_household__isnull=False)
        .annotate(open=Count("orders", filter=still_open), placed=Count("orders"))
        .order_by("-open", "-placed", "pk")[0]
    )
