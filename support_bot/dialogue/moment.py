"""All that one reply is chosen from."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.adapters import SupportAdapter
from support_bot.models import Conversation
from support_bot.types import Profile, Subject

from .context import Context
from .understanding import Understood


@dataclass(slots=True, kw_only=True)
class Moment:
    """One message in its conversation: ``confirm`` is the token that came with it, if one did."""

    conversation: Conversation
    context: Context
    said: Understood
    subject: Subject
    profile: Profile
    adapter: SupportAdapter
    confirm: str = ""
