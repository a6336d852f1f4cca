"""The sample shop and its Django project: real orders that show what the two reusable apps do."""

from shop.celery import app as celery_app

__all__ = ["celery_app"]
