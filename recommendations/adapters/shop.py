"""``RECOMMENDATIONS["SHOP"]`` as an object: the host's models by class, every key with its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from recommendations.conf import closest


@dataclass(frozen=True, kw_only=True)
class Shop:
    """How the host's shop is laid out. Paths are ORM paths from ``item``, ``line`` or ``rating``."""

    item: type[Model]
    line: type[Model]
    line_item: str
    line_user: str
    line_at: str
    item_available: Any = None  # a dict of lookups, a Q, or a list of them that must all hold
    item_excluded: Any = None  # likewise: rows that are no goods at all (coupons, deposits, shipping)
    item_parent: str | None = None  # from what line_item refers to, to the item that is shown
    item_created: str | None = None
    item_title: str | None = None  # a path, property or method; str(item) when left out
    item_url: str | None = None  # likewise; get_absolute_url when left out
    item_image: str | None = None
    item_price: str | None = None
    currency: str = ""  # "EUR", or a path
    item_text: Sequence[str] = ()
    item_categories: Sequence[str] = ()
    item_brand: str | None = None
    line_quantity: str | None = None
    line_price: str | None = None
    line_order: str | None = None
    line_filter: Any = None
    line_return_of: str | None = None
    rating: type[Model] | None = None
    rating_item: str | None = None
    rating_user: str | None = None
    rating_value: str | None = None
    rating_at: str | None = None
    basket: Any = field(default=None)  # callable(request) -> keys or items, or its dotted path

    @classmethod
    def read(cls, setting: Mapping[str, Any]) -> Shop:
        """The shop that ``setting`` describes.

        Raises ``ImproperlyConfigured`` for a missing key and a model that does not exist. Unknown keys are
        passed over and paths not looked at: the system checks name the wrong ones.
        """
        if missing := [key for key in REQUIRED if not setting.get(key)]:
            raise ImproperlyConfigured(
                f'RECOMMENDATIONS["SHOP"] needs {", ".join(missing)}: say which models hold your items and '
                "order lines (see the adapter page of the documentation)."
            )
        known = {key: value for key, value in setting.items() if key in KEYS and value is not None}
        models = {key: find_model(known[key]) for key in MODELS if known.get(key)}
        sequences = {key: as_paths(known[key]) for key in PATH_LISTS if key in known}
        return cls(**{**known, **models, **sequences})


KEYS = tuple(one.name for one in fields(Shop))
REQUIRED = tuple(one.name for one in fields(Shop) if one.default is MISSING)
MODELS = ("item", "line", "rating")
PATH_LISTS = ("item_text", "item_categories")


def find_model(value: Any) -> type[Model]:
    """The model of a label such as ``shop.Product`` (a class is returned as it is)."""
    if isinstance(value, type) and issubclass(value, Model):
        return value
    try:
        return apps.get_model(value)
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        labels = [model._meta.label for model in apps.get_models()]
        raise ImproperlyConfigured(f"There is no model {value!r}. {closest(value, labels)}") from error


def as_paths(value: Any) -> tuple[str, ...]:
    """A list of paths; a single path may stand without its list."""
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
