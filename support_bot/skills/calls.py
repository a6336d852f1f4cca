"""What goes into a skill (a ``Call``) and what comes out of it: a ``Reply``, an ``Ask`` or a ``Propose``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from support_bot.adapters import SupportAdapter
from support_bot.nlu.entities import Entities
from support_bot.types import Card, Order, Product, Profile, Reply, Subject, Suggestion

Named = tuple[Literal["order", "product"], str]  # what was shown: ("order", number) or ("product", key)


@dataclass(frozen=True, slots=True)
class Ask:
    """Something is missing: ``text`` asks for ``slot``, ``options`` may be pressed instead of typing.

    The dialogue keeps ``slots`` (what is known so far); the next message goes to ``skill.fill(slot, …)``, and
    the skill runs again with what that gave.
    """

    slot: str
    text: str
    options: tuple[Suggestion, ...] = ()
    cards: tuple[Card, ...] = ()
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Propose:
    """A change that needs the customer's yes; then the skill runs again with ``slots`` and ``confirmed``.

    ``label`` is what the button says.
    """

    text: str
    label: str
    slots: Mapping[str, str] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()


Outcome = Reply | Ask | Propose


@dataclass(frozen=True, slots=True)
class Context:
    """What the conversation was about before this message: order number, product key, list shown."""

    order: str = ""
    product: str = ""
    listed: tuple[Named, ...] = ()


@dataclass(slots=True, kw_only=True)
class Call:
    """One run of a skill: who asks, what was said, what is known so far.

    ``fallback`` is the answer of the FAQ entry that the skill is bound to, for whom it can do nothing.
    ``mentioned`` is what the skill talked about: the dialogue makes it the next message's ``context``.
    """

    subject: Subject
    adapter: SupportAdapter
    profile: Profile = field(default_factory=Profile)
    language: str = ""
    text: str = ""
    entities: Entities = field(default_factory=Entities)
    slots: Mapping[str, str] = field(default_factory=dict)
    context: Context = field(default_factory=Context)
    confirmed: bool = False
    fallback: Reply | None = None
    mentioned: Context | None = None

    def mention(
        self,
        *,
        order: Order | str = "",
        product: Product | str = "",
        listed: Iterable[Order | Product] = (),
    ) -> None:
        """Say what the reply is about, so that "and the second one?" can be understood."""
        self.mentioned = Context(
            order=order.number if isinstance(order, Order) else order,
            product=product.key if isinstance(product, Product) else product,
            listed=tuple(
                ("order", one.number) if isinstance(one, Order) else ("product", one.key) for one in listed
            ),
        )
