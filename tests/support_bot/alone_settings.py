"""A host that has the support bot and nothing else of ours, for processes of their own."""

import os

SECRET_KEY = "a key for tests alone"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "support_bot"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["BOT_FOLDER"] + "/db.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
    }
}
RECOMMENDATIONS = {"ARTIFACT_DIR": os.environ["BOT_FOLDER"] + "/artifacts"}
USE_TZ = True
LANGUAGES = [("en", "English"), ("zh-hans", "Chinese")]
