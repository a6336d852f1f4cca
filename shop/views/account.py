"""Log in, register, the account with its orders and what can be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, RedirectURLMixin
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import FormView

from shop import basket, services
from shop.forms import AddressForm, LoginForm, RegisterForm, ReturnForm
from shop.models import Order, OrderLine

ORDERS_A_PAGE = 10
LINES_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of an order and how many of its units can be returned now."""

    line: OrderLine
    returnable: int


class Login(LoginView):
    template_name = "shop/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class Register(RedirectURLMixin, FormView):
    template_name = "shop/register.html"
    form_class = RegisterForm
    next_page = "shop:account"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect("shop:account")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: RegisterForm) -> HttpResponse:
        login(self.request, form.save(), backend="django.contrib.auth.backends.ModelBackend")
        messages.success(self.request, _("Welcome! Your account is ready."))
        return redirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next": self.get_redirect_url()}


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    orders = services.orders_of(request.user).annotate(line_count=Count("lines"))
    context = {
        "orders": Paginator(orders, ORDERS_A_PAGE).get_page(request.GET.get("page")),
        "points": services.loyalty_points(request.user),
        "coupons": services.coupons_of(request.user)[:20],
    }
    return render(request, "shop/account.html", context)


@never_cache
@login_required
@require_safe
def points(request: HttpRequest) -> HttpResponse:
    entries = Paginator(services.loyalty_entries(request.user), 25).get_page(request.GET.get("page"))
    context = {"entries": entries, "points": services.loyalty_points(request.user)}
    return render(request, "shop/points.html", context)


@never_cache
@login_required
@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    return _render_order(request, _own(request, number))


@require_POST
@login_required
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    mine = _own(request, number)
    try:
        services.cancel_order(request.user, number)
        messages.success(request, _("Order %(number)s is cancelled.") % {"number": number})
    except services.NotPossible as refused:
        messages.error(request, str(refused))
    return redirect(mine)


@require_POST
@login_required
def change_address(request: HttpRequest, number: str) -> HttpResponse:
    mine = _own(request, number)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _render_order(request, mine, address_form=form)
    try:
        services.change_address(request.user, number, form.address)
        messages.success(request, _("The order goes to the new address."))
    except services.NotPossible as refused:
        messages.error(request, str(refused))
    return redirect(mine)


@require_POST
@login_required
def start_return(request: HttpRequest, number: str) -> HttpResponse:
    mine = _own(request, number)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect(mine)
    asked = form.cleaned_data
    try:
        services.start_return(request.user, number, asked["line"], asked["quantity"], asked["reason"])
        messages.success(request, _("Your return is registered. Please send the parcel within 14 days."))
    except OrderLine.DoesNotExist as error:
        raise Http404 from error
    except services.NotPossible as refused:
        messages.error(request, str(refused))
    return redirect(mine)


@require_POST
@login_required
def reorder(request: HttpRequest, number: str) -> HttpResponse:
    _own(request, number)
    result = services.reorder(request.user, number, basket.of(request))
    if result.units:
        text = ngettext("%d unit is in your basket.", "%d units are in your basket.", result.units)
        messages.success(request, text % result.units)
    if result.missing:
        names = ", ".join(name for name in result.missing[:5] if name) + (
            " …" if len(result.missing) > 5 else ""
        )
        messages.warning(request, _("Not available now: %(names)s") % {"names": names})
    return redirect("shop:basket")


def _own(request: HttpRequest, number: str) -> Order:
    try:
        return services.order_of(request.user, number)
    except Order.DoesNotExist as error:
        raise Http404 from error


def _render_order(request: HttpRequest, mine: Order, address_form: AddressForm | None = None) -> HttpResponse:
    page = Paginator(
        mine.lines.select_related("product").prefetch_related("returns").order_by("pk"), LINES_A_PAGE
    )
    lines = page.get_page(request.GET.get("page"))
    refused = services.return_refusal(mine) is not None
    fields = ("name", "street", "postcode", "city", "country")
    context = {
        "order": mine,
        "page": lines,
        "lines": [ShownLine(line, 0 if refused else services.returnable(line)) for line in lines],
        "can_change": services.change_refusal(mine) is None,
        "address_form": address_form or AddressForm(initial={name: getattr(mine, name) for name in fields}),
    }
    return render(request, "shop/order.html", context)
