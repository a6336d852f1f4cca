"""A home page, a product page and a checkout; the recommender's API."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import include, path

from .models import Order, OrderLine, Product, Variant


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "uuidshop/home.html", {"count": Product.objects.count()})


def product(request: HttpRequest, pk: Any) -> HttpResponse:
    return render(request, "uuidshop/product.html", {"product": get_object_or_404(Product, pk=pk)})


def checkout(request: HttpRequest) -> HttpResponse:
    """Order one of the variant ``variant``: as an account, or as a guest with the address ``email``."""
    variant = get_object_or_404(Variant, pk=request.POST["variant"])
    account = request.user if request.user.is_authenticated else None
    order = Order.objects.create(account=account, email=account.email if account else request.POST["email"])
    OrderLine.objects.create(order=order, variant=variant)
    return redirect("home")


urlpatterns = [
    path("", home, name="home"),
    path("p/<uuid:pk>/", product, name="product"),
    path("checkout/", checkout, name="checkout"),
    path("api/recommendations/", include("recommendations.api.urls")),
    path("admin/", admin.site.urls),
]
