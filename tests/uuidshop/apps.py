from django.apps import AppConfig


class UuidShopConfig(AppConfig):
    name = "tests.uuidshop"
    label = "uuidshop"
    default_auto_field = "django.db.models.BigAutoField"
