"""A real server in a process of its own, and Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
SHOTS = Path(__file__).parent / "shots"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
DRIVER = shutil.which("chromedriver") or "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
SECONDS = 120  # that a training or a slow machine may take; nothing waits longer than it must


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    """Without Chromium these tests are skipped, but on CI they fail: there they must have run."""
    missing = [path for path in (CHROMIUM, DRIVER) if not Path(path).exists()]
    if not missing:
        return
    reason = f"{' and '.join(missing)} not found: apt-get install chromium chromium-driver"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def site(_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running shop with orders and a trained model for every role."""
    folder = tmp_path_factory.mktemp("browser")
    environment = {
        **os.environ,
        "BROWSER_TEST_FOLDER": str(folder),
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "CELERY_BROKER_URL": "",
        "CACHE_URL": "locmemcache://browser",
        "SECRET_KEY": "a key for the browser tests alone, no secret at all: 81f2",
        "DEBUG": "false",
        "OMP_NUM_THREADS": "1",
        "HTTPS": "false",
        "COLLECTED_STATIC": "false",
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    filled = subprocess.run(
        [sys.executable, "-m", "tests.browser.market"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert filled.returncode == 0, filled.stderr[-4000:]
    port = _free_port()
    command = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"]
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            _await(f"http://127.0.0.1:{port}/login/", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)
    SHOTS.mkdir(exist_ok=True)
    shutil.copy(log, SHOTS / "server.log")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-4000:]
        try:
            urllib.request.urlopen(address, timeout=20).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"The server does not answer at {address}: {log.read_text()[-4000:]}")


class Visitor:
    """A browser of one person: opens pages, presses buttons, and keeps what the console said meanwhile."""

    def __init__(self, driver: webdriver.Chrome, site: str) -> None:
        self.driver = driver
        self.site = site
        self.console: list[str] = []

    def open(self, path: str) -> None:
        """Load ``path`` of the shop."""
        self.driver.get(self.site + path)
        self.listen()

    def listen(self) -> list[str]:
        """What the console has said so far, errors and violations only."""
        self.console += [
            f"{self.path}: {entry['message']}"
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" or "Content Security Policy" in entry["message"]
        ]
        return self.console

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self.site)

    def find(self, css: str) -> WebElement:
        """The first element of that selector; it must be there."""
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str = "body") -> str:
        return self.find(css).text

    def type(self, name: str, value: str) -> None:
        """Type into the field of that name what is there no more."""
        field = self.find(f"[name={name}]")
        field.clear()
        field.send_keys(value)

    def follow(self, words: str) -> None:
        """Press the link of these words, in whatever case the style sets them."""
        self._press(next(one for one in self.all("a") if words.lower() in one.text.lower()))

    def press(self, words: str) -> None:
        """Press the button of these words."""
        buttons = self.all("button, input[type=submit]")
        self._press(next(one for one in buttons if words in (one.text or one.get_attribute("value") or "")))

    def _press(self, element: WebElement) -> None:
        """Press Enter on the element, as somebody without a mouse would, and wait for the next page."""
        self.listen()
        before = self.find("html")
        element.send_keys("\n")
        self.wait(
            lambda: (
                _is_gone(before) and self.driver.execute_script("return document.readyState") == "complete"
            )
        )
        self.listen()

    def wait(self, condition: Callable[[], Any]) -> Any:
        """What ``condition`` answers, once it is true."""
        waiter = WebDriverWait(self.driver, SECONDS, 0.1, ignored_exceptions=[StaleElementReferenceException])
        return waiter.until(lambda _driver: condition())

    def shoot(self, name: str, *, width: int = 1280, height: int | None = None) -> None:
        """Keep a picture of the whole page."""
        SHOTS.mkdir(exist_ok=True)
        with self.screen(width):
            tall = self.driver.execute_script("return document.documentElement.scrollHeight")
            self._metrics(width, min(height or tall, 6000))
            self.driver.save_screenshot(str(SHOTS / f"{name}.png"))

    @contextmanager
    def screen(self, width: int) -> Iterator[None]:
        """A screen of that width; 390 is a phone."""
        self._metrics(width, 900)
        yield
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def _metrics(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def log_in(self, name: str, *, admin: bool = False) -> None:
        """Log in through the page; everybody's password is the name."""
        self.open("/admin/login/" if admin else "/login/")
        self.type("username", name)
        self.type("password", name)
        self.press("Log in")
        assert "/login/" not in self.path, self.text()


def _is_gone(element: WebElement) -> bool:
    try:
        element.is_enabled()
    except (StaleElementReferenceException, WebDriverException):
        return True
    return False


@contextmanager
def chromium(
    site: str, *, scripts: bool = True, preferences: dict[str, Any] | None = None
) -> Iterator[Visitor]:
    """A fresh browser; without ``scripts`` it runs no JavaScript."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_argument("--window-size=1280,1000")
    prefs = dict(preferences or {})
    if not scripts:
        prefs["profile.managed_default_content_settings.javascript"] = 2
    options.add_experimental_option("prefs", prefs)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield Visitor(driver, site)
    finally:
        driver.quit()


@pytest.fixture
def visitor(site: str) -> Iterator[Visitor]:
    """A browser whose console must have stayed silent to the end of the test."""
    with chromium(site) as visitor:
        yield visitor
        assert visitor.listen() == []


@pytest.fixture
def without_scripts(site: str) -> Iterator[Visitor]:
    """A browser that runs no JavaScript."""
    with chromium(site, scripts=False) as visitor:
        yield visitor
        assert visitor.listen() == []
