"""Build the wheel, look into it, use it in throw-away environments: Django and numpy alone, and each extra.

"Django and numpy alone" is installed as anybody would. For an extra, the files of exactly the distributions
that it asks for are linked from the environment that runs this (PyTorch need not be copied), and pip must
find every requirement met; what is not there is installed. pip's cache is used throughout.
"""

# ruff: noqa: T201 - a script that says what it does

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
NEEDS = {
    "": {"django", "numpy"},
    "train": {"torch", "scipy", "safetensors", "optuna"},
    "boost": {"lightgbm"},
    "rules": {"mlxtend"},
    "api": {"djangorestframework", "drf-spectacular"},
    "celery": {"celery"},
    "postgres": {"psycopg2-binary"},
    "support": {"nh3", "markdown-it-py", "rapidfuzz"},
}
ALSO = {"support": "api"}  # what an extra is tried together with
PACKAGES = ("recommendations", "support_bot")
ALONE = {"django-concierge", "django", "numpy", "asgiref", "sqlparse", "tzdata"}
NOT_PACKED = {"__pycache__", ".po", ".pot"}


def main() -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="concierge-wheel-") as name:
        folder = Path(name)
        wheel = build(folder)
        look_into(wheel)
        say(started, f"{wheel.name} is complete")
        project, data = folder / "project", folder / "data"
        copy_project(project)
        data.mkdir()
        # The models that "train" leaves in `data` are what Django and numpy alone then serve.
        for extra in ("train", "none", "api", "celery", "postgres", "support"):
            python = environment(folder / extra, wheel, extra)
            if extra == "none":
                check_alone(python)
            visit(python, project, data, extra)
            say(started, f"{extra}: checks, migrations, pages")
        python = folder / "none" / "bin" / "python"
        run(
            python,
            "-m",
            "django",
            "test",
            "tests.minimal",
            cwd=project,
            DJANGO_SETTINGS_MODULE="tests.minimal.settings",
        )
        say(started, "none: the tests of the minimal project")
    say(started, "all passed")


def build(folder: Path) -> Path:
    """The wheel, built from a copy so that nothing is left in the working tree."""
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=ignored)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", source)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def look_into(wheel: Path) -> None:
    """Every file of the package is in it, nothing else is, and the extras ask for what they should."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (
            archive.read(name) for name in archive.namelist() if name.endswith(".dist-info/METADATA")
        )
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not NOT_PACKED & {*path.parts, path.suffix}
    }
    demand(files <= packed, f"missing from the wheel: {sorted(files - packed)}")
    packed = {name for name in packed if Path(name).suffix not in NOT_PACKED}
    demand(packed <= files, f"in the wheel, but no part of the package: {sorted(packed - files)}")
    catalogues = {path.with_suffix(".mo") for package in PACKAGES for path in (ROOT / package).rglob("*.po")}
    missing = {path.relative_to(ROOT).as_posix() for path in catalogues} - packed
    demand(not missing, f"not compiled: {sorted(missing)}")
    demand(packed >= {f"{package}/py.typed" for package in PACKAGES}, "py.typed is missing")
    found: dict[str, set[str]] = {extra: set() for extra in NEEDS}
    for requirement in map(Requirement, message_from_bytes(metadata).get_all("Requires-Dist", [])):
        extra = re.search(r'extra == ["\']([a-z]+)["\']', str(requirement.marker or ""))
        found[extra.group(1) if extra else ""].add(canonicalize_name(requirement.name))
    demand(found == NEEDS, f"requirements are {found}, expected {NEEDS}")


def copy_project(project: Path) -> None:
    """The minimal project and the visit, away from the sources: only the wheel can give `recommendations`."""
    (project / "tests").mkdir(parents=True)
    (project / "tests" / "__init__.py").touch()
    for name in ("minimal", "wheel"):
        shutil.copytree(
            ROOT / "tests" / name, project / "tests" / name, ignore=shutil.ignore_patterns("__pycache__")
        )


def environment(folder: Path, wheel: Path, extra: str) -> Path:
    """A new environment with the wheel and the extra; the path of its Python."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    if extra != "none":
        (site_packages,) = folder.glob("lib/python*/site-packages")
        extras = [extra, *filter(None, [ALSO.get(extra)])]
        link(NEEDS[""].union(*(NEEDS[name] for name in extras)), site_packages)
    wanted = str(wheel) if extra == "none" else f"{wheel}[{','.join(extras)}]"
    pip(python, "install", "--quiet", "--no-compile", wanted)
    pip(python, "check")
    return python


def pip(python: Path, *words: str) -> str:
    """The pip of the environment that runs this, working on another one, which is spared its own."""
    return run(
        sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *words, is_quiet=True
    )


def link(names: set[str], site_packages: Path) -> None:
    """Link the files of these distributions and of all they require into another environment."""
    try:
        found = list(closure(names))
    except PackageNotFoundError as missing:
        print(f"{missing} is not installed here: pip installs the extra in full")
        return
    for one in found:
        for top in {path.parts[0] for path in one.files or () if path.parts[0] not in ("..", "__pycache__")}:
            target = site_packages / top
            if not target.exists():
                target.symlink_to(Path(str(one.locate_file(top))))


def closure(names: set[str]) -> Iterator[Distribution]:
    """The distributions of these names and, without their extras, all that they require here."""
    waiting, seen = sorted(names), set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        one = distribution(name)
        yield one
        needed = map(Requirement, one.requires or ())
        waiting += [
            each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})
        ]


def check_alone(python: Path) -> None:
    names = {
        canonicalize_name(re.split("==| @ ", line)[0]) for line in pip(python, "freeze", "--all").splitlines()
    }
    names = {name for name in names if not name.startswith("warning")}
    demand(names <= ALONE, f"beside Django and numpy there is {sorted(names - ALONE)}")


def visit(python: Path, project: Path, data: Path, extra: str) -> None:
    """Checks, migrations, pages; `train` and `none` share their data, the others start from nothing."""
    folder = data if extra in ("train", "none") else data / extra
    folder.mkdir(exist_ok=True)
    variables = {"DJANGO_SETTINGS_MODULE": "tests.wheel.settings", "MINIMAL_DIR": str(folder), "EXTRA": extra}
    run(python, "-W", "error", "-m", "tests.wheel.visit", cwd=project, **variables)


def run(*command: object, cwd: Path = ROOT, is_quiet: bool = False, **variables: str) -> str:
    """Run it, without what this environment says about Python and Django; end here when it fails."""
    kept = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")
    }
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env={**kept, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(f"failed with {done.returncode}: {' '.join(words)}")
    if not is_quiet and done.stdout.strip():
        print(done.stdout.strip().splitlines()[-1])
    return done.stdout


def demand(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(otherwise)


def say(started: float, text: str) -> None:
    print(f"[{time.monotonic() - started:5.0f} s] {text}", flush=True)


if __name__ == "__main__":
    main()
