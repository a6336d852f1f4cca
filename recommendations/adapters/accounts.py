"""Whose order lines are whose: the values of ``line_user`` and the account that is logged in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import router

from .keys import key_reader
from .paths import resolve
from .shop import Shop


class Accounts:
    """Keys of customers. ``path`` is the ORM path from a line to the value that a key is made of.

    Where ``line_user`` ends at a model, that model's primary key; where it ends at a field that accounts have
    too (``order__email``), that field; any other plain field holds the account's primary key.
    """

    def __init__(self, shop: Shop) -> None:
        found = resolve(shop.line, shop.line_user)
        account = get_user_model()
        self.path = found.key_path
        self.target = found.target
        self.attribute = "pk"
        field = found.target._meta.pk if found.target else account._meta.pk
        if found.target is None and _has_field(account, found.final.name):
            field, self.attribute = found.final, found.final.name
        self.key = key_reader(field, router.db_for_read(shop.line))

    @property
    def are_users(self) -> bool:
        """True when keys are primary keys of ``AUTH_USER_MODEL``."""
        return self.attribute == "pk" and self.target in (None, get_user_model())

    def key_of(self, user: Any) -> str | None:
        """The key of an account; None for nobody and for somebody who is not logged in."""
        if user is None or not getattr(user, "is_authenticated", False):
            return None
        return self.key(getattr(user, self.attribute, None))


def _has_field(model: Any, name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).concrete)
    except FieldDoesNotExist:
        return False
