"""The sample shop as a browser meets it: its own SQLite file, trainings as child processes, one folder."""

import os
from pathlib import Path

from shop.settings import *  # noqa: F403
from shop.settings import RECOMMENDATIONS as SHOP_RECOMMENDATIONS

FOLDER = Path(os.environ["BROWSER_TEST_FOLDER"])
STATIC_ROOT = FOLDER / "static"
MEDIA_ROOT = FOLDER / "media"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
RECOMMENDATIONS = {
    **SHOP_RECOMMENDATIONS,
    "JOBS": "process",
    "ARTIFACT_DIR": FOLDER / "artifacts",
    "CACHE_DIR": FOLDER / "cache",
}
