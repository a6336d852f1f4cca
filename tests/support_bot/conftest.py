"""What the support bot's tests share: a small FAQ, the sample shop's, the sentence encoders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

SAMPLE_FAQ = Path(__file__).resolve().parents[2] / "shop" / "faq"

# Eight entries in each language: one bound to a skill, one for customers only, one by country, one with a
# variable; "start-return" and "refund-time" are about neighbouring things.
ENGLISH = """\
language: en

# orders: Orders

## Where is my order?
slug: where-is-my-order
skill: order_status
phrasing: track my parcel
phrasing: has my order been shipped yet

Log in and look under **Orders**.

# returns: Returns

## How do I return an item?
slug: start-return
phrasing: I want to send something back
phrasing: this is not what I wanted

Within **30 days**, free of charge: [your account](/account/).

## When do I get my money back?
slug: refund-time
phrasing: how long does a refund take
phrasing: waiting for my refund

Within 5 working days.

# delivery: Delivery

## How much is delivery?
slug: delivery-cost
phrasing: do you charge for shipping
phrasing: what are the delivery fees

It is free.

## Do you deliver to Alaska?
slug: delivery-alaska
condition: country=US
phrasing: can you ship to Anchorage
phrasing: delivery outside the lower 48

Not yet.

# payment: Payment

## Which cards do you take?
slug: payment-cards
phrasing: can I pay with Visa
phrasing: do you accept American Express

Visa, Mastercard and American Express.

# account: Account

## How do I delete my account?
slug: delete-account
audience: logged_in
phrasing: close my account for good
phrasing: erase all my data

Write to us and we do it within 30 days.

## What are your opening hours?
slug: opening-hours
phrasing: when are you open
phrasing: are you open on Sundays

{shop.name} is open Monday to Saturday, 7 to 22.
"""

CHINESE = """\
language: zh-hans

# orders: 订单

## 我的订单到哪里了？
slug: where-is-my-order
skill: order_status
phrasing: 帮我查一下物流
phrasing: 东西发货了没有

请登录后查看**订单**。

# returns: 退货

## 怎么退货？
slug: start-return
phrasing: 我想把东西退回去
phrasing: 买错了想退

**30 天**内免费退货：[您的账户](/account/)。

## 退款什么时候到账？
slug: refund-time
phrasing: 钱多久退给我
phrasing: 一直在等退款

5 个工作日内。

# delivery: 配送

## 运费多少钱？
slug: delivery-cost
phrasing: 送货要收钱吗
phrasing: 配送费怎么算

免费。

## 送阿拉斯加吗？
slug: delivery-alaska
condition: country=US
phrasing: 能寄到安克雷奇吗
phrasing: 美国本土以外送不送

暂时不送。

# payment: 付款

## 支持哪些银行卡？
slug: payment-cards
phrasing: 可以刷 Visa 吗
phrasing: 收美国运通卡吗

Visa、Mastercard 和 American Express。

# account: 账户

## 怎么注销账户？
slug: delete-account
audience: logged_in
phrasing: 把我的账号删了
phrasing: 清除我的所有资料

写信给我们，30 天内办理。

## 几点营业？
slug: opening-hours
phrasing: 你们什么时候开门
phrasing: 星期天开门吗

{shop.name} 周一至周六 7 点到 22 点营业。
"""


@pytest.fixture(autouse=True)
def answers_know_nothing_yet() -> Iterator[None]:
    """A process remembers the knowledge it answers from; a test starts without."""
    from support_bot import answers

    answers.reset()
    yield
    answers.reset()


@pytest.fixture
def faq(db):
    """Eight small entries a language: ``faq["start-return"]``, or ``faq["start-return", "zh-hans"]``."""
    from support_bot.knowledge import import_files
    from support_bot.models import Entry

    report = import_files([("en.md", StringIO(ENGLISH)), ("zh-hans.md", StringIO(CHINESE))])
    assert report.ok, report.errors
    entries = {(entry.slug, entry.language): entry for entry in Entry.objects.select_related("category")}
    return {**entries, **{slug: entry for (slug, code), entry in entries.items() if code == "en"}}


@pytest.fixture
def sample_faq(db):
    """The sample shop's whole FAQ, both languages; gives the entries by ``(slug, language)``."""
    from support_bot.knowledge import import_files
    from support_bot.models import Entry

    report = import_files([SAMPLE_FAQ / "en.md", SAMPLE_FAQ / "zh-hans.md"])
    assert report.ok, report.errors
    return {(entry.slug, entry.language): entry for entry in Entry.objects.select_related("category")}


@pytest.fixture(scope="session")
def encoders():
    """The two packaged sentence encoders; a test without them is skipped, but never on CI."""
    from support_bot.nlu.encoders import load_encoders

    found = load_encoders(["use", "minilm"], {})
    if found.missing and not os.environ.get("CI"):
        pytest.skip(f"sentence encoders are missing: {found.missing}")
    assert not found.missing, found.missing
    return found
