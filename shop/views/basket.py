"""The basket: add, change, coupon."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from shop import basket
from shop.checkout import quote
from shop.forms import CouponForm, QuantityForm
from shop.models import Product


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    mine = basket.of(request)
    if request.method == "POST":
        _change(request, mine)
        return redirect("shop:basket")
    lines = mine.lines()
    gone = set(mine.quantities) - {line.product.pk for line in lines}
    if gone:
        mine.discard(gone)
        text = ngettext("%d product is no longer sold.", "%d products are no longer sold.", len(gone))
        messages.warning(request, text % len(gone))
    price = quote(lines, mine.coupon_code, request.user)
    if price.refusal:
        messages.warning(request, price.refusal)
        mine.coupon_code = ""
    context = {"price": price, "coupon_form": CouponForm(initial={"code": mine.coupon_code})}
    return render(request, "shop/basket.html", context)


def _change(request: HttpRequest, mine: basket.Basket) -> None:
    """New quantities come as ``quantity-KEY``, the button of a line as ``remove=KEY``."""
    for key in mine.quantities:
        if request.POST.get("remove") == str(key):
            mine.set(key, 0)
        elif (text := request.POST.get(f"quantity-{key}")) is not None:
            form = QuantityForm({"quantity": text})
            if text.strip() == "0":
                mine.set(key, 0)
            elif form.is_valid():
                mine.set(key, form.cleaned_data["quantity"])
            else:
                messages.error(request, " ".join(map(str, form.errors["quantity"])))


@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=pk, is_active=True)
    form = QuantityForm({"quantity": request.POST.get("quantity", "1")})
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["quantity"])))
    elif product.stock < 1:
        messages.error(request, _("“%(name)s” is sold out.") % {"name": product.name})
    elif basket.of(request).add(product, form.cleaned_data["quantity"]):
        link = format_html('<a href="{}">{}</a>', reverse("shop:basket"), _("View basket"))
        messages.success(
            request, format_html("{} {}", _("“%(name)s” is in your basket.") % {"name": product.name}, link)
        )
    else:
        messages.error(request, _("Your basket holds no more of “%(name)s”.") % {"name": product.name})
    return redirect(_next(request))


@require_POST
def coupon(request: HttpRequest) -> HttpResponse:
    form = CouponForm(request.POST)
    if form.is_valid():
        basket.of(request).coupon_code = form.cleaned_data["code"]
    else:
        messages.error(request, " ".join(map(str, form.errors["code"])))
    return redirect("shop:basket")


def _next(request: HttpRequest) -> str:
    """Back to the page that asked, which must be one of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("shop:basket")
