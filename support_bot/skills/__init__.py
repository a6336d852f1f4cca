"""What the bot can do beside answering from the FAQ; ``SUPPORT_BOT["SKILLS"]`` names a host's own list."""

from .base import Skill
from .calls import Ask, Call, Context, Outcome, Propose
from .goods import ProductSkill
from .orders import OrderSkill
from .registry import BUILT_IN, all, get, paths, perform

__all__ = [
    "BUILT_IN",
    "Ask",
    "Call",
    "Context",
    "OrderSkill",
    "Outcome",
    "ProductSkill",
    "Propose",
    "Skill",
    "all",
    "get",
    "paths",
    "perform",
]
