"""The sample shop with made-up products and customers, for what does not depend on real orders."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ITEMS, FACTORS, CUSTOMERS = 50_000, 64, 200


def prepare(folder: str) -> None:
    """Point the sample shop at a throw-away folder, and start Django."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="shop.settings",
        DATABASE_URL=f"sqlite:///{folder}/db.sqlite3",
        SECRET_KEY="a benchmark's",
        ALLOWED_HOSTS="testserver",
        CELERY_BROKER_URL="",
        LOG_LEVEL="ERROR",
        OMP_NUM_THREADS="1",  # as the documentation advises for web processes; numpy reads it when loaded
    )
    sys.path.insert(0, str(ROOT))
    import django
    from django.conf import settings

    settings.RECOMMENDATIONS.update(
        ARTIFACT_DIR=f"{folder}/artifacts", CACHE_DIR=f"{folder}/cache", AVAILABLE_TTL=3_600
    )
    # The API's own throttle stays on, with room for a benchmark.
    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {
        "recommendations_user": "1000000/sec",
        "recommendations_address": "1000000/sec",
    }
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def fill(*, with_model: bool = True) -> Any:
    """``ITEMS`` products, ``CUSTOMERS`` customers with ten orders of ten lines each; the first customer."""
    import numpy as np
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from shop.models import Category, Order, OrderLine, Product

    random = np.random.default_rng(0)
    categories = [Category.objects.create(name=f"c{n}", slug=f"c{n}", path=f"c{n}") for n in range(100)]
    Product.objects.bulk_create(
        Product(name=f"Product {n}", sku=f"s{n}", price=n % 90 + 1, stock=5, category=categories[n % 100])
        for n in range(ITEMS)
    )
    products = list(Product.objects.order_by("pk"))
    users = get_user_model().objects.bulk_create(
        [get_user_model()(username=f"u{n}", password="!") for n in range(CUSTOMERS)]
    )
    for number, user in enumerate(users):
        for basket in range(10):
            order = Order.objects.create(number=f"{number}-{basket}", user=user, placed_at=timezone.now())
            OrderLine.objects.bulk_create(
                OrderLine(order=order, product=products[place], name="p", unit_price=1)
                for place in random.integers(0, ITEMS, 10).tolist()
            )
    if with_model:
        activate(products, users, random)
    return users[0]


def activate(products: Any, users: Any, random: Any) -> None:
    """A factor model of ``ITEMS`` x ``FACTORS`` that knows the customers' orders, active for ``personal``."""
    import numpy as np
    from django.utils import timezone

    from recommendations import storage
    from recommendations.artifacts import History, KeyTable, Model
    from recommendations.artifacts.scorers import Factors
    from recommendations.artifacts.scorers.factors import FoldIn
    from recommendations.models import ModelRun
    from shop.models import OrderLine

    keys = sorted(str(product.pk) for product in products)
    places = {key: place for place, key in enumerate(keys)}
    user_keys = sorted(str(user.pk) for user in users)
    bought: dict[str, set[int]] = {key: set() for key in user_keys}
    for user, product in OrderLine.objects.values_list("order__user_id", "product_id"):
        bought[str(user)].add(places[str(product)])
    rows = [sorted(bought[key]) for key in user_keys]
    indices = np.array([place for row in rows for place in row], np.int32)
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    vectors = random.normal(0, 0.1, (ITEMS, FACTORS)).astype(np.float32)
    gram = vectors.T.astype(np.float64) @ vectors + np.eye(FACTORS)
    own = random.normal(0, 0.1, (len(users), FACTORS)).astype(np.float32)
    model = Model(
        algorithm="als",
        parameters={},
        supports={"recommend", "similar", "fold_in", "explain"},
        scorer=Factors(own, vectors, gram, fold_in=FoldIn("implicit", 1.0), weight="log1p", latent=FACTORS),
        items=KeyTable.from_keys(keys),
        users=KeyTable.from_keys(user_keys),
        seen=History(indptr, indices, np.ones(len(indices), np.float32)),
    )
    with tempfile.TemporaryDirectory() as folder:
        name = storage.publish(model.save(Path(folder) / "als"), alias="recommendations")
    run = ModelRun.objects.create(
        algorithm="als",
        role="personal",
        status="finished",
        artifact=name,
        data_summary={"last": timezone.now().timestamp()},
    )
    run.activate()
