"""Takes the pictures of the families' guide from the demo's world: ``make pictures``. Needs Chromium and fonts-noto-cjk."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pypdfium2
from PIL import Image
from playwright.sync_api import sync_playwright

from gongji.entrances.app import build_app
from gongji.entrances.demo.story import Stories
from gongji.entrances.demo.world import demo_platform
from gongji.entrances.messaging.loop import carry_messages
from gongji.entrances.server import serving
from gongji.foundation.access import Caller, Role
from gongji.foundation.settings import load_settings
from gongji.rules.model import Relation
from gongji.settlement.model import wire_id
from gongji.settlement.queries import settlements_of
from gongji.wallet import service as wallet
from gongji.wallet.quotas import service as quotas

HERE = Path(__file__).parent

#: Name of the picture, whose phone, page, and how many CSS pixels of it are shown.
PAGES = (
    ("family-start", "李建国", "/c/start", 844),
    ("family-home", "李建国", "/c/", 1000),
    ("family-messages", "李建国", "/c/messages", 700),
    ("family-account", "李建国", "/c/account", 1250),
    ("family-premiums", "张丽", "/c/premiums", 700),
    ("family-wallet", "李建国", "/c/wallet", 844),
    ("family-paid", "王秀兰", "{visit}", 1100),
    ("family-paid-large", "王秀兰", "{visit}", 1100),
)


def keep(name: str, picture: Image.Image) -> None:
    """A picture with few colours: a tenth of the bytes."""
    small = picture.convert("RGB").quantize(48, dither=Image.Dither.NONE)
    small.save(HERE / f"{name}.png", optimize=True)


def main() -> int:
    """Play the stories, then look at their pages."""
    with tempfile.TemporaryDirectory(prefix="gongji-pictures-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        settings = load_settings(data=Path(folder), port=0, log_level="error", sms_url="log")
        with (
            demo_platform(settings) as platform,
            httpx.Client(timeout=60, trust_env=False) as client,
            serving(build_app(platform), "127.0.0.1", 0) as base,
            sync_playwright() as playwright,
        ):
            stories = Stories(platform, client, base)
            stories.play()
            carry_messages(platform, client, None)
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            take(browser, platform, base, stories.links, PAGES)
            take(browser, platform, base, stories.links, [("family-quota", "王秀兰", give_quota(platform), 844)])
            browser.close()
    return 0


def give_quota(platform) -> str:
    """The quota regime begins: the son gives his mother ¥500.00, and she accepts; the address of its page."""
    with platform.database.transaction() as connection:
        giver, user = connection.exec_driver_sql(
            "SELECT sharer_id, user_id FROM authorisation WHERE state = 'active' AND relation = 'parent' ORDER BY id LIMIT 1"
        ).one()
        regions = connection.exec_driver_sql("SELECT DISTINCT left(region, 4) || '00' FROM enrolment").scalars().all()
    today = platform.clock.now().date()
    wallets = replace(platform.wallets, quota_from=today, opened=frozenset(regions))
    platform.__dict__["wallets"] = wallets
    callers = {person: Caller(Role.CITIZEN, "citizen", person) for person in (giver, user)}
    for person, caller in callers.items():
        wallet.open_wallet(wallets, person_id=person, area=regions[0], caller=caller)
    made = quotas.set_quota(
        wallets,
        giver_id=giver,
        user_id=user,
        amount=500_00,
        stated=Relation.PARENT,
        key="for-the-guide",
        caller=callers[giver],
    )
    quotas.accept_quota(wallets, made.id, user_id=user, caller=callers[user])
    return f"/c/wallet/quotas/{made.id}"


def take(browser, platform, base: str, links: dict[str, str], pages: Sequence[tuple[str, str, str, int]]) -> None:
    """These pages, as their readers' phones show them; and the month's statement."""
    for name, who, place, height in pages:
        path = place
        context = browser.new_context(viewport={"width": 390, "height": height}, device_scale_factor=1.5)
        large = {"name": "gongji_mode", "value": "elder" if name.endswith("large") else "", "url": base}
        context.add_cookies([large])
        page = context.new_page()
        page.goto(links[who])
        if "{visit}" in path:
            with platform.database.transaction() as connection:
                person = connection.exec_driver_sql(
                    "SELECT person_id FROM settlement WHERE kind = 'settle' AND shared > 0 ORDER BY settled_at LIMIT 1"
                ).scalar_one()
                first = [one.settlement for one in settlements_of(connection, person, 50) if one.settlement.shared][-1]
            path = f"/c/settlements/{wire_id(first.region, first.id)}"
        answer = page.goto(base + path)
        if answer is None or not answer.ok:
            print(f"{name}: {path} answers {answer and answer.status}", file=sys.stderr)
            context.close()
            continue
        keep(name, Image.open(io.BytesIO(page.screenshot())))
        if name == "family-account":
            paper = context.request.get(f"{base}/c/account/statement").body()
            printed = pypdfium2.PdfDocument(paper)[0].render(scale=1.4).to_pil()
            keep("family-statement", printed.crop((0, 0, printed.width, printed.height // 2)))
        context.close()


if __name__ == "__main__":
    sys.exit(main())
