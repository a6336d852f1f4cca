"""Clothes in sizes: customers by e-mail address, variants under products, orders in another database."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.urls import reverse
from django.utils import timezone


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Account:
        account = self.model(email=self.normalize_email(email), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser, PermissionsMixin):
    """Logs in by e-mail address; there is no username, first or last name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = AccountManager()

    USERNAME_FIELD = "email"


class Category(models.Model):
    name = models.CharField(max_length=80)


class Product(models.Model):
    """What is shown; what is bought is one of its variants. It stands in any number of categories."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=80)
    picture = models.FileField(blank=True)
    cents = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3, default="EUR")
    categories = models.ManyToManyField(Category, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, default=timezone.now)

    def __str__(self) -> str:
        return self.title

    @property
    def price(self) -> str:
        return f"{self.cents / 100:.2f}"

    def link(self) -> str:
        return reverse("product", args=[self.pk])


class Variant(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    size = models.CharField(max_length=4)
    stock = models.PositiveIntegerField(default=0)


class Order(models.Model):
    """Lies in the database "orders", without constraints to the other one; a guest has no account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="orders",
    )
    email = models.EmailField()
    placed_at = models.DateTimeField(default=timezone.now)
    is_cancelled = models.BooleanField(default=False)


class OrderLine(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    quantity = models.IntegerField(default=1)
    returned_line = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)
