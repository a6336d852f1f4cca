"""The sample shop's settings for processes of their own: quick builds, and a log that stays quiet."""

from shop.settings import *  # noqa: F403
from shop.settings import LOGGING, SUPPORT_BOT

SUPPORT_BOT = {**SUPPORT_BOT, "ENCODERS": {"*": ["lexical"]}}
LOGGING = {**LOGGING, "root": {"handlers": ["console"], "level": "CRITICAL"}}
