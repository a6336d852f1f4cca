"""From what an order line names (a size, a colour) to the item that is shown, when the two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from django.db import router
from django.db.models import Model

from .keys import KeyReader, key_reader
from .pages import raw_rows
from .paths import resolve
from .shop import Shop

REMEMBERED = 50_000  # variants a process keeps in mind
FRESH_FOR = 300.0  # seconds


class Variants:
    """Keys of items, from raw values and from objects, by ``item_parent``.

    Variants may be rows of the item's own table (``item_parent`` leads to the row they stand under; a row
    without one is itself the item) or of a table of their own (each has its item, or is nothing).
    """

    def __init__(self, shop: Shop) -> None:
        self.item = shop.item
        named = resolve(shop.line, shop.line_item)
        self.line_path = named.key_path
        self.sold: type[Model] = named.target or shop.item
        self.parent = resolve(self.sold, shop.item_parent) if shop.item_parent else None
        self.is_own_table = self.sold._meta.concrete_model is not self.item._meta.concrete_model
        self.item_key: KeyReader = key_reader(self.item._meta.pk, router.db_for_read(self.item))
        self.sold_key: KeyReader = (
            key_reader(self.sold._meta.pk, router.db_for_read(self.sold)) if self.parent else self.item_key
        )
        self._remembered: dict[str, str | None] = {}
        self._since = monotonic()

    def reader(self, using: str | None = None) -> KeyReader:
        """Raw value of a line's item -> item key, for a whole extraction: all variants are read now, once."""
        if self.parent is None:
            return self.item_key
        return self._through(self._parents(using=using).get)

    def keys_of(self, values: Iterable[Any]) -> list[str | None]:
        """Item keys of items, variants and raw keys of items, mixed; None for anything else."""
        values = list(values)
        raw = [None if isinstance(value, Model) else value for value in values]
        keys = [self.item_key(value) for value in raw] if self.is_own_table else self.of_raw(raw)
        pairs = zip(values, keys, strict=True)
        return [self.of_object(value) if isinstance(value, Model) else key for value, key in pairs]

    def of_raw(self, values: Iterable[Any]) -> list[str | None]:
        """Item keys of a few raw values; one query for those not seen in the last minutes."""
        values = list(values)
        if self.parent is None:
            return [self.item_key(value) for value in values]
        return list(map(self._through(self._recalled(values).get), values))

    def of_object(self, obj: Model) -> str | None:
        """Item key of an item or a variant; None for an object of any other model."""
        if self.parent is not None and isinstance(obj, self.sold):
            at: Any = obj
            for step in self.parent.steps[:-1]:
                at = getattr(at, step.name, None)
            parent = getattr(at, self.parent.final.attname, None)
            if parent is not None or self.is_own_table:
                return self.item_key(parent)
        return self.item_key(obj.pk) if isinstance(obj, self.item) else None

    def _through(self, parent_of: Callable[[str], str | None]) -> KeyReader:
        def read(raw: Any) -> str | None:
            sold = self.sold_key(raw)
            if sold is None:
                return None
            return parent_of(sold) or (None if self.is_own_table else sold)

        return read

    def _recalled(self, values: list[Any]) -> dict[str, str | None]:
        if len(self._remembered) > REMEMBERED or monotonic() - self._since > FRESH_FOR:
            self._remembered, self._since = {}, monotonic()
        remembered = self._remembered
        missing = {key for value in values if (key := self.sold_key(value)) and key not in remembered}
        if missing:
            found = self._parents(only=missing)
            remembered.update({key: found.get(key) for key in missing})
        return remembered

    def _parents(self, only: Iterable[str] | None = None, using: str | None = None) -> dict[str, str]:
        """Variant key -> item key, of all variants or of those in ``only``."""
        if self.parent is None:
            return {}
        variants = self.sold._default_manager.using(using).filter(**{f"{self.parent.text}__isnull": False})
        if only is not None:
            variants = variants.filter(pk__in=list(only))
        found = {}
        for sold, parent in raw_rows(variants.order_by().values_list("pk", self.parent.key_path)):
            key, parent_key = self.sold_key(sold), self.item_key(parent)
            if key is not None and parent_key is not None:
                found[key] = parent_key
        return found
