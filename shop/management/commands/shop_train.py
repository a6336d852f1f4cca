"""Train and activate a model for every role that has none: what the demo does after loading the orders."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from recommendations.algorithms import catalogue
from recommendations.models import ActiveModel

ALGORITHMS = ("trending", "als", "item_cosine", "bought_together", "buy_again")


class Command(BaseCommand):
    help = "Trains a model for every role that has none yet."

    def handle(self, *args: Any, **options: Any) -> None:
        served = set(ActiveModel.objects.values_list("role", flat=True))
        missing = [name for name in ALGORITHMS if catalogue.info(name).roles[0] not in served]
        if missing:
            chosen = [f"--algorithm={name}" for name in missing]
            call_command("recommendations_train", *chosen, "--wait", "--ok-if-kept")
