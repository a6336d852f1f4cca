"""What the session holds: variants, as objects, which the adapter turns into their products."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from .models import Variant


def contents(request: HttpRequest) -> QuerySet[Variant]:
    return Variant.objects.filter(pk__in=request.session.get("basket", []))
