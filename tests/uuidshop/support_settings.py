"""The same shop with the support bot and without `recommendations`; its own adapter, no order numbers."""

from tests.uuidshop.settings import *  # noqa: F403
from tests.uuidshop.settings import BASE_DIR, INSTALLED_APPS, MIDDLEWARE

ROOT_URLCONF = "tests.uuidshop.support.urls"
INSTALLED_APPS = ["support_bot" if app == "recommendations" else app for app in INSTALLED_APPS]
MIDDLEWARE = [entry for entry in MIDDLEWARE if not entry.startswith("recommendations.")]
del RECOMMENDATIONS  # noqa: F821 - from the other settings
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "German")]
LOGIN_URL = "admin:login"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "support_bot": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": BASE_DIR / "knowledge"},
    },
}
SUPPORT_BOT = {
    "ADAPTER": "tests.uuidshop.support.adapter.ClothesSupport",
    "JOBS": "inline",
    "AGENT_EMAILS": ["help@clothes.example"],
}
