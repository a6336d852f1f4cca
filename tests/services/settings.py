"""The sample shop as its services run it: database and broker by environment, one folder for the rest."""

import os
from pathlib import Path

from shop.settings import *  # noqa: F403
from shop.settings import RECOMMENDATIONS as SHOP_RECOMMENDATIONS
from shop.settings import SUPPORT_BOT as SHOP_SUPPORT_BOT

FOLDER = Path(os.environ["SERVICE_TEST_FOLDER"])
STATIC_ROOT = FOLDER / "static"
MEDIA_ROOT = FOLDER / "media"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
RECOMMENDATIONS = {
    **SHOP_RECOMMENDATIONS,
    "ARTIFACT_DIR": FOLDER / "artifacts",
    "CACHE_DIR": FOLDER / "cache",
    "ALGORITHMS": {"patient": "tests.services.catalogue.PATIENT"},
}
SUPPORT_BOT = {**SHOP_SUPPORT_BOT, "ENCODERS": {"*": ["lexical"]}}
