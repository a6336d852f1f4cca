"""A customer talks to the shop: with the widget, by keyboard, on a phone, without scripts, with a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from .conftest import Visitor, chromium
from .losing import losing

pytestmark = pytest.mark.browser

RETURNS = "How long do I have to return something?"
ANY_REPLY = ".concierge-support-bot, .concierge-support-person"


class Chat:
    """The widget as a person uses it; it lives in a shadow root."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def all(self, css: str) -> list[WebElement]:
        return self.visitor.find(".concierge-support").shadow_root.find_elements(By.CSS_SELECTOR, css)

    def part(self, name: str) -> WebElement:
        return self.all(f"[data-part={name}]")[0]

    def said(self, css: str = ".concierge-support-message") -> list[str]:
        """The bubbles' texts, in their order."""
        return [bubble.text for bubble in self.all(f"{css} .concierge-support-bubble")]

    def open(self) -> None:
        self.part("launcher").click()
        self.visitor.wait(lambda: self.all(ANY_REPLY))

    def say(self, text: str) -> str:
        """Write and send it; the reply's text."""
        return self.replied(lambda: self.part("text").send_keys(text, Keys.ENTER))

    def choose(self, label: str) -> str:
        """Press the quick reply of that label; the reply's text."""
        return self.replied(next(one for one in self.all("button") if label in one.text).click)

    def replied(self, act: Any) -> str:
        before = len(self.all(ANY_REPLY))
        act()
        self.visitor.wait(lambda: len(self.all(ANY_REPLY)) > before)
        return self.said(":is(.concierge-support-bot, .concierge-support-person)")[-1]

    def focused(self) -> str:
        """The data-part of what has the focus, empty when it is not in the widget."""
        script = "const s = arguments[0].shadowRoot; return s.activeElement?.dataset.part ?? ''"
        return str(self.visitor.driver.execute_script(script, self.visitor.find(".concierge-support")))


@pytest.fixture
def chat(visitor: Visitor) -> Chat:
    visitor.open("/")
    return Chat(visitor)


def logged_in(visitor: Visitor, name: str, path: str = "/") -> Chat:
    visitor.log_in(name)
    visitor.open(path)
    return Chat(visitor)


def test_a_guest_asks_and_is_answered_from_the_faq(chat: Chat) -> None:
    visitor = chat.visitor
    visitor.shoot("support-closed", height=900)
    chat.open()

    reply = chat.say(RETURNS)

    assert "30 days from the delivery" in reply
    source = chat.all(".concierge-support-sources a")[-1]
    assert (source.text, source.get_attribute("href")) == (
        RETURNS,
        f"{visitor.site}/support/faq/#return-deadline",
    )
    visitor.shoot("support-answer", height=900)
    chat.part("up").click()
    visitor.wait(lambda: chat.part("up").get_attribute("aria-pressed") == "true")
    source.click()
    visitor.wait(lambda: visitor.path == "/support/faq/#return-deadline")
    assert visitor.find("#return-deadline").is_displayed()  # the entry is unfolded
    visitor.wait(lambda: chat.said() and RETURNS in chat.said())
    assert chat.part("up").get_attribute("aria-pressed") == "true"


def test_a_customer_asks_where_the_order_is_and_cancels_it(visitor: Visitor) -> None:
    chat = logged_in(visitor, "customer3")
    chat.open()
    assert "CJ100309" in chat.said()[0]

    chat.say("where is my order?")

    card = chat.all(".concierge-support-card")[-1]
    assert "CJ100309" in card.text
    assert card.find_element(By.TAG_NAME, "a").get_attribute("href").endswith("/account/orders/CJ100309/")
    visitor.shoot("support-order", height=900)

    assert "CJ100309" in chat.say("cancel my order")
    visitor.shoot("support-confirm", height=900)
    chat.choose("No")
    before = chat.said()
    visitor.open("/account/orders/CJ100309/")
    assert "cancelled" not in visitor.text(".status").lower()
    visitor.wait(lambda: chat.said() == before)

    chat.say("cancel my order")
    assert "CJ100309" in chat.choose("Yes")

    visitor.open("/account/orders/CJ100309/")
    assert "cancelled" in visitor.text(".status").lower()


def test_a_conversation_survives_page_changes_reloads_and_a_start_over(chat: Chat) -> None:
    visitor = chat.visitor
    chat.open()
    chat.say(RETURNS)
    before = chat.said()

    visitor.open("/c/tea/")

    visitor.wait(lambda: chat.said() == before)
    assert chat.part("panel").is_displayed()
    visitor.driver.refresh()
    visitor.wait(lambda: chat.said() == before)
    chat.part("close").click()
    visitor.driver.refresh()
    assert not chat.part("panel").is_displayed()
    chat.open()
    visitor.wait(lambda: chat.said() == before)
    chat.part("restart").click()
    visitor.wait(lambda: len(chat.said()) == 1)


