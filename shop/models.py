"""The sample shop's tables: catalogue, customers, orders, returns, reviews, coupons, loyalty points."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _


class Category(models.Model):
    """A node of department / category / type; ``path`` is the slugs from the root, for one-query subtrees."""

    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=160, unique=True)
    path = models.CharField(max_length=400, unique=True, db_index=True)
    level = models.PositiveSmallIntegerField(default=0)
    source_name = models.CharField(max_length=120, blank=True, help_text=_("The name in the source data."))

    class Meta:
        ordering = ["path"]
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:category", args=[self.slug])


class Product(models.Model):
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    sku = models.CharField(_("stock number"), max_length=32, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    brand = models.CharField(max_length=80, blank=True, db_index=True)
    is_private_brand = models.BooleanField(default=False)
    size = models.CharField(max_length=40, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal("0"))])
    stock = models.IntegerField(default=0)
    sold = models.PositiveIntegerField(
        default=0, db_index=True, help_text=_("How many orders it stood in, for sorting by best sellers.")
    )
    is_active = models.BooleanField(default=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(stock__gte=0), name="shop_stock_not_negative")
        ]
        # A category's page counts its subtree, its facets and its best sellers out of this index alone.
        indexes = [
            models.Index(
                fields=["category", "is_active", "-sold", "brand", "size", "price"], name="shop_product_shelf"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.pk, slugify(self.name) or "product"])

    @property
    def image_url(self) -> str:
        return reverse("shop:picture", args=[self.pk])


class Profile(models.Model):
    """What a grocer knows of a customer; the bands are the source's own (age 35-44, income 50-74K, ...)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    source_household = models.PositiveIntegerField(
        null=True, blank=True, unique=True, help_text=_("The household's number in the source data.")
    )
    age = models.CharField(max_length=20, blank=True)
    income = models.CharField(max_length=20, blank=True)
    home_ownership = models.CharField(max_length=30, blank=True)
    household_size = models.CharField(max_length=10, blank=True)
    household_composition = models.CharField(max_length=30, blank=True)
    marital_status = models.CharField(max_length=20, blank=True)
    kids = models.CharField(max_length=10, blank=True)
    street = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, default="US")

    def __str__(self) -> str:
        return str(self.user)


class Order(models.Model):
    class Status(models.TextChoices):
        PAID = "paid", _("paid")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(max_length=24, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders"
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PAID, db_index=True)
    placed_at = models.DateTimeField(default=timezone.now, db_index=True)
    promised_for = models.DateField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    street = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, default="US")
    coupon = models.ForeignKey(
        "Coupon", null=True, blank=True, on_delete=models.SET_NULL, related_name="orders"
    )
    discount = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0"))
    total = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal("0"))
    payment_reference = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-placed_at", "-pk"]
        indexes = [models.Index(fields=["user", "-placed_at"], name="shop_order_user_placed")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("shop:order", args=[self.number])

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.PAID, self.Status.SHIPPED)


class OrderLine(models.Model):
    """One product of an order; ``product`` is empty where the source's catalogue does not know it.

    ``unit_price`` is what a unit was charged at, promotions included; it has eight decimals because petrol
    is sold by the millilitre, and pages round it to two. ``list_price`` is that day's shelf price, if known.
    ``discount`` is what coupons took off the whole line.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="lines"
    )
    name = models.CharField(max_length=200, blank=True, help_text=_("As it was when ordered."))
    quantity = models.IntegerField(default=1)
    unit_price = models.DecimalField(max_digits=16, decimal_places=8)
    list_price = models.DecimalField(max_digits=16, decimal_places=8, null=True, blank=True)
    discount = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0"))

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"

    @property
    def total(self) -> Decimal:
        """What was paid for the line, in whole cents."""
        return (self.unit_price * self.quantity - self.discount).quantize(Decimal("0.01"))


class Return(models.Model):
    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        RECEIVED = "received", _("received")
        REFUNDED = "refunded", _("refunded")

    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="returns")
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    reason = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.REQUESTED)
    requested_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.line.name}"


class Review(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews")
    stars = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(blank=True, max_length=4000)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["product", "user"], name="shop_one_review_a_customer")]

    def __str__(self) -> str:
        return f"{self.stars}/5"


class Coupon(models.Model):
    """Money off an order; ``user`` is empty for a coupon that anyone may use."""

    code = models.CharField(max_length=24, unique=True)
    title = models.CharField(max_length=120)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="coupons"
    )
    percent = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])
    minimum = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0"))
    valid_from = models.DateField()
    valid_until = models.DateField()
    redeemed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.code


class LoyaltyEntry(models.Model):
    """A line of a customer's points account; the balance is their sum."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="loyalty")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="loyalty")
    points = models.IntegerField()
    reason = models.CharField(max_length=80)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = _("loyalty entries")

    def __str__(self) -> str:
        return f"{self.points:+d}"


class DataLoad(models.Model):
    """How far a load of the sample data has come, and the whole weeks that its dates were moved by."""

    size = models.CharField(max_length=8, unique=True)
    shift_weeks = models.IntegerField()
    stage = models.CharField(max_length=24, default="products")
    position = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.size}: {self.stage} {self.position}"
