"""Home, category, search, product with its reviews, pictures."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Avg, Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shop import catalogue, pictures, search
from shop.forms import QuantityForm, ReviewForm
from shop.models import Category, OrderLine, Product, Review

REVIEWS_A_PAGE = 10
PICTURE_SECONDS = 7 * 86_400


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/home.html")


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    here = get_object_or_404(Category.objects.select_related("parent__parent"), slug=slug)
    listing = catalogue.Listing(catalogue.in_category(here), request.GET, name=f"c/{here.pk}")
    context = {"category": here, "trail": trail(here), "children": catalogue.subcategories(here)}
    return render(request, "shop/category.html", {**context, "listing": listing})


@require_safe
def search_results(request: HttpRequest) -> HttpResponse:
    query = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:100]
    found = search.hits(query)
    products = Product.objects.filter(pk__in=found, is_active=True)
    listing = catalogue.Listing(products, request.GET, name=f"s/{query.lower()}", ranked=found)
    context: dict[str, Any] = {"query": query, "listing": listing, "is_cut": len(found) == search.MAX_HITS}
    if query and not found:
        context["suggestion"] = search.suggestion(query)
    return render(request, "shop/search.html", context)


@require_safe
def product(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    shown = get_object_or_404(
        Product.objects.select_related("category__parent__parent"), pk=pk, is_active=True
    )
    if request.path != shown.get_absolute_url():
        return HttpResponsePermanentRedirect(shown.get_absolute_url())
    return render(request, "shop/product.html", _product_context(request, shown))


@require_POST
@login_required
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the customer's one review of a product, or change it."""
    shown = get_object_or_404(
        Product.objects.select_related("category__parent__parent"), pk=pk, is_active=True
    )
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return render(request, "shop/product.html", _product_context(request, shown, form))
    Review.objects.update_or_create(product=shown, user=cast(User, request.user), defaults=form.cleaned_data)
    messages.success(request, _("Thank you for your review."))
    return redirect(f"{shown.get_absolute_url()}#reviews")


def _product_context(request: HttpRequest, shown: Product, form: ReviewForm | None = None) -> dict[str, Any]:
    bought = OrderLine.objects.filter(order__user=OuterRef("user"), product=OuterRef("product"))
    reviews = shown.reviews.select_related("user").annotate(is_verified=Exists(bought))
    own = shown.reviews.filter(user=request.user.pk).first() if request.user.is_authenticated else None
    return {
        "product": shown,
        "trail": trail(shown.category) if shown.category else [],
        "rating": shown.reviews.aggregate(average=Avg("stars"), count=Count("pk")),
        "reviews": Paginator(reviews, REVIEWS_A_PAGE).get_page(request.GET.get("page")),
        "quantity_form": QuantityForm(),
        "review_form": form or ReviewForm(instance=own),
        "has_own_review": own is not None,
    }


@require_safe
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """The product's drawing, for withdrawn products too: they stand in old orders."""
    shown = get_object_or_404(Product.objects.select_related("category__parent__parent"), pk=pk)
    response = HttpResponse(pictures.picture(shown), "image/svg+xml")
    patch_cache_control(response, public=True, max_age=PICTURE_SECONDS)
    return response


def trail(here: Category) -> list[Category]:
    """From the department down to ``here``."""
    nodes: list[Category] = []
    node: Category | None = here
    while node is not None and len(nodes) < 8:
        nodes.append(node)
        node = node.parent
    return nodes[::-1]
