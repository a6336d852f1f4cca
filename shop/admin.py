"""The shop's tables in Django's admin: the catalogue to edit, orders to look at and to move along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shop import services
from shop.models import (
    Category,
    Coupon,
    DataLoad,
    LoyaltyEntry,
    Order,
    OrderLine,
    Product,
    Profile,
    Return,
    Review,
)


class DepartmentFilter(admin.SimpleListFilter):
    """The 27 departments; a filter over 3,000 kinds of products would be of no use and slow."""

    title = _("department")
    parameter_name = "department"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return list(Category.objects.filter(level=0).order_by("name").values_list("path", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        value = self.value()
        return queryset.filter(category__path__startswith=f"{value}/") if value else queryset


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "path", "level"]
    list_filter = ["level"]
    search_fields = ["name", "source_name"]
    raw_id_fields = ["parent"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "brand", "size", "price", "stock", "sold", "is_active"]
    list_editable = ["price", "stock", "is_active"]
    list_filter = ["is_active", "is_private_brand", DepartmentFilter]
    list_per_page = 50
    search_fields = ["name", "sku", "brand"]
    raw_id_fields = ["category"]
    readonly_fields = ["sold"]
    ordering = ["-sold", "pk"]
    show_full_result_count = False

    def view_on_site(self, product: Product) -> str | None:
        return product.get_absolute_url() if product.is_active else None


class FirstLines(BaseInlineFormSet):
    """An order of 100,000 lines would be a page of 130 MB."""

    def get_queryset(self) -> QuerySet[OrderLine]:
        return super().get_queryset()[:200]


class LineInline(admin.TabularInline):
    """Lines as they were ordered, to look at; each links to its product."""

    model = OrderLine
    formset = FirstLines
    fields = ["product_link", "quantity", "unit_price", "discount", "total"]
    readonly_fields = ["product_link", "total"]
    ordering = ["pk"]
    verbose_name_plural = _("first 200 lines")

    @admin.display(description=_("product"))
    def product_link(self, line: OrderLine) -> SafeString | str:
        if line.product_id is None:
            return line.name
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:shop_product_change", args=[line.product_id]),
            line.name,
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "placed_at", "status", "user", "total"]
    list_filter = ["status", "placed_at"]
    list_select_related = ["user"]
    list_per_page = 50
    search_fields = ["number", "user__username", "email", "name"]
    raw_id_fields = ["user", "coupon"]
    readonly_fields = [
        "number",
        "status",
        "placed_at",
        "delivered_at",
        "cancelled_at",
        "coupon",
        "discount",
        "total",
        "payment_reference",
    ]
    inlines = [LineInline]
    actions = ["ship", "deliver", "cancel"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=_("Mark as shipped"), permissions=["change"])
    def ship(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        chosen = Order.objects.filter(pk__in=orders.values("pk"), status=Order.Status.PAID)
        self._say(request, chosen.update(status=Order.Status.SHIPPED))

    @admin.action(description=_("Mark as delivered"), permissions=["change"])
    def deliver(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        chosen = Order.objects.filter(pk__in=orders.values("pk"), status=Order.Status.SHIPPED)
        self._say(request, chosen.update(status=Order.Status.DELIVERED, delivered_at=timezone.now()))

    @admin.action(description=_("Cancel: stock and points come back"), permissions=["change"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._say(request, _each(request, orders, services.cancel))

    def _say(self, request: HttpRequest, number: int) -> None:
        text = ngettext("%d order was changed.", "%d orders were changed.", number) % number
        self.message_user(request, text, messages.SUCCESS if number else messages.WARNING)


@admin.register(Return)
class ReturnAdmin(admin.ModelAdmin):
    list_display = ["line", "order", "quantity", "reason", "status", "requested_at"]
    list_filter = ["status"]
    list_select_related = ["line__order"]
    search_fields = ["line__order__number", "line__name"]
    raw_id_fields = ["line"]
    readonly_fields = ["status", "requested_at"]
    actions = ["receive", "refund"]

    @admin.display(description=_("order"))
    def order(self, entry: Return) -> str:
        return entry.line.order.number

    @admin.action(description=_("Mark as received: the stock comes back"), permissions=["change"])
    def receive(self, request: HttpRequest, entries: QuerySet[Return]) -> None:
        self._say(request, _each(request, entries, services.receive_return))

    @admin.action(description=_("Refund: the money goes back, points are reversed"), permissions=["change"])
    def refund(self, request: HttpRequest, entries: QuerySet[Return]) -> None:
        self._say(request, _each(request, entries, services.refund_return))

    def _say(self, request: HttpRequest, number: int) -> None:
        text = ngettext("%d return was changed.", "%d returns were changed.", number) % number
        self.message_user(request, text, messages.SUCCESS if number else messages.WARNING)


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["product", "stars", "user", "created_at"]
    list_filter = ["stars"]
    list_select_related = ["product", "user"]
    search_fields = ["product__name", "user__username", "text"]
    raw_id_fields = ["product", "user"]


@admin.register(Coupon)
class CouponAdmin(admin.ModelAdmin):
    list_display = ["code", "title", "percent", "user", "valid_from", "valid_until", "redeemed_at"]
    list_select_related = ["user"]
    search_fields = ["code", "title", "user__username"]
    raw_id_fields = ["user"]
    readonly_fields = ["redeemed_at"]
    show_full_result_count = False


@admin.register(LoyaltyEntry)
class LoyaltyEntryAdmin(admin.ModelAdmin):
    list_display = ["user", "points", "reason", "order", "at"]
    list_select_related = ["user", "order"]
    search_fields = ["user__username", "order__number"]
    raw_id_fields = ["user", "order"]
    show_full_result_count = False


@admin.register(Profile)
class ProfileAdmin(admin.ModelAdmin):
    list_display = ["user", "age", "income", "household_size", "city"]
    list_select_related = ["user"]
    search_fields = ["user__username", "city"]
    raw_id_fields = ["user"]


@admin.register(DataLoad)
class DataLoadAdmin(admin.ModelAdmin):
    list_display = ["size", "stage", "position", "shift_weeks", "finished_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _each(request: HttpRequest, rows: QuerySet[Any], change: Callable[[Any], object]) -> int:
    """How many rows ``change`` was possible for; why not for the others is shown."""
    done = 0
    for row in rows:
        try:
            change(row)
            done += 1
        except services.NotPossible as refused:
            messages.warning(request, f"{row}: {refused}")
    return done
