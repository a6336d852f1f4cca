"""The admin's static files fetch nothing from elsewhere and can be served under hashed names."""

from __future__ import annotations

import re
from pathlib import Path

from django.contrib.staticfiles import finders

FOLDER = Path(str(finders.find("support_bot/admin.css"))).parent
TEMPLATES = FOLDER.parents[1] / "templates" / "admin" / "concierge_support"


def test_nothing_is_fetched_from_elsewhere() -> None:
    for name in ("admin.css", "refresh.js"):
        text = (FOLDER / name).read_text()

        assert "http://" not in text
        assert "https://" not in text
        assert "url(" not in text


def test_every_class_that_a_template_gives_is_styled_or_the_admins() -> None:
    styled = set(re.findall(r"\.(bot-[\w-]+)", (FOLDER / "admin.css").read_text()))
    used = set()
    for template in TEMPLATES.glob("*.html"):
        for value in re.findall(r'class="([^"]*)"', template.read_text()):
            plain = re.sub(r"\{%.*?%\}|bot-[\w-]*\{\{.*?\}\}[\w-]*|\{\{.*?\}\}", " ", value)
            used |= {name for name in plain.split() if name.startswith("bot-")}

    without_a_look = {
        "bot-page",
        "bot-talk",
        "bot-customer",
        "bot-cluster",
        "bot-shortcuts",
        "bot-outcome",
        "bot-preview",
    }
    assert used - styled - without_a_look == set()
