"""The smallest settings that work; the database and the models lie in MINIMAL_DIR, in memory without it."""

import os
import tempfile
from pathlib import Path

BASE_DIR = Path(os.environ.get("MINIMAL_DIR") or tempfile.mkdtemp(prefix="concierge-minimal-"))
SECRET_KEY = "a key for tests alone, no secret at all"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.minimal.urls"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "recommendations",
    "tests.minimal",
]
MIDDLEWARE = ["recommendations.middleware.PersonalPages"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "shop.sqlite3" if "MINIMAL_DIR" in os.environ else ":memory:",
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL;", "transaction_mode": "IMMEDIATE"},
        "TEST": {"NAME": ":memory:"},
    }
}
RECOMMENDATIONS = {
    "SHOP": {
        "item": "minimal.Thing",
        "line": "minimal.Purchase",
        "line_item": "thing",
        "line_user": "user",
        "line_at": "at",
    },
    "ARTIFACT_DIR": BASE_DIR / "artifacts",
}
