"""Orders and their lines lie in the database "orders", everything else in "default"."""

from __future__ import annotations

from typing import Any

ORDERS = {"order", "orderline"}


class OrdersRouter:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "orders" if model._meta.label_lower in {f"uuidshop.{name}" for name in ORDERS} else None

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        return True

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        return (app_label == "uuidshop" and model_name in ORDERS) == (db == "orders")
