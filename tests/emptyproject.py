"""An empty project beside the repository, in which the README's lines are followed as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PARTS = re.compile(r"^#+ ([^\n]+)$|^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str, section: str, language: str) -> list[str]:
    """The fenced blocks of a language between a heading of a page of the repository and the next one."""
    found: list[str] = []
    heading = ""
    for title, named, block in _PARTS.findall((ROOT / page).read_text()):
        heading = title or heading
        if heading == section and named == language:
            found.append(block)
    assert found, f"{page} has no {language} under {section!r}"
    return found


def start(folder: Path, *, models: str, settings: str) -> Path:
    """``django-admin startproject``, a shop of its own called ``store``, and these lines in the settings."""
    run(folder, "-m", "django", "startproject", "mysite", ".")
    (folder / "store").mkdir()
    (folder / "store" / "__init__.py").touch()
    (folder / "store" / "models.py").write_text(models)
    module = folder / "mysite" / "settings.py"
    module.write_text(module.read_text() + '\nINSTALLED_APPS += ["store"]\n' + settings)
    return folder


def run(folder: Path, *arguments: str, stdin: str | None = None) -> str:
    """What Python prints, run in the folder with the repository on its path and no settings of this one."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**environment, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
