"""Callers of the national interface over HTTP: so many connections from one process, each with one purchase under way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random

from bench.settle.city import ITEMS, City
from gongji.foundation.clock import CHINA
from gongji.registry.model import Institution

_numbers = count(1)


@dataclass(frozen=True)
class Traffic:
    """What callers saw: answers a second, and how long they waited for one, in ms, sorted."""

    rate: float
    waits: list[float]

    def percentile(self, part: float) -> float:
        """The wait that `part` (0…1) of the answers did not exceed."""
        return self.waits[min(len(self.waits) - 1, int(len(self.waits) * part))]


def call(port: int, city: City, clients: int, seconds: float, pace: float | None = None) -> Traffic:
    """Buy and buy.

    Args:
        port: where the server listens on loopback.
        city: who buys.
        clients: connections.
        seconds: how long.
        pace: purchases a second altogether; None as fast as answers come.
    """
    return asyncio.run(_call(port, city, clients, seconds, pace))


async def _call(port: int, city: City, clients: int, seconds: float, pace: float | None) -> Traffic:
    waits: list[float] = []
    began = time.perf_counter()
    until = began + seconds
    every = None if pace is None else clients / pace
    await asyncio.gather(*(_client(port, city, number, until, every, waits) for number in range(clients)))
    return Traffic(len(waits) / (time.perf_counter() - began), sorted(waits))


async def _client(port: int, city: City, number: int, until: float, every: float | None, waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    draw = Random(number)
    due = time.perf_counter() + (draw.random() * every if every else 0)
    while time.perf_counter() < until:
        if every:
            await asyncio.sleep(max(0, due - time.perf_counter()))
            due += every
        request = message(city, draw)
        sent = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        waits.append((time.perf_counter() - sent) * 1000)
        if b'"infcode":0' not in body:
            raise RuntimeError(body.decode()[:500])
    writer.close()


def message(city: City, draw: Random) -> bytes:
    """A signed 2102 of two drugs for a random father at a random pharmacy, as bytes on the wire."""
    place = draw.randrange(len(city.fathers))
    shop = city.pharmacies[draw.randrange(len(city.pharmacies))]
    at = datetime.now(CHINA) - timedelta(seconds=2)
    drugs, bought = purchase_nodes(city, place, at)
    return on_the_wire("2102", {"druginfo": bought, "drugdetail": drugs}, shop)


def purchase_nodes(city: City, place: int, at: datetime) -> tuple[list[dict[str, object]], dict[str, object]]:
    """drugdetail and druginfo of two drugs for the father at this place of the city."""
    drugs = [
        {
            "feedetl_sn": str(line),
            "rxno": "",
            "rx_circ_flag": "0",
            "fee_ocur_time": f"{at:%Y-%m-%d %H:%M:%S}",
            "med_list_codg": item.code,
            "medins_list_codg": f"M{line:06d}",
            "det_item_fee_sumamt": f"{price / 100:.2f}",
            "cnt": 1,
            "pric": f"{price / 100:.4f}",
            "hosp_appr_flag": "0",
        }
        for line, (item, (*_, price)) in enumerate(zip(city.items, ITEMS, strict=True), start=1)
    ]
    total = sum(price for *_, price in ITEMS)
    bought = {
        "psn_no": city.psn_nos[place],
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": city.certificates[place],
        "certno": city.certificates[place],
        "psn_cert_type": "01",
        "begntime": f"{at:%Y-%m-%d %H:%M:%S}",
        "medfee_sumamt": f"{total / 100:.2f}",
        "insutype": "310",
        "acct_used_flag": "2",
        "med_type": "41",
    }
    return drugs, bought


def on_the_wire(infno: str, nodes: dict[str, object], sender: Institution) -> bytes:
    """A signed message as bytes on the wire, head and body."""
    headers, body = signed(infno, nodes, sender)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /fsi/callService HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
    return head.encode() + body


def signed(infno: str, nodes: dict[str, object], sender: Institution) -> tuple[dict[str, str], bytes]:
    """Headers and body of a message with a number and a nonce of its own."""
    number, now = next(_numbers), datetime.now(CHINA)
    envelope = {
        "infno": infno,
        "msgid": f"{sender.code}{now:%Y%m%d%H%M%S}{number % 10_000:04d}",
        "mdtrtarea_admvs": "211202",
        "insuplc_admdvs": "211200",
        "recer_sys_code": "FSI_LOCAL",
        "dev_no": "null",
        "dev_safe_info": "",
        "cainfo": "1",
        "signtype": "1",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0053",
        "opter_name": "测试操作员",
        "inf_time": f"{now:%Y-%m-%d %H:%M:%S}",
        "fixmedins_code": sender.code,
        "fixmedins_name": sender.name,
        "sign_no": "null",
        "input": nodes,
    }
    body = json.dumps(envelope, ensure_ascii=False).encode()
    stamp, nonce = str(int(time.time())), f"{number:016d}"
    signature = hashlib.sha256(f"{stamp}secret-{sender.code}{nonce}{stamp}".encode()).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-tif-paasid": sender.code,
        "x-tif-timestamp": stamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": signature,
    }
    return headers, body
