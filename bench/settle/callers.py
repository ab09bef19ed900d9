"""Callers of the national interface over HTTP: so many connections from one process, each with one purchase under way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import uvloop

from bench.settle.city import ITEMS, City
from gongji.foundation.clock import CHINA
from gongji.registry.model import Institution

_numbers = count(1)

#: A msgid has room for ten thousand numbers a second, and more are written in one: each ten thousand have a second of their own.
_BEGAN = datetime.now(CHINA)
_A_SECOND = 10_000

_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")

#: Messages a second that are written and signed before callers without a pace begin: more than they will send. What a hospital's
#: system does before it sends is not what is measured, and here it would take a tenth of the machine from the server.
_READY = 8_000


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
    return uvloop.run(_call(port, city, clients, seconds, pace))


async def _call(port: int, city: City, clients: int, seconds: float, pace: float | None) -> Traffic:
    waits: list[float] = []
    loop = asyncio.get_running_loop()
    draw = Random(clients)
    stock = [message(city, draw) for _ in range(int(seconds * (pace or _READY)))]
    began = time.perf_counter()
    until = began + seconds
    every = None if pace is None else clients / pace
    callers = [_Caller(city, stock, number, until, every, waits) for number in range(clients)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(caller.done for caller in callers))
    return Traffic(len(waits) / (time.perf_counter() - began), sorted(waits))


class _Caller(asyncio.Protocol):
    """One connection: the next purchase is sent when the last one is answered, or when it is due."""

    def __init__(
        self, city: City, stock: list[bytes], number: int, until: float, every: float | None, waits: list[float]
    ) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._city, self._stock, self._until, self._every, self._waits = city, stock, until, every, waits
        self._draw = Random(number)
        self._due = 0.0
        self._sent = 0.0
        self._answer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        if self._every is None:
            self._send()
            return
        self._due = time.perf_counter() + self._draw.random() * self._every
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < int(_LENGTH.findall(head)[0]):
            return
        self._waits.append((time.perf_counter() - self._sent) * 1000)
        if b'"infcode":0' not in body:
            self.done.set_exception(RuntimeError(body.decode()[:500]))
            self._transport.close()
            return
        self._answer = b""
        if self._every is None:
            self._send()
        else:
            self._wait()

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(problem or ConnectionError("the server closed the connection"))

    def _wait(self) -> None:
        pause = max(0.0, self._due - time.perf_counter())
        asyncio.get_running_loop().call_later(pause, self._send)
        self._due += self._every or 0.0

    def _send(self) -> None:
        if time.perf_counter() >= self._until:
            self.done.set_result(None)
            self._transport.close()
            return
        content = self._stock.pop() if self._stock else message(self._city, self._draw)
        self._sent = time.perf_counter()
        self._transport.write(content)


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
    numbered = _BEGAN + timedelta(seconds=number // _A_SECOND)
    envelope = {
        "infno": infno,
        "msgid": f"{sender.code}{numbered:%Y%m%d%H%M%S}{number % _A_SECOND:04d}",
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
