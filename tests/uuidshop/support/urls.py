"""The shop's pages, the bot's page and its API."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import DetailView

from tests.uuidshop.models import Product

page = DetailView.as_view(model=Product, template_name="uuidshop/product.html")

urlpatterns = [
    path("p/<uuid:pk>/", page, name="product"),
    path("help/", include("support_bot.urls")),
    path("api/help/", include("support_bot.api.urls")),
    path("admin/", admin.site.urls),
]
