"""What the bot can do beside answering from the FAQ; ``SUPPORT_BOT["SKILLS"]`` names a host's own list."""

from __future__ import annotations

from .base import Ask, Call, Context, Outcome, Propose, Skill

# registry: all() -> dict[name, Skill], get(name) -> Skill | None, perform(skill, call) -> Outcome
__all__ = ["Ask", "Call", "Context", "Outcome", "Propose", "Skill"]