def test_a_customer_who_logs_out_leaves_nothing_behind(visitor: Visitor) -> None:
    chat = logged_in(visitor, "customer4")
    chat.open()
    chat.say("where is my order?")

    visitor.driver.delete_cookie("sessionid")
    visitor.open("/")

    visitor.wait(lambda: chat.said())
    assert len(chat.said()) == 1
    assert "CJ100409" not in " ".join(chat.said())


def test_a_guest_is_in_one_conversation_on_the_page_and_in_the_widget_and_takes_it_along_to_the_login(
    visitor: Visitor,
) -> None:
    asked = "Is there a minimum order value?"
    visitor.open("/support/")
    write(visitor, RETURNS)
    visitor.open("/c/tea/")
    chat = Chat(visitor)
    chat.open()
    visitor.wait(lambda: RETURNS in chat.said())

    chat.say(asked)

    visitor.open("/support/")
    assert asked in visitor.text(".concierge-support-messages")
    visitor.press("Start over")
    visitor.open("/c/tea/")  # the widget is still open
    visitor.wait(lambda: len(chat.said()) == 1)  # the greeting of the new one
    chat.say(asked)
    chat.part("close").click()
    visitor.log_in("customer8")
    visitor.open("/support/")
    assert asked in visitor.text(".concierge-support-messages")
    visitor.open("/")
    chat.open()
    visitor.wait(lambda: asked in chat.said())
    assert "CJ100809" in chat.say("where is my order?")
    visitor.driver.delete_cookie("sessionid")  # the session has expired
    visitor.open("/")
    visitor.wait(lambda: len(chat.said()) == 1)
    assert asked not in chat.said()


def test_a_message_that_is_too_long_is_not_sent_and_that_is_said(chat: Chat) -> None:
    chat.open()
    chat.visitor.driver.execute_script("arguments[0].value = 'x'.repeat(2001)", chat.part("text"))

    chat.part("text").send_keys(Keys.ENTER)

    trouble = chat.part("trouble")
    assert (trouble.aria_role, trouble.text) == ("alert", "2001 of 2,000 characters")
    assert len(chat.said()) == 1


@pytest.mark.parametrize("what", ["request", "answer"])
def test_a_lost_message_is_sent_once_more_and_stored_once(site: str, what: str) -> None:
    with losing(site) as proxy, chromium(proxy.address) as visitor:
        visitor.open("/")
        chat = Chat(visitor)
        chat.open()
        proxy.lose_next(what, ending="/messages/")

        reply = chat.say(RETURNS)

        assert "30 days from the delivery" in reply
        assert len(proxy.lost) == 1
        visitor.driver.refresh()
        visitor.wait(lambda: len(chat.said()) == 3)
        assert chat.said().count(RETURNS) == 1


def test_a_message_that_is_lost_twice_can_be_sent_again(site: str) -> None:
    with losing(site) as proxy, chromium(proxy.address) as visitor:
        visitor.open("/")
        chat = Chat(visitor)
        chat.open()
        proxy.lose_next("request", ending="/messages/", times=2)
        chat.part("text").send_keys(RETURNS, Keys.ENTER)
        visitor.wait(lambda: chat.all(".concierge-support-unsent"))
        assert "Not sent." in chat.all(".concierge-support-unsent")[0].text
        assert "can't be reached" in chat.part("trouble").text
        visitor.shoot("support-unsent", height=900)

        reply = chat.choose("Try again")

        assert "30 days from the delivery" in reply
        assert not chat.all(".concierge-support-unsent")
        assert chat.said().count(RETURNS) == 1


def test_a_message_on_its_way_survives_the_page(site: str) -> None:
    with losing(site) as proxy, chromium(proxy.address) as visitor:
        visitor.open("/")
        chat = Chat(visitor)
        chat.open()
        proxy.lose_next("request", ending="/messages/", times=2)
        chat.part("text").send_keys(RETURNS, Keys.ENTER)
        visitor.wait(lambda: proxy.lost)

        visitor.open("/c/tea/")  # before it was sent once more: it is, by the next page

        visitor.wait(lambda: len(chat.said()) == 3)
        assert chat.said().count(RETURNS) == 1


