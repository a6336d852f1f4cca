"""The notebook in docs/: what it shows is what it does, on the data it names, which are not shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import realdata

PATH = Path(__file__).resolve().parent.parent / "docs" / "movielens.ipynb"
NOTEBOOK = json.loads(PATH.read_text("utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def run(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """The names that the cells leave behind."""
    scope: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), scope)
    return scope


def test_the_notebook_is_small_and_every_cell_of_code_has_run_once_in_order():
    assert NOTEBOOK["nbformat"] == 4
    assert PATH.stat().st_size < 60_000
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))
    assert all(output["name"] == "stdout" for cell in CODE for output in cell["outputs"])
    assert all(cell["outputs"] for cell in CODE)


def test_the_notebook_needs_no_django():
    assert "django" not in "".join("".join(cell["source"]) for cell in CODE).lower()


def test_the_files_as_grouplens_ships_them_are_read(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "ml-100k"
    folder.mkdir(parents=True)
    (folder / "u.data").write_text("196\t242\t3\t881250949\n186\t1\t3\t891717742\n")
    comedy = "|".join("1" if place in (5, 8) else "0" for place in range(19))
    none = "|".join("0" * 19)
    lines = [f"242|Kolya (1996)|24-Jan-1997||http://x/|{comedy}", f"1|Caf\xe9 (1995)|||http://x/|{none}"]
    (folder / "u.item").write_text("\n".join(lines), encoding="latin-1")
    monkeypatch.chdir(tmp_path)

    scope = run(CODE[:1])

    assert scope["rows"].tolist() == [[196, 242, 3, 881250949], [186, 1, 3, 891717742]]
    assert scope["film"] == {"242": ("Kolya (1996)", "Comedy"), "1": ("Caf\xe9 (1995)", "")}


def test_run_anew_the_notebook_still_shows_what_it_says(tmp_path, monkeypatch, capsys):
    data = realdata.path("movielens-100k")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ml-100k").symlink_to(data, target_is_directory=True)
    monkeypatch.chdir(tmp_path)

    scope = run(CODE)

    shown = capsys.readouterr().out
    stored = "".join(line for cell in CODE for output in cell["outputs"] for line in output["text"])
    assert shown.splitlines()[:3] == stored.splitlines()[:3]  # the data and their split
    ndcg = {name: result.metrics["ndcg"] for name, result in scope["results"].items()}
    assert min(ndcg["als"], ndcg["ease"]) > 1.5 * ndcg["popularity"]
    assert "same answers: True" in shown
    assert (scope["honest"].found, scope["cheat"].found) == ("", "names")
