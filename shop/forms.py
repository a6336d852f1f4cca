"""The shop's forms."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from shop.basket import MAX_QUANTITY
from shop.checkout import Address
from shop.models import Review
from shop.remember import count_up, counted

COUNTRIES = [
    ("US", _("United States")),
    ("CA", _("Canada")),
    ("CN", _("China")),
    ("DE", _("Germany")),
    ("GB", _("United Kingdom")),
]
LOGIN_ATTEMPTS = 10
LOGIN_SECONDS = 300


class NeverEchoed(forms.TextInput):
    """A card number is typed anew after a mistake: it never goes back into a page."""

    def format_value(self, value: Any) -> None:
        return None


class QuantityForm(forms.Form):
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MAX_QUANTITY, initial=1)


class AddressForm(forms.Form):
    name = forms.CharField(
        label=_("Full name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    street = forms.CharField(
        label=_("Street and number"),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "street-address"}),
    )
    postcode = forms.CharField(
        label=_("Postcode"), max_length=20, widget=forms.TextInput({"autocomplete": "postal-code"})
    )
    city = forms.CharField(
        label=_("City"), max_length=80, widget=forms.TextInput({"autocomplete": "address-level2"})
    )
    country = forms.ChoiceField(
        label=_("Country"), choices=COUNTRIES, widget=forms.Select({"autocomplete": "country"})
    )

    @property
    def address(self) -> Address:
        return Address(**{field: self.cleaned_data[field] for field in Address.__dataclass_fields__})


class CheckoutForm(AddressForm):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "email"}))
    card = forms.CharField(
        label=_("Card number"),
        max_length=23,
        widget=NeverEchoed({"autocomplete": "cc-number", "inputmode": "numeric"}),
        help_text=_("No money moves here: 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined."),
    )
    number = forms.CharField(max_length=24, widget=forms.HiddenInput, required=False)
    expected_total = forms.DecimalField(widget=forms.HiddenInput, required=False)
    field_order = ["email"]


class CouponForm(forms.Form):
    code = forms.CharField(label=_("Coupon code"), max_length=24, required=False)


class ReturnForm(forms.Form):
    line = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    quantity = forms.IntegerField(label=_("Units to return"), min_value=1, max_value=2**31 - 1, initial=1)
    reason = forms.CharField(label=_("Reason (optional)"), max_length=200, required=False)


class ReviewForm(forms.ModelForm):
    stars = forms.TypedChoiceField(
        label=_("Stars"),
        coerce=int,
        choices=[
            (5, _("5 – excellent")),
            (4, _("4 – good")),
            (3, _("3 – fair")),
            (2, _("2 – poor")),
            (1, _("1 – bad")),
        ],
    )

    class Meta:
        model = Review
        fields = ["stars", "text"]
        labels = {"text": _("Your review (optional)")}
        widgets = {"text": forms.Textarea({"rows": 4})}


class LoginForm(AuthenticationForm):
    """Log in; after ``LOGIN_ATTEMPTS`` failures for a name from an address, wait ``LOGIN_SECONDS``."""

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", "")).lower()
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        key = "shop.login." + hashlib.sha256(f"{address} {name}".encode()).hexdigest()
        if counted(key) >= LOGIN_ATTEMPTS:
            raise ValidationError(_("Too many attempts. Please wait five minutes."), code="throttled")
        try:
            return super().clean()
        except ValidationError:
            count_up(key, LOGIN_SECONDS)
            raise


class RegisterForm(UserCreationForm):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "email"}))

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")
