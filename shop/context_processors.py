"""What the frame of every page shows; nothing is read before a template asks for it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from shop import basket
from shop.catalogue import departments
from shop.models import Category


def shop(request: HttpRequest) -> dict[str, Callable[[], int] | Callable[[], list[Category]]]:
    return {"basket_count": lambda: len(basket.of(request)), "departments": departments}
