"""Two customers of the sample shop who must not learn of each other, and clients that talk to the bot."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from shop.models import Category, Order, Product
from shop.orders import NewLine, NewOrder, place_orders

ROOT = "/api/support/"
CSRF = "c" * 32


class Shopfloor:
    """Ada and Bob, with an order each and goods on the shelf; ``secrets`` of Bob's are nobody else's."""

    def __init__(self) -> None:
        shelf = Category.objects.create(name="Dairy", slug="dairy", path="dairy", level=0)
        self.milk, self.bread = (
            Product.objects.create(sku=sku, name=name, price=Decimal(price), stock=10, category=shelf)
            for sku, name, price in (("m", "Whole milk, 1 gal", "2.50"), ("b", "Sourdough bread", "4.20"))
        )
        self.ada = User.objects.create_user("ada", "ada@example.com", "correct horse", first_name="Ada")
        self.bob = User.objects.create_user(
            "bob", "bob.builder@example.org", "battery", first_name="Bobadilla", last_name="Quarterstaff"
        )
        self.adas_order = self.order(self.ada, self.milk, number="W-0000000000A1")
        self.bobs_order = self.order(self.bob, self.bread, number="W-0000000000B7")
        self.secrets = ("0000000000B7", "bob.builder", "Bobadilla", "Quarterstaff", "77 Hidden Lane")

    def order(self, user: User, product: Product, *, number: str, status: str = "paid") -> Order:
        made = Order(
            number=number,
            user=user,
            status=status,
            placed_at=timezone.now() - timedelta(hours=1),
            name=user.get_full_name(),
            email=user.email,
            street="77 Hidden Lane" if user.username == "bob" else "12 Engine Lane",
            total=product.price,
            country="US",
            promised_for=timezone.localdate() + timedelta(days=2),
        )
        place_orders(
            [NewOrder(made, [NewLine(product.pk, product.name, 1, product.price)])], take_stock=False
        )
        return made


def browser(user: User | None = None, *, csrf: bool = True) -> APIClient:
    """A client as a browser is one: CSRF is checked; ``csrf=False`` forgets to send the value."""
    client = APIClient(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    client.cookies["csrftoken"] = CSRF
    if csrf:
        client.credentials(HTTP_X_CSRFTOKEN=CSRF)
    return client


@dataclass
class Chat:
    """A conversation as a client holds it: with its token, unless it goes by its owner's session."""

    client: APIClient
    id: str
    token: str
    by_token: bool = True

    @classmethod
    def open(cls, user: User | None = None, **body: Any) -> Chat:
        client = browser(user)
        answer = client.post(f"{ROOT}conversations/", body, format="json")
        assert answer.status_code == 201, answer.content
        return cls(client, answer.json()["id"], answer.json()["token"], by_token=user is None)

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Conversation-Token": self.token} if self.by_token else {}

    def url(self, what: str = "messages") -> str:
        return f"{ROOT}conversations/{self.id}/{what}/"

    def post(self, body: Any, what: str = "messages") -> Any:
        data = "" if body is None else json.dumps(body)  # what is no Unicode goes out escaped
        kind = "application/json"
        return self.client.generic("POST", self.url(what), data, kind, headers=self.headers)

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        answer = self.post({"text": text, **more})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def history(self, after: int = 0) -> dict[str, Any]:
        answer = self.client.get(self.url(), {"after": after}, headers=self.headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def vote(self, message: Any, body: Any) -> Any:
        url = f"{ROOT}messages/{message}/feedback/"
        return self.client.post(url, body, format="json", headers=self.headers)


def new_id() -> str:
    """A client's own id of a message."""
    return str(uuid.uuid4())
