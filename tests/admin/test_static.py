"""The static files: complete, licensed, and fit for hashed names."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage

FOLDER = Path(str(finders.find("recommendations/admin.css"))).parent


def test_our_files_can_be_collected_with_hashed_names(tmp_path: Path) -> None:
    source = FileSystemStorage(location=FOLDER.parent)
    names = [str(path.relative_to(FOLDER.parent)) for path in FOLDER.rglob("*") if path.is_file()]
    shutil.copytree(FOLDER, tmp_path / FOLDER.name)
    storage = ManifestStaticFilesStorage(location=tmp_path, base_url="/static/")

    outcomes = list(storage.post_process({name: (source, name) for name in names}))

    failed = [(path, outcome) for path, _hashed, outcome in outcomes if isinstance(outcome, Exception)]
    assert failed == []
    assert len({path for path, _hashed, _outcome in outcomes}) == len(names)


def test_the_chart_library_lies_here_with_its_licence() -> None:
    script = (FOLDER / "vendor" / "chart.umd.js").read_text()
    licence = (FOLDER / "vendor" / "chart.js-LICENSE.md").read_text()

    assert script.startswith("/*!\n * Chart.js v4.6.1\n")
    assert "MIT License" in licence


def test_our_scripts_and_styles_fetch_nothing_from_elsewhere() -> None:
    ours = [path for path in FOLDER.glob("*") if path.is_file()]

    assert {path.name for path in ours} == {"admin.css", "charts.js", "progress.js"}
    assert not [path.name for path in ours if "http://" in path.read_text() or "https://" in path.read_text()]
