"""The minimal project with what one extra brings, as its user would add it; EXTRA names the extra."""

import os
from urllib.parse import urlsplit

from tests.minimal.settings import *  # noqa: F403
from tests.minimal.settings import INSTALLED_APPS, MIDDLEWARE, RECOMMENDATIONS

EXTRA = os.environ["EXTRA"]
ROOT_URLCONF = "tests.wheel.urls"
if EXTRA == "api":
    INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework", "drf_spectacular"]
    REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
if EXTRA == "support":
    INSTALLED_APPS = [
        *INSTALLED_APPS,
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        "rest_framework",
        "drf_spectacular",
        "support_bot",
    ]
    MIDDLEWARE = [
        *MIDDLEWARE,
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    STATIC_URL = "static/"
    REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
if EXTRA == "celery":
    RECOMMENDATIONS = {**RECOMMENDATIONS, "JOBS": "celery"}
if EXTRA == "postgres" and os.environ.get("WHEEL_DATABASE_URL"):
    url = urlsplit(os.environ["WHEEL_DATABASE_URL"])
    server = {
        "HOST": url.hostname,
        "PORT": url.port or "",
        "USER": url.username,
        "PASSWORD": url.password or "",
    }
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.postgresql", "NAME": url.path.strip("/"), **server}
    }
