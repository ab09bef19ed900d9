"""What the interface costs by itself: everything that Python does for a 2207 or a 2102 outside the database.

The gateway gets whole messages, checks signatures, reads, decides nothing, writes answers and checks their identities;
reception and desk answer at once with what they answered to the same message before, and every signature is new.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import uvloop

from bench.settle.callers import purchase_nodes, signed
from bench.settle.city import ITEMS, City
from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.platform import Platform, keep_for_good
from gongji.foundation.clock import CHINA, SystemClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.foundation.settings import Settings
from gongji.registry.model import Institution
from gongji.rules.book import RuleBook

#: Messages that are measured; made and signed before the clock starts.
MESSAGES = 4_000

Message = tuple[str, dict[str, object], Institution]


def cost(url: str, city: City, vault: Vault, folder: Path) -> dict[str, float]:
    """Microseconds of processor time that the gateway spends on one settlement: ``wire_2207_us``, ``wire_2102_us``."""
    settings = Settings(database_url=url, data=folder, institution_rate=0)
    platform = Platform(settings, Database(url), vault, SystemClock(), RuleBook.shipped())
    keep_for_good()
    try:
        # The loop that the server runs on.
        return uvloop.run(_cost(platform, city))
    finally:
        platform.close()


async def _cost(platform: Platform, city: City) -> dict[str, float]:
    gateway = NationalGateway(platform)
    visit = await _visit(gateway, city)
    found = {}
    for infno, message in (("2207", visit), ("2102", _purchase(city))):
        with_answers = _remembering(gateway, platform)
        await _post(gateway, *signed(*message))
        with_answers()
        asks = [signed(*message) for _ in range(MESSAGES)]
        began = time.process_time()
        for headers, body in asks:
            await _post(gateway, headers, body)
        found[f"wire_{infno}_us"] = (time.process_time() - began) / MESSAGES * 1e6
    return found


def _remembering(gateway: NationalGateway, platform: Platform) -> Callable[[], None]:
    """Have reception and desk keep their last answers; once called, they give those again."""
    kept: dict[str, Future[Any]] = {}
    reception, desk, guard = gateway._reception, platform.desk, gateway._gatekeeper._guard
    ask, submit = type(reception).ask, type(desk).submit

    def remember(name: str, answer: Future[Any]) -> Future[Any]:
        kept[name] = answer
        return answer

    reception.ask = lambda enquiry: remember("reception", ask(reception, enquiry))  # type: ignore[method-assign]
    desk.submit = lambda command: remember("desk", submit(desk, command))  # type: ignore[method-assign]

    def replay() -> None:
        reception.ask = lambda enquiry: kept["reception"]  # type: ignore[method-assign]
        desk.submit = lambda command: kept["desk"]  # type: ignore[method-assign]
        guard.submit = _all_new  # type: ignore[method-assign]

    return replay


def _all_new(loop: asyncio.AbstractEventLoop, sightings: list[Any]) -> asyncio.Future[list[bool]]:
    noted: asyncio.Future[list[bool]] = loop.create_future()
    noted.set_result([True] * len(sightings))
    return noted


async def _visit(gateway: NationalGateway, city: City) -> Message:
    """A visit of the first father, ready to be settled: its 2207."""
    at = datetime.now(CHINA) - timedelta(seconds=2)
    who = {"psn_no": city.psn_nos[0], "mdtrt_cert_type": "02", "mdtrt_cert_no": city.certificates[0]}
    registered = await _post(
        gateway,
        *signed(
            "2201",
            {
                "data": who
                | {
                    "insutype": "310",
                    "begntime": f"{at:%Y-%m-%d %H:%M:%S}",
                    "ipt_otp_no": "1",
                    "atddr_no": "D1",
                    "dr_name": "医生",
                    "dept_code": "A01",
                    "dept_name": "内科",
                    "caty": "A01",
                }
            },
            city.hospital,
        ),
    )
    mdtrt_id = registered["data"]["mdtrt_id"]
    whose = {"mdtrt_id": mdtrt_id, "psn_no": city.psn_nos[0], "chrg_bchno": "1"}
    lines = [
        whose
        | {
            "feedetl_sn": str(number),
            "fee_ocur_time": f"{at:%Y-%m-%d %H:%M:%S}",
            "med_list_codg": item.code,
            "det_item_fee_sumamt": f"{price / 100:.2f}",
            "cnt": 1,
            "pric": f"{price / 100:.4f}",
        }
        for number, (item, (*_, price)) in enumerate(zip(city.items, ITEMS, strict=True), start=1)
    ]
    await _post(gateway, *signed("2204", {"feedetail": lines}, city.hospital))
    total = sum(price for *_, price in ITEMS)
    asked = (
        whose
        | who
        | {
            "medfee_sumamt": f"{total / 100:.2f}",
            "insutype": "310",
            "med_type": "11",
            "psn_setlway": "01",
            "acct_used_flag": "2",
            "invono": "",
        }
    )
    return "2207", {"data": asked}, city.hospital


def _purchase(city: City) -> Message:
    at = datetime.now(CHINA) - timedelta(seconds=2)
    drugs, bought = purchase_nodes(city, 0, at)
    return "2102", {"druginfo": bought, "drugdetail": drugs}, city.pharmacies[0]


async def _post(gateway: NationalGateway, headers: dict[str, str], body: bytes) -> Any:
    """Post a message as a server would; the answer's output.

    Raises:
        RuntimeError: when it is refused.
    """
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/fsi/callService",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    answer = SimpleNamespace(body=b"")

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        answer.body += message.get("body", b"")

    await gateway(scope, receive, send)
    if b'"infcode":0' not in answer.body:
        raise RuntimeError(answer.body.decode()[:500])
    return msgspec.json.decode(answer.body)["output"]
