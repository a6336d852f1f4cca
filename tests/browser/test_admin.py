"""A manager starts a run, watches it, compares, activates, rolls back and looks at a customer's view."""

from __future__ import annotations

import pytest

from .conftest import Visitor

pytestmark = pytest.mark.browser

RUNS = "/admin/concierge_recommendations/modelrun/"
PREVIEW = "/admin/concierge_recommendations/placement/preview/"


@pytest.fixture
def manager(visitor: Visitor) -> Visitor:
    visitor.log_in("manager", admin=True)
    return visitor


def start(visitor: Visitor, algorithm: str, **fields: str) -> str:
    """Start a run by its form; the path of its page."""
    visitor.open(RUNS)
    visitor.follow("Start a run")
    visitor.follow(algorithm)
    for name, value in fields.items():
        visitor.type(f"parameter_{name}", value)
    visitor.press("Start the run")
    return visitor.path


def state(visitor: Visitor) -> str:
    return visitor.find("#progress .run-state").text.lower()


def chart_points(visitor: Visitor, name: str) -> int:
    """How many points the drawn chart has; 0 while none is drawn."""
    script = "const c = window.Chart && Chart.getChart(arguments[0]); return c ? c.data.labels.length : 0"
    return int(visitor.driver.execute_script(script, f"chart-{name}"))


def test_a_manager_starts_a_run_and_watches_it_to_the_end(manager: Visitor) -> None:
    page = start(manager, "Alternating least squares", factors="24", iterations="40")
    seen = {state(manager)}
    manager.shoot("admin-run-live")
    assert manager.find("#progress progress").is_displayed()

    def finished() -> bool:
        seen.add(state(manager))
        return state(manager) not in ("queued", "running")

    manager.wait(finished)
    manager.wait(lambda: manager.driver.execute_script("return document.readyState") == "complete")

    assert manager.path == page
    assert state(manager) == "finished", manager.text()
    assert seen & {"queued", "running"}
    assert chart_points(manager, "learning") == 40
    assert chart_points(manager, "baselines") >= 2
    assert len(manager.all("#chart-learning-table tbody tr")) == 40
    for section in ("parameters", "data", "cleaning", "split", "scores", "timings", "log"):
        assert manager.text(f"#section-{section}")
    assert "NDCG@20" in manager.text(".run-verdict")
    manager.shoot("admin-run")


def test_the_page_of_a_live_run_updates_itself(manager: Visitor) -> None:
    start(manager, "Alternating least squares", factors="1024", iterations="500")
    try:
        manager.wait(lambda: state(manager) == "running")
        manager.driver.execute_script("document.body.dataset.untouched = 'yes'")
        elapsed = manager.find("[data-show=elapsed]")
        before = elapsed.text
        manager.wait(lambda: manager.find("[data-show=elapsed]").text != before)
    finally:
        manager.press("Cancel this run")

    manager.wait(lambda: state(manager) == "cancelled")
    assert "Cancelled by manager" in manager.text("#content-main")
    manager.shoot("admin-run-cancelled")


def test_a_manager_compares_activates_and_rolls_back(manager: Visitor) -> None:
    page = start(manager, "Trending", half_life="3")
    manager.wait(lambda: state(manager) == "finished")
    if "Activate for: Trending" in manager.text():
        manager.press("Activate for: Trending")
    assert "Trending" in manager.text(".run-facts")
    manager.follow("History")
    assert "Serves the role Trending" in manager.text("#change-history")
    manager.open(RUNS)
    manager.shoot("admin-runs")

    manager.press("to trending")
    assert "Rolled back" in manager.text(".messagelist")

    boxes = manager.all("input[name=_selected_action]")[:2]
    for box in boxes:
        box.send_keys(" ")
    manager.find("select[name=action]").send_keys("Compare")
    manager.press("Go")
    assert "/compare/" in manager.path
    assert len(manager.all(".run-compare thead a")) == 2
    manager.shoot("admin-compare")
    manager.open(page)
    assert "Activate for: Trending" in manager.text()


def test_a_wrong_parameter_is_explained_beside_its_field(manager: Visitor) -> None:
    start(manager, "Alternating least squares", factors="100000")

    assert "less than or equal to 1024" in manager.text(".form-row.errors")
    assert "?algorithm=als" in manager.path
    manager.shoot("admin-start-error")


def test_a_manager_sees_what_a_customer_would_see(manager: Visitor) -> None:
    manager.open(PREVIEW)
    manager.type("q", "customer3")
    manager.press("Show")
    manager.find(".run-matches a").send_keys("\n")
    manager.wait(lambda: "customer=" in manager.path)

    text = manager.text("#placement-for-you")
    assert "Personal suggestions" in text
    assert "Because you bought" in text
    manager.shoot("admin-preview")

    manager.find("#placement-for-you tbody a[href*=item_key]").send_keys("\n")
    manager.wait(lambda: "/neverrecommend/add/" in manager.path)
    assert manager.find("[name=item_key]").get_attribute("value")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "concierge_recommendations/activemodel/",
        "concierge_recommendations/placement/",
        "concierge_recommendations/placement/add/",
        "concierge_recommendations/neverrecommend/",
        "concierge_recommendations/neverrecommend/add/",
        "concierge_recommendations/modelrun/?status=failed",
        "concierge_recommendations/modelrun/add/",
        "concierge_recommendations/modelrun/add/?algorithm=bought_together",
        "shop/order/",
        "shop/product/",
        "auth/user/",
    ],
)
def test_the_console_is_silent_on_every_page_of_the_admin(manager: Visitor, path: str) -> None:
    manager.open(f"/admin/{path}")

    assert manager.find("#content")


def test_a_run_is_read_and_started_without_scripts(without_scripts: Visitor) -> None:
    visitor = without_scripts
    visitor.log_in("manager", admin=True)
    visitor.open(RUNS)
    visitor.find("#result_list tbody th a, #result_list td a").send_keys("\n")
    visitor.wait(lambda: "/change/" in visitor.path)
    assert not visitor.find(".run-canvas").is_displayed()
    assert visitor.text("#chart-baselines-table")

    start(visitor, "Buy again")
    visitor.wait(lambda: visitor.open(visitor.path) or state(visitor) == "finished")

    assert "NDCG@20" in visitor.text(".run-verdict")


@pytest.mark.parametrize("name", ["phone", "dark"])
def test_a_run_is_readable_on_a_phone_and_in_the_dark(manager: Visitor, name: str) -> None:
    if name == "dark":
        features = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        manager.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    manager.open(RUNS)
    manager.find("#result_list tbody th a").send_keys("\n")
    manager.wait(lambda: "/change/" in manager.path)

    with manager.screen(390 if name == "phone" else 1280):
        too_wide = manager.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    assert too_wide <= 0
    manager.shoot(f"admin-run-{name}", width=390 if name == "phone" else 1280)


def test_a_violation_of_the_policy_would_be_noticed(site: str) -> None:
    from .conftest import chromium

    with chromium(site) as visitor:
        visitor.open("/login/")
        visitor.driver.execute_script(
            "const s = document.createElement('script'); s.textContent = 'x = 1'; document.body.append(s)"
        )

        heard = visitor.listen()

    assert any("Content Security Policy" in line for line in heard)
