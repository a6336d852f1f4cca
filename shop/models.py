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
        "self",
        verbose_name=_("parent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=160, unique=True)
    path = models.CharField(_("path"), max_length=400, unique=True, db_index=True)
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    source_name = models.CharField(
        _("source name"), max_length=120, blank=True, help_text=_("The name in the source data.")
    )

    class Meta:
        verbose_name = _("category")
        ordering = ["path"]
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:category", args=[self.slug])


class Product(models.Model):
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="products",
    )
    sku = models.CharField(_("stock number"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    brand = models.CharField(_("brand"), max_length=80, blank=True, db_index=True)
    is_private_brand = models.BooleanField(_("is private brand"), default=False)
    size = models.CharField(_("size"), max_length=40, blank=True)
    price = models.DecimalField(
        _("price"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal("0"))]
    )
    stock = models.IntegerField(_("stock"), default=0)
    sold = models.PositiveIntegerField(
        _("sold"),
        default=0,
        db_index=True,
        help_text=_("How many orders it stood in, for sorting by best sellers."),
    )
    is_active = models.BooleanField(_("is active"), default=True, db_index=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
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

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="profile"
    )
    source_household = models.PositiveIntegerField(
        _("source household"),
        null=True,
        blank=True,
        unique=True,
        help_text=_("The household's number in the source data."),
    )
    age = models.CharField(_("age"), max_length=20, blank=True)
    income = models.CharField(_("income"), max_length=20, blank=True)
    home_ownership = models.CharField(_("home ownership"), max_length=30, blank=True)
    household_size = models.CharField(_("household size"), max_length=10, blank=True)
    household_composition = models.CharField(_("household composition"), max_length=30, blank=True)
    marital_status = models.CharField(_("marital status"), max_length=20, blank=True)
    kids = models.CharField(_("kids"), max_length=10, blank=True)
    street = models.CharField(_("street"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, default="US")

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return str(self.user)


class Order(models.Model):
    class Status(models.TextChoices):
        PAID = "paid", _("paid")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(_("number"), max_length=24, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="orders",
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.PAID, db_index=True
    )
    placed_at = models.DateTimeField(_("placed at"), default=timezone.now, db_index=True)
    promised_for = models.DateField(_("promised for"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("email"), blank=True)
    street = models.CharField(_("street"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, default="US")
    coupon = models.ForeignKey(
        "Coupon",
        verbose_name=_("coupon"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="orders",
    )
    discount = models.DecimalField(_("discount"), max_digits=10, decimal_places=2, default=Decimal("0"))
    total = models.DecimalField(_("total"), max_digits=12, decimal_places=2, default=Decimal("0"))
    payment_reference = models.CharField(_("payment reference"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
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

    order = models.ForeignKey(Order, verbose_name=_("order"), on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product,
        verbose_name=_("product"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="lines",
    )
    name = models.CharField(_("name"), max_length=200, blank=True, help_text=_("As it was when ordered."))
    quantity = models.IntegerField(_("quantity"), default=1)
    unit_price = models.DecimalField(_("unit price"), max_digits=16, decimal_places=8)
    list_price = models.DecimalField(_("list price"), max_digits=16, decimal_places=8, null=True, blank=True)
    discount = models.DecimalField(_("discount"), max_digits=10, decimal_places=2, default=Decimal("0"))

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")

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

    line = models.ForeignKey(
        OrderLine, verbose_name=_("line"), on_delete=models.CASCADE, related_name="returns"
    )
    quantity = models.PositiveIntegerField(_("quantity"), validators=[MinValueValidator(1)])
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.REQUESTED)
    requested_at = models.DateTimeField(_("requested at"), default=timezone.now)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")

    def __str__(self) -> str:
        return f"{self.quantity} x {self.line.name}"


class Review(models.Model):
    product = models.ForeignKey(
        Product, verbose_name=_("product"), on_delete=models.CASCADE, related_name="reviews"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="reviews"
    )
    stars = models.PositiveSmallIntegerField(
        _("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(_("text"), blank=True, max_length=4000)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["product", "user"], name="shop_one_review_a_customer")]

    def __str__(self) -> str:
        return f"{self.stars}/5"


class Coupon(models.Model):
    """Money off an order; ``user`` is empty for a coupon that anyone may use."""

    code = models.CharField(_("code"), max_length=24, unique=True)
    title = models.CharField(_("title"), max_length=120)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="coupons",
    )
    percent = models.PositiveSmallIntegerField(
        _("percent"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    minimum = models.DecimalField(_("minimum"), max_digits=10, decimal_places=2, default=Decimal("0"))
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")

    def __str__(self) -> str:
        return self.code


class LoyaltyEntry(models.Model):
    """A line of a customer's points account; the balance is their sum."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="loyalty"
    )
    order = models.ForeignKey(
        Order,
        verbose_name=_("order"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="loyalty",
    )
    points = models.IntegerField(_("points"))
    reason = models.CharField(_("reason"), max_length=80)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("loyalty entry")
        verbose_name_plural = _("loyalty entries")

    def __str__(self) -> str:
        return f"{self.points:+d}"


class DataLoad(models.Model):
    """How far a load of the sample data has come, and the whole weeks that its dates were moved by."""

    size = models.CharField(_("size"), max_length=8, unique=True)
    shift_weeks = models.IntegerField(_("shift weeks"))
    stage = models.CharField(_("stage"), max_length=24, default="products")
    position = models.BigIntegerField(_("position"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("data load")
        verbose_name_plural = _("data loads")

    def __str__(self) -> str:
        return f"{self.size}: {self.stage} {self.position}"
