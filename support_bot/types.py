"""What crosses the rooms: who is asking, what the shop knows of them, and what they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["answer", "action", "clarify", "hand_over", "small_talk", "person"]
Emotion = Literal["anger", "worry", "thanks", "urgency", "neutral"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Subject:
    """The person an answer is for. It comes from the session, never from what was typed.

    ``user_key`` is None for somebody who is not logged in; ``language`` is a Django language code.
    ``request`` is there only while a web request is answered: what needs one (a session's basket) says so.
    """

    user_key: str | None = None
    language: str = ""
    user: Any = field(default=None, compare=False)
    request: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order; ``key`` is what the adapter takes back to name it."""

    key: str
    title: str
    quantity: int
    product_key: str | None = None
    url: str = ""
    image: str = ""
    returnable: int = 0  # units that may be sent back now


@dataclass(frozen=True, slots=True)
class Order:
    """A customer's order as the bot speaks of it; every text is ready for a customer's eyes."""

    number: str
    status: str  # the shop's own code
    status_label: str
    placed_at: datetime
    total: Decimal | None = None
    currency: str = ""
    promised_for: date | None = None
    delivered_at: datetime | None = None
    is_open: bool = False  # on its way or being packed
    can_cancel: bool = False
    can_change_address: bool = False
    can_return: bool = False
    url: str = ""
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the catalogue; ``available`` is None where the shop does not know."""

    key: str
    title: str
    url: str = ""
    image: str = ""
    price: Decimal | None = None
    currency: str = ""
    available: bool | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class Coupon:
    """Money off that the customer can use today."""

    code: str
    title: str
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the shop knows of a customer; empty for a visitor who is not logged in.

    ``conditions`` are the named facts that an entry's audience may ask for (``{"country": "US"}``).
    """

    first_name: str = ""
    full_name: str = ""
    email: str = ""
    language: str = ""
    country: str = ""
    orders: int = 0
    loyalty_points: int | None = None
    customer_since: date | None = None
    interests: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Citation:
    """The entry an answer was taken from: its slug, its question and where it can be read."""

    entry: str
    question: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A quick reply: what the button says, and what is sent for the customer when it is pressed."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """An order or a product shown beside a reply; ``fields`` are (label, value) pairs."""

    type: Literal["order", "product"]
    title: str
    url: str = ""
    image: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Confirm:
    """A change that waits for the customer's yes: ``token`` sent back does it, once."""

    token: str
    label: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the customer is answered.

    ``text`` is plain text, ``html`` the same as cleaned HTML. ``confidence`` (0 to 1) is the calibrated
    probability that the entry is the right one, None where nothing was looked up. ``topic`` is the slug of
    the entry or the name of the skill; it is kept for analytics and not sent to the customer.
    """

    kind: Kind
    text: str
    html: str = ""
    confidence: float | None = None
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    cards: tuple[Card, ...] = ()
    confirm: Confirm | None = None
    topic: str = ""
