"""Customers who do not want to be remembered, in the admin: deleting a line is the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from support_bot.models import Objection

from .pages import PagesMixin


@admin.register(Objection)
class ObjectionAdmin(PagesMixin, admin.ModelAdmin):
    """Recorded when a customer erases everything or says no; deleted at a customer's own wish only."""

    list_display = ("user_key", "created_at")
    search_fields = ("user_key__exact",)
    ordering = ("-created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
