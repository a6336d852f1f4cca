"""A shop of three blocks with a known answer: tea drinkers buy tea, coffee drinkers coffee, everybody buys
cups.

Models are put together by hand from arrays, so that these tests need no training and no PyTorch.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from recommendations import storage
from recommendations.artifacts import History, KeyTable, Model
from recommendations.artifacts.scorers import Factors, ItemItem, OwnHistory, Scorer, Static
from recommendations.artifacts.scorers.factors import FoldIn
from recommendations.models import ModelRun
from recommendations.serving import models as serving_models
from shop.models import Category, Order, OrderLine, Product

BLOCKS = ("tea", "coffee", "cups")
SIZE = 12  # products a block


class BlockShop:
    """Products by name (``tea 0`` to ``cups 11``) and two customers: ``ann`` drinks tea, ``bob`` coffee."""

    def __init__(self) -> None:
        self.categories = {name: Category.objects.create(name=name, slug=name, path=name) for name in BLOCKS}
        self.products: dict[str, Product] = {}
        start = timezone.now() - timedelta(days=400)
        for block, category in self.categories.items():
            for number in range(SIZE):
                name = f"{block} {number}"
                self.products[name] = Product.objects.create(
                    category=category,
                    sku=name,
                    name=name,
                    price=Decimal(number + 1),
                    stock=9,
                    created_at=start + timedelta(days=len(self.products)),
                )
        users = get_user_model().objects
        self.ann = users.create_user("ann", password="ann")
        self.bob = users.create_user("bob", password="bob")
        self.trained_until = timezone.now() - timedelta(days=2)
        for _order in range(2):
            self.order(self.ann, ["tea 0", "tea 1", "cups 0"], at=self.trained_until - timedelta(days=1))
            self.order(self.bob, ["coffee 0", "coffee 1", "cups 0"], at=self.trained_until)

    def order(self, user, names: Iterable[str], *, at=None) -> Order:
        order = Order.objects.create(
            number=f"N{Order.objects.count()}", user=user, placed_at=at or timezone.now()
        )
        for name in names:
            product = self.products[name]
            OrderLine.objects.create(order=order, product=product, name=name, unit_price=product.price)
        return order

    def key(self, name: str) -> str:
        return str(self.products[name].pk)

    def keys(self, *names: str) -> list[str]:
        return [self.key(name) for name in names]

    def names(self, served) -> list[str]:
        """Names of what was served, in its order."""
        return [pick.item.name for pick in served]

    @property
    def _sorted(self) -> list[tuple[str, str]]:
        """(key, name) of all products in the order of a model's items."""
        return sorted(((str(product.pk), name) for name, product in self.products.items()))

    def bought(self, *, half_life: float | None = None) -> tuple[list[str], History]:
        """The two customers' keys, sorted, and what they bought as the models were trained on it."""
        positions = {name: place for place, (_key, name) in enumerate(self._sorted)}
        users = sorted([str(self.ann.pk), str(self.bob.pk)])
        rows = [
            sorted(
                positions[name]
                for name in (
                    ("tea 0", "tea 1", "cups 0")
                    if user == str(self.ann.pk)
                    else ("coffee 0", "coffee 1", "cups 0")
                )
            )
            for user in users
        ]
        indices = np.concatenate(rows).astype(np.int32)
        weights = np.full(len(indices), np.log1p(2), np.float32)
        return users, History(np.array([0, 3, 6]), indices, weights)

    def vectors(self) -> np.ndarray:
        """One axis a block, and a little less of it for each further product of the block."""
        rows = np.zeros((len(self.products), len(BLOCKS)), np.float32)
        for place, (_key, name) in enumerate(self._sorted):
            block, number = name.split()
            rows[place, BLOCKS.index(block)] = 1 - 0.02 * int(number)
        return rows

    def factors(self) -> Model:
        """Matrix factorization with the blocks as its factors."""
        items = self.vectors()
        users, seen = self.bought()
        gram = items.T.astype(np.float64) @ items + 0.1 * np.eye(len(BLOCKS))
        scorer = Factors(
            np.zeros((2, len(BLOCKS)), np.float32), items, gram,
            fold_in=FoldIn("implicit", 1.0), weight="log1p", latent=len(BLOCKS),
        )  # fmt: skip
        scorer.user_factors = np.stack([scorer.vector(*seen.row(place)) for place in range(len(users))])
        supports = {"recommend", "similar", "fold_in", "explain"}
        return self.model("als", scorer, supports)

    def neighbours(self) -> Model:
        """Tea goes with cups and coffee goes with cups: by number."""
        positions = {name: place for place, (_key, name) in enumerate(self._sorted)}
        indptr, indices, values = [0], [], []
        for _key, name in self._sorted:
            number = name.split()[1]
            others = [f"{block} {number}" for block in BLOCKS if f"{block} {number}" != name]
            row = sorted(positions[other] for other in others)
            indices += row
            values += [3.0 - BLOCKS.index(self._sorted[place][1].split()[0]) for place in row]
            indptr.append(len(indices))
        scorer = ItemItem(np.array(indptr), np.array(indices, np.int32), np.array(values, np.float32))
        return self.model("bought_together", scorer, {"recommend", "similar", "fold_in", "explain"})

    def own_history(self) -> Model:
        scorer = OwnHistory(np.zeros(len(self.products), np.float32), weight="count")
        return self.model("buy_again", scorer, {"recommend", "fold_in", "explain"}, {"half_life": 62.0})

    def popular(self, order: Sequence[str] = ("cups",)) -> Model:
        """Cups sell best, then tea, then coffee."""
        scores = [
            {"cups": 30, "tea": 20, "coffee": 10}[name.split()[0]] - int(name.split()[1]) / 2
            for _key, name in self._sorted
        ]
        return self.model("trending", Static(np.array(scores, np.float32)), {"recommend", "fold_in"})

    def model(
        self, algorithm: str, scorer: Scorer, supports: set[str], parameters: dict | None = None
    ) -> Model:
        users, seen = self.bought()
        return Model(
            algorithm=algorithm,
            parameters=parameters or {},
            supports=supports,
            scorer=scorer,
            items=KeyTable.from_keys([key for key, _name in self._sorted]),
            users=KeyTable.from_keys(users),
            seen=seen,
        )

    def activate(self, role: str, model: Model) -> ModelRun:
        """Store the model as a finished run's and let it serve."""
        with tempfile.TemporaryDirectory() as folder:
            saved = model.save(Path(folder) / model.algorithm)
            checksum = json.loads((saved / storage.MANIFEST).read_text("utf-8"))["sha256"]
            name = storage.publish(saved, alias=settings.RECOMMENDATIONS.get("STORAGE", "recommendations"))
        run = ModelRun.objects.create(
            algorithm=model.algorithm,
            role=role,
            status=ModelRun.Status.FINISHED,
            artifact=name,
            checksum=checksum,
            data_summary={"last": self.trained_until.isoformat()},
        )
        run.activate(role=role)
        serving_models.read_again()  # the signal is sent on commit, which a test's transaction never reaches
        return run

    def activate_all(self) -> dict[str, ModelRun]:
        """A model for each role."""
        als, together, again, trend = self.factors(), self.neighbours(), self.own_history(), self.popular()
        models = {
            "personal": als, "similar": als, "bought_together": together, "buy_again": again, "trending":
            trend
        }  # fmt: skip
        return {role: self.activate(role, model) for role, model in models.items()}
