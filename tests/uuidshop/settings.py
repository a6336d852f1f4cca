"""Two databases: SQLite in memory, or PostgreSQL where UUIDSHOP_DATABASE_URL names one."""

import tempfile
from pathlib import Path

import environ

env = environ.Env()
BASE_DIR = Path(tempfile.mkdtemp(prefix="concierge-uuidshop-"))
SECRET_KEY = "a key for tests alone, no secret at all"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.uuidshop.urls"
USE_TZ = True
TIME_ZONE = "Europe/Vienna"
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
AUTH_USER_MODEL = "uuidshop.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "recommendations",
    "tests.uuidshop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "recommendations.middleware.PersonalPages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    name: {**env.db_url("UUIDSHOP_DATABASE_URL", default="sqlite://:memory:"), "ATOMIC_REQUESTS": True}
    for name in ("default", "orders")
}
if DATABASES["orders"]["NAME"] != ":memory:":
    DATABASES["orders"]["NAME"] += "_orders"
DATABASE_ROUTERS = ["tests.uuidshop.routers.OrdersRouter"]
RECOMMENDATIONS = {
    "SHOP": {
        "item": "uuidshop.Product",
        "item_available": [{"published_at__isnull": False}, {"variants__stock__gt": 0}],
        "item_parent": "product",
        "item_created": "published_at",
        "item_title": "title",
        "item_url": "link",
        "item_image": "picture",
        "item_price": "price",
        "currency": "currency",
        "item_text": ["title"],
        "item_categories": ["categories__name"],
        "line": "uuidshop.OrderLine",
        "line_item": "variant",
        "line_user": "order__account",
        "line_at": "order__placed_at",
        "line_quantity": "quantity",
        "line_order": "order",
        "line_filter": {"order__is_cancelled": False},
        "line_return_of": "returned_line",
        "basket": "tests.uuidshop.basket.contents",
    },
    "JOBS": "inline",
    "ARTIFACT_DIR": BASE_DIR / "artifacts",
}
