"""Settings of the sample shop, read from the environment and ``.env`` (documented in ``.env.example``).

Without any configuration: SQLite in ``var/``, no broker, no cache server, a secret key made on first use,
local hosts only.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(exist_ok=True)

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def _kept_secret_key(path: Path) -> str:
    """The key in ``path``, made on first use; it is linked into place, so that one of two processes wins."""
    if not path.exists():
        with NamedTemporaryFile("w", dir=path.parent, prefix=path.name, encoding="ascii") as file:
            file.write(get_random_secret_key())
            file.flush()
            with suppress(FileExistsError):
                path.hardlink_to(file.name)
    return path.read_text(encoding="ascii")


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret_key(VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "shop.apps.ShopConfig",
    "recommendations",
    "support_bot",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "recommendations.middleware.PersonalPages",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
ASGI_APPLICATION = "shop.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "shop.context_processors.shop",
            ]
        },
    }
]


def _database(using: dict[str, Any]) -> dict[str, Any]:
    """On SQLite a checkout must not wait for readers, nor fail because two transactions turn to writing."""
    if using["ENGINE"] == "django.db.backends.sqlite3":
        options = using.setdefault("OPTIONS", {})
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault("timeout", 20)
        options.setdefault("init_command", "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
    else:
        using.setdefault("CONN_MAX_AGE", 60)
        using.setdefault("CONN_HEALTH_CHECKS", True)
    return using


DATABASES = {"default": _database(env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://shop")}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "shop:login"
LOGIN_REDIRECT_URL = "shop:account"
LOGOUT_REDIRECT_URL = "shop:home"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "shop" / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(VAR_DIR / "static"))()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
if env.bool("COLLECTED_STATIC", default=False):
    STORAGES["staticfiles"]["BACKEND"] = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    WHITENOISE_USE_FINDERS = False
MEDIA_ROOT = VAR_DIR / "media"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("HSTS_WHOLE_DOMAIN", default=False)
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "django-concierge",
    "DESCRIPTION": "Recommendations learned from the shop's own orders; a bot that answers its customers.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

RECOMMENDATIONS: dict[str, Any] = {
    "SHOP": {
        "item": "shop.Product",
        "item_available": {"is_active": True},
        # What the till books besides goods (petrol, coupons, donations) is all that the shop keeps inactive.
        "item_excluded": {"is_active": False},
        "item_parent": None,
        "item_created": "created_at",
        "item_title": "name",
        "item_url": "get_absolute_url",
        "item_image": "image_url",
        "item_price": "price",
        "currency": "USD",
        "item_text": ["name", "description"],
        "item_categories": ["category__name"],
        "item_brand": "brand",
        "line": "shop.OrderLine",
        "line_item": "product",
        "line_user": "order__user",
        "line_at": "order__placed_at",
        "line_quantity": "quantity",
        "line_price": "unit_price",
        "line_order": "order",
        "line_filter": {"order__status__in": ["paid", "shipped", "delivered"]},
        "line_return_of": None,
        "rating": "shop.Review",
        "rating_item": "product",
        "rating_user": "user",
        "rating_value": "stars",
        "rating_at": "created_at",
        "basket": "shop.basket.item_keys",
    },
    "QUEUE": {"train": "gpu", "light": None},
    "JOBS": "celery" if CELERY_BROKER_URL else "process",
    "ARTIFACT_DIR": env.path("ARTIFACT_DIR", default=str(VAR_DIR / "artifacts"))(),
    "CACHE_DIR": env.path("ARTIFACT_CACHE_DIR", default=str(VAR_DIR / "artifact-cache"))(),
}

SUPPORT_BOT: dict[str, Any] = {
    "ADAPTER": "shop.support.ShopSupport",
    "ENCODERS": {"en": ["use", "minilm"], "*": ["use"]},
    "RECOMMEND": "recommendations.serving.suggest.suggest",
    "QUEUE": {"build": "gpu", "light": None},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
