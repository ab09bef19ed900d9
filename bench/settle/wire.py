"""What the interface costs by itself: everything that Python does for a 2207 or a 2102 outside the database.

The gateway gets whole messages, checks signatures, reads, decides nothing, writes answers and checks their identities;
the desk answers at once with what it answered to the same message before, and every signature is new.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
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
from gongji.settlement.desk import Answer
from gongji.settlement.reception import Errand

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
        with_answers = _remembering(platform)
        await _post(gateway, *signed(*message))
        with_answers()
        asks = [signed(*message) for _ in range(MESSAGES)]
        began = time.process_time()
        for headers, body in asks:
            await _post(gateway, headers, body)
        found[f"wire_{infno}_us"] = (time.process_time() - began) / MESSAGES * 1e6
    return found


def _remembering(platform: Platform) -> Callable[[], None]:
    """Have the desk keep its last answer; once called, it gives that again, after it made the command anew."""
    desk = platform.desk
    serve = type(desk).serve
    last: list[Any] = []

    def remember(errand: Errand, answer: Answer, *, dry: bool = False) -> None:
        future: Future[Any] = Future()
        future.add_done_callback(lambda done: (last.append(done.result()), answer.set_result(done.result())))
        serve(desk, errand, future, dry=dry)

    desk.serve = remember  # type: ignore[method-assign]

    def replay() -> None:
        found, settlement = last[-1]

        def again(errand: Errand, answer: Answer, *, dry: bool = False) -> None:
            errand.command(found)
            answer.set_result((found, settlement))

        desk.serve = again  # type: ignore[method-assign]

    return replay


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
    """Post a message as the server does with one that is there as a whole; the answer's output.

    Raises:
        RuntimeError: when it is refused.
    """
    path = "/fsi/callService"
    answering = gateway.whole(path)
    assert answering is not None
    told = [(name.encode(), value.encode()) for name, value in headers.items()]
    # Each message is a task of its own, as at the server: that is what its deadline calls off.
    answer = await asyncio.ensure_future(answering(path, told, body))
    if b'"infcode":0' not in answer.body:
        raise RuntimeError(answer.body.decode()[:500])
    return msgspec.json.decode(answer.body)["output"]