def test_the_keyboard_alone_is_enough(chat: Chat) -> None:
    visitor, driver = chat.visitor, chat.visitor.driver
    driver.execute_script("document.querySelector('footer select').focus()")
    for _step in range(5):
        if chat.focused() == "launcher":
            break
        ActionChains(driver).send_keys(Keys.TAB).perform()
    assert chat.focused() == "launcher"

    ActionChains(driver).send_keys(Keys.ENTER).perform()
    visitor.wait(lambda: chat.all(ANY_REPLY))
    assert chat.focused() == "text"
    dialog = chat.part("panel")
    assert (dialog.aria_role, dialog.accessible_name) == ("dialog", "Help")
    assert dialog.get_attribute("aria-modal") == "false"
    assert chat.part("log").aria_role == "log"
    assert chat.part("state").aria_role == "status"
    typing = ActionChains(driver).send_keys("How long do I have").key_down(Keys.SHIFT).send_keys(Keys.ENTER)
    typing = typing.key_up(Keys.SHIFT).send_keys("to return something?", Keys.ENTER)
    reply = chat.replied(typing.perform)
    assert chat.said()[-2] == "How long do I have\nto return something?"
    assert "30 days from the delivery" in reply
    assert chat.focused() == "text"

    for _step in range(30):
        if chat.focused() == "down":
            break
        ActionChains(driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    ActionChains(driver).send_keys(Keys.SPACE).perform()
    visitor.wait(lambda: chat.part("down").get_attribute("aria-pressed") == "true")
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()

    assert not dialog.is_displayed()
    assert chat.focused() == "launcher"
    assert chat.part("launcher").get_attribute("aria-expanded") == "false"


def test_on_a_phone_it_is_a_sheet_and_the_page_behind_it_stays_put(visitor: Visitor) -> None:
    with visitor.screen(390):
        chat = logged_in(visitor, "customer5")
        chat.open()
        chat.say("where is my order?")

        assert chat.part("panel").rect["width"] == 390
        assert chat.part("panel").get_attribute("aria-modal") == "true"
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert visitor.driver.execute_script(script) <= 0
        for _step in range(30):  # nothing behind the sheet can be reached
            ActionChains(visitor.driver).send_keys(Keys.TAB).perform()
            focused = visitor.driver.execute_script("return document.activeElement.className")
            assert focused == "concierge-support"
    visitor.shoot("support-phone", width=390, height=844)
    with visitor.screen(390):
        chat.all(".concierge-support-card a")[-1].click()
        visitor.wait(lambda: visitor.path == "/account/orders/CJ100509/")
        assert not chat.part("panel").is_displayed()


def test_a_person_takes_over_answers_and_hands_back(site: str, chat: Chat) -> None:
    customer = chat.visitor
    chat.open()
    chat.say(RETURNS)
    chat.part("person").click()
    customer.wait(lambda: chat.part("panel").get_attribute("data-state") == "waiting")
    assert "A person will answer here" in chat.part("state").text
    chat.part("text").send_keys("My parcel is wet <b>and</b> torn", Keys.ENTER)
    customer.wait(lambda: "Sending" not in chat.all(".concierge-support-customer")[-1].text)
    customer.shoot("support-waiting", height=900)

    with chromium(site) as agent:
        agent.log_in("manager", admin=True)
        agent.open("/admin/concierge_support/handover/")
        agent.find("#result_list tbody th a").send_keys("\n")
        agent.wait(lambda: agent.all("#transcript"))
        assert "My parcel is wet <b>and</b> torn" in agent.text("#transcript")
        agent.type("text", "I am sorry! A new one leaves today, see http://127.0.0.1/track")
        agent.find(".bot-reply button").click()
        agent.wait(lambda: "A new one leaves today" in agent.text("#transcript"))
        agent.shoot("support-agent")

        customer.wait(lambda: chat.all(".concierge-support-person"))
        assert "A new one leaves today" in chat.said(".concierge-support-person")[-1]
        assert "A person is answering" in chat.part("state").text
        customer.shoot("support-person", height=900)

        # With the panel closed the next answer is announced, and a dot tells of it.
        chat.part("close").click()
        agent.type("text", "Anything else?")
        agent.find(".bot-reply button").click()
        customer.wait(lambda: chat.part("unread").is_displayed())
        customer.wait(lambda: "new message" in chat.part("news").get_attribute("textContent"))
        chat.part("launcher").click()
        customer.wait(lambda: "Anything else?" in chat.said()[-1])
        assert not chat.part("unread").is_displayed()

        agent._press(agent.find("form[action$='hand-back/'] button"))
        assert agent.listen() == []
    customer.wait(lambda: chat.part("panel").get_attribute("data-state") == "bot")
    assert "30 days from the delivery" in chat.say(RETURNS)


def test_without_scripts_the_same_conversation_is_a_page(without_scripts: Visitor) -> None:
    visitor = without_scripts
    visitor.open("/")
    visitor.find("a.concierge-support-launcher").send_keys("\n")
    visitor.wait(lambda: visitor.path == "/support/")
    write(visitor, RETURNS)
    assert "30 days from the delivery" in visitor.text(".concierge-support-messages")
    visitor._press(visitor.find("button[name=helpful][value=yes]"))
    assert visitor.find("button[name=helpful][value=yes]").get_attribute("aria-pressed") == "true"
    write(visitor, "<script>alert(1)</script>")
    assert "<script>alert(1)</script>" in visitor.text(".concierge-support-messages")

    visitor.press("Talk to a person")
    assert "A person will answer here" in visitor.text(".concierge-support-state")
    visitor.follow("Look for new messages")
    visitor.shoot("support-page")
    visitor.follow("Your data")
    visitor.find("[name=sure]").click()
    visitor.press("Erase")

    assert "have been erased" in visitor.text("main")
    visitor.open("/support/")
    assert len(visitor.all(".concierge-support-message")) == 1


def test_without_scripts_a_customer_cancels_an_order(without_scripts: Visitor) -> None:
    visitor = without_scripts
    visitor.log_in("customer6")
    visitor.open("/support/")
    write(visitor, "cancel my order")

    visitor._press(visitor.find(".concierge-support-yes"))

    visitor.shoot("support-page-phone", width=390)
    visitor.open("/account/orders/CJ100609/")
    assert "cancelled" in visitor.text(".status").lower()


def write(visitor: Visitor, text: str) -> None:
    visitor.type("text", text)
    visitor._press(visitor.find(".concierge-support-write button"))


@pytest.fixture
def without_storage(site: str) -> Iterator[Visitor]:
    """A browser that refuses cookies and storage to every page."""
    with chromium(site, preferences={"profile.managed_default_content_settings.cookies": 2}) as visitor:
        yield visitor
        assert visitor.listen() == []


def test_a_browser_that_keeps_nothing_can_still_ask(without_storage: Visitor) -> None:
    without_storage.open("/")
    chat = Chat(without_storage)
    chat.open()

    assert "30 days from the delivery" in chat.say(RETURNS)


def test_it_speaks_chinese(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.driver.add_cookie({"name": "django_language", "value": "zh-hans"})
    visitor.open("/")
    chat = Chat(visitor)
    chat.open()

    assert "送达后 30 天内" in chat.say("退货期限是多久？")

    visitor.shoot("support-chinese", height=900)


def test_it_is_dark_on_a_dark_page_and_stands_on_the_left_of_arabic(chat: Chat) -> None:
    driver = chat.visitor.driver
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    chat.open()
    chat.say(RETURNS)
    chat.visitor.shoot("support-dark", height=900)
    surface = "return getComputedStyle(arguments[0]).backgroundColor"
    assert driver.execute_script(surface, chat.part("panel")) == "rgb(29, 32, 37)"

    driver.execute_script("document.documentElement.dir = 'rtl'")

    assert chat.part("panel").rect["x"] < 100


def test_two_tabs_are_in_one_conversation(chat: Chat) -> None:
    visitor, driver = chat.visitor, chat.visitor.driver
    chat.open()
    chat.say(RETURNS)
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    visitor.open("/c/tea/")
    chat.open()
    visitor.wait(lambda: chat.said().count(RETURNS) == 1)

    chat.part("restart").click()
    visitor.wait(lambda: len(chat.said()) == 1)
    chat.say("Is there a minimum order value?")
    driver.switch_to.window(first)

    visitor.wait(lambda: "Is there a minimum order value?" in chat.said())
    assert RETURNS not in chat.said()


@pytest.mark.parametrize("path", ["/support/", "/support/faq/", "/support/your-data/"])
def test_a_support_page_fits_a_phone_and_its_console_is_silent(visitor: Visitor, path: str) -> None:
    with visitor.screen(390):
        visitor.open(path)
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        too_wide = visitor.driver.execute_script(script)

    assert too_wide <= 0
    visitor.shoot(f"phone-{path.strip('/').replace('/', '-')}", width=390, height=1400)


def test_the_faq_is_searched_and_search_engines_can_read_it(visitor: Visitor) -> None:
    visitor.open("/support/faq/")
    script = "return JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').text)"
    structured = visitor.driver.execute_script(script)
    assert structured["@type"] == "FAQPage"
    assert RETURNS in [one["name"] for one in structured["mainEntity"]]

    field = visitor.find("main [name=q]")
    field.send_keys("how long to return something")
    visitor._press(field)

    assert RETURNS in visitor.text("main")
    assert visitor.find("main details[open]").is_displayed()
    visitor.shoot("support-faq", height=1000)
