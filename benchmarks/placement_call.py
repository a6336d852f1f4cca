"""A placement call through the API against a bare DRF view that fetches and serializes as many products.

Both go through the sample shop's whole stack (middleware, session, a logged-in customer) in this process,
on a SQLite file, a few calls of each in turn. The placement call counts for the throttles, reads the
customer's last orders, ranks all items of the model, leaves out what is unavailable or bought, fetches
twice as many items as it shows, keeps to three a category, serializes and signs.
"""

from __future__ import annotations

import tempfile
from time import perf_counter
from typing import Any

from . import synthetic_shop
from .results import write

SHOWN, ROUNDS, CALLS = 12, 41, 10


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        synthetic_shop.prepare(folder)
        customer = synthetic_shop.fill()
        write(measure(customer))


def measure(customer: Any) -> dict[str, Any]:
    """Seconds a call, ours and the bare view's, one pair a round."""
    client, bare = _client(customer), "/bare/"
    ours = f"/api/recommendations/placements/for-you/?limit={SHOWN}"
    for url in (ours, bare):
        for _call in range(20):
            assert client.get(url).status_code == 200
    answer = client.get(ours).json()["items"]
    assert len(answer) == len(client.get(bare).json()) == SHOWN, len(answer)
    assert {entry["source"] for entry in answer} == {"personal"}
    pairs = [(_seconds(client, ours), _seconds(client, bare)) for _round in range(ROUNDS)]
    return {
        "name": "placement_call",
        "unit": "ms a call",
        "peer_name": "bare DRF view, 12 products fetched and serialized",
        "better": "lower",
        "pairs": [(ours * 1000, peer * 1000) for ours, peer in pairs],
        "protocol": (
            f"{synthetic_shop.ITEMS:,} items x {synthetic_shop.FACTORS} float32, SQLite file, "
            f"logged-in customer with 100 order lines, {SHOWN} items serialized, whole middleware stack in "
            f"one process, one BLAS thread; {ROUNDS} rounds of {CALLS} calls each, interleaved"
        ),
    }


def _seconds(client: Any, url: str) -> float:
    started = perf_counter()
    for _call in range(CALLS):
        client.get(url)
    return (perf_counter() - started) / CALLS


def _client(customer: Any) -> Any:
    from django.test import Client
    from django.urls import path
    from rest_framework import permissions, renderers, serializers
    from rest_framework.response import Response
    from rest_framework.views import APIView

    import shop.urls
    from shop.models import Product

    class ProductOut(serializers.ModelSerializer):
        title = serializers.CharField(source="name")
        url = serializers.CharField(source="get_absolute_url")
        image = serializers.CharField(source="image_url")
        currency = serializers.CharField(default="USD")

        class Meta:
            model = Product
            fields = ("title", "url", "image", "price", "currency")

    shown = list(Product.objects.order_by("?").values_list("pk", flat=True)[:SHOWN])

    class Bare(APIView):
        permission_classes = [permissions.AllowAny]
        renderer_classes = [renderers.JSONRenderer]

        def get(self, request: Any) -> Response:
            request.user.is_authenticated  # noqa: B018 - both views know who is asking
            found = Product.objects.filter(pk__in=shown, is_active=True)
            return Response(ProductOut(found, many=True).data)

    shop.urls.urlpatterns.append(path("bare/", Bare.as_view()))
    client = Client()
    client.force_login(customer)
    return client


if __name__ == "__main__":
    main()
