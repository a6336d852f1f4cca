"""The sample shop's settings as its tests run them: SQLite, jobs inline, a throw-away artifact folder."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "a key for tests alone, no secret at all: 3f0c1f0e7a")
os.environ.setdefault("DEBUG", "false")

from shop.settings import *  # noqa: F403
from shop.settings import RECOMMENDATIONS as SHOP_RECOMMENDATIONS
from shop.settings import SUPPORT_BOT as SHOP_SUPPORT_BOT

TEST_FOLDER = Path(tempfile.mkdtemp(prefix="concierge-tests-"))

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = TEST_FOLDER / "static"
STATIC_ROOT.mkdir()  # WhiteNoise warns about a missing one, and warnings are errors here
ALLOWED_HOSTS = ["*"]
RECOMMENDATIONS = {
    **SHOP_RECOMMENDATIONS,
    "JOBS": "inline",
    "ARTIFACT_DIR": TEST_FOLDER / "artifacts",
    "CACHE_DIR": TEST_FOLDER / "cache",
}
SUPPORT_BOT = {**SHOP_SUPPORT_BOT, "ENCODERS": {"*": ["lexical"]}}
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
