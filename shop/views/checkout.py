"""Checkout and confirmation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from shop import basket, payments
from shop.basket import MAX_LINES
from shop.checkout import MAX_TOTAL, CouponRefused, Quote, check_out, new_number, quote
from shop.forms import CheckoutForm
from shop.models import Order, Profile
from shop.orders import OutOfStock

NUMBER_KEY = "checkout"
PLACED_KEY = "placed"
PLACED_KEPT = 20


@never_cache
@sensitive_post_parameters("card")
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and request.POST.get("number") in request.session.get(PLACED_KEY, []):
        return redirect("shop:thanks", number=request.POST["number"])
    mine = basket.of(request)
    price = quote(mine.lines(), mine.coupon_code, request.user)
    if price.refusal or not price.lines:
        return redirect("shop:basket")
    number = request.session.setdefault(NUMBER_KEY, new_number())
    if request.method != "POST":
        form = CheckoutForm(initial=_known(request))
        return _render(request, form, price, number)
    form = CheckoutForm(request.POST)
    if form.is_valid() and _is_as_shown(request, form, price, number):
        order = _place(form, price, number, request)
        if order is not None:
            return _finish(request, mine, order)
    return _render(request, form, price, number)


def _known(request: HttpRequest) -> dict[str, Any]:
    """What the customer need not type again."""
    if not request.user.is_authenticated:
        return {}
    known = {"email": request.user.email, "name": request.user.get_full_name()}
    profile = (
        Profile.objects.filter(user=request.user).values("street", "postcode", "city", "country").first()
    )
    return known | (profile or {})


def _is_as_shown(request: HttpRequest, form: CheckoutForm, price: Quote, number: str) -> bool:
    """Nobody pays a price they have not seen: another tab may have changed the basket, the shop a price."""
    seen = form.cleaned_data["number"], form.cleaned_data["expected_total"]
    if seen == (number, price.total):
        return True
    messages.warning(request, _("Your basket or a price has changed. Please look at the total again."))
    return False


def _place(form: CheckoutForm, price: Quote, number: str, request: HttpRequest) -> Order | None:
    """The order, or None with the reason in the form."""
    if price.total > MAX_TOTAL:
        form.add_error(None, _("This order is too large for the web shop."))
        return None
    email, card = form.cleaned_data["email"], form.cleaned_data["card"]
    try:
        return check_out(number, price, form.address, email=email, card=card, user=request.user)
    except payments.Declined as declined:
        form.add_error("card", str(declined))
    except (OutOfStock, CouponRefused) as refused:
        form.add_error(None, str(refused))
    return None


def _finish(request: HttpRequest, mine: basket.Basket, order: Order) -> HttpResponse:
    mine.clear()
    request.session.pop(NUMBER_KEY, None)
    request.session[PLACED_KEY] = [*request.session.get(PLACED_KEY, []), order.number][-PLACED_KEPT:]
    return redirect("shop:thanks", number=order.number)


def _render(request: HttpRequest, form: CheckoutForm, price: Quote, number: str) -> HttpResponse:
    # A page shown again after a mistake carries the number and the total of now, not the ones that were sent.
    return render(request, "shop/checkout.html", {"form": form, "price": price, "number": number})


@never_cache
@require_safe
def thanks(request: HttpRequest, number: str) -> HttpResponse:
    """The confirmation: for the session that placed the order, or the customer whose it is."""
    order = get_object_or_404(Order, number=number)
    is_theirs = request.user.is_authenticated and order.user_id == request.user.pk
    if not is_theirs and number not in request.session.get(PLACED_KEY, []):
        raise Http404
    lines = order.lines.select_related("product").prefetch_related("returns").order_by("pk")[:MAX_LINES]
    context = {"order": order, "lines": [{"line": line} for line in lines]}
    return render(request, "shop/thanks.html", context)
