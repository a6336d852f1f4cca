"""As small as a shop can be: things, and purchases of them. No order table, no prices, no categories."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Thing(models.Model):
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


class Purchase(models.Model):
    thing = models.ForeignKey(Thing, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    at = models.DateTimeField(default=timezone.now)
