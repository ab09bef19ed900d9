"""The institutions' side of the day: counters that lose replies, and the books that they keep."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from gongji.foundation.clock import Clock
from gongji.registry.model import Person

SECRET = "a-day-at-the-counter"


@dataclass
class Ledger:
    """What an institution's own system keeps of the day: the lines of 3202's file, and sums for 3201.

    Attributes:
        rows: setl_id, mdtrt_id, psn_no, total, funds, accounts, flag, as their text; by setl_id.
        msgids: of settlements, by setl_id.
    """

    rows: dict[str, list[str]] = field(default_factory=dict)
    msgids: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, info: dict[str, Any]) -> None:
        """Book a settlement or a refund as its answer told it."""
        amounts = (info["medfee_sumamt"], info["fund_pay_sumamt"], info["acct_pay"])
        flag = "1" if info["medfee_sumamt"] < 0 else "0"
        cells = [info["setl_id"], info["mdtrt_id"], info["psn_no"], *(f"{amount:.2f}" for amount in amounts), flag]
        with self._lock:
            assert info["setl_id"] not in self.rows, "one number for two settlements"
            self.rows[info["setl_id"]] = cells
            self.msgids[info["setl_id"]] = info["medins_setl_id"]

    def sums(self) -> tuple[str, str, str, int]:
        """Total, funds, accounts in yuan, and settlements less refunds."""
        totals = [sum(round(float(cells[column]) * 100) for cells in self.rows.values()) for column in (3, 4, 5)]
        count = sum(-1 if cells[6] == "1" else 1 for cells in self.rows.values())
        total, funds, accounts = (f"{fen / 100:.2f}" for fen in totals)
        return total, funds, accounts, count


@dataclass
class Institution:
    """One institution of the day: its key, its books, and the message numbers that its clients share.

    Attributes:
        seen: how often each thing happened.
    """

    base: str
    code: str
    clock: Clock
    ledger: Ledger = field(default_factory=Ledger)
    seen: Counter[str] = field(default_factory=Counter)
    _nonces: Any = field(default_factory=lambda: itertools.count(1))

    def headers(self) -> dict[str, str]:
        """The four headers of the x-tif dialect, signed now."""
        stamp, nonce = str(int(self.clock.now().timestamp())), f"{self.code}-{next(self._nonces)}"
        digest = hashlib.sha256(f"{stamp}{SECRET}{nonce}{stamp}".encode()).hexdigest()
        return {
            "x-tif-paasid": f"paas-{self.code}",
            "x-tif-timestamp": stamp,
            "x-tif-nonce": nonce,
            "x-tif-signature": digest,
            "content-type": "application/json",
        }

    def message(self, infno: str, msgid: str, nodes: object) -> dict[str, Any]:
        """A whole message."""
        return {
            "infno": infno,
            "msgid": msgid,
            "mdtrtarea_admvs": "211202",
            "insuplc_admdvs": "211200",
            "recer_sys_code": "HIS",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0053",
            "opter_name": "收费员",
            "inf_time": f"{self.clock.now():%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": self.code,
            "fixmedins_name": "示范机构",
            "input": nodes,
        }


class Client:
    """One till of an institution. Two tills each number their messages alike: a number that the other one used for
    something else is refused, and the till takes a later one.

    Args:
        institution: whose till it is.
        chance: what goes wrong is drawn from it.
        lose: the share of replies that never arrive.
        pair: which two number alike.
    """

    def __init__(self, institution: Institution, chance: random.Random, lose: float, pair: int = 0) -> None:
        self.institution = institution
        self.chance = chance
        self._lose = lose
        self._http = httpx.Client(base_url=institution.base, timeout=60)
        self._pair = timedelta(seconds=pair)
        self._number = 0

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def next_msgid(self) -> str:
        """The till's next message number: institution, moment (the two tills that are alike stamp the same) and a number
        that begins at 1 at every till."""
        self._number += 1
        return f"{self.institution.code}{self.institution.clock.now() + self._pair:%Y%m%d%H%M%S}{self._number:04d}"

    def post(self, message: dict[str, Any], path: str = "/fsi/callService") -> httpx.Response:
        """Send a message once, signed afresh."""
        body = json.dumps(message, ensure_ascii=False).encode()
        return self._http.post(path, content=body, headers=self.institution.headers())

    def send(self, infno: str, nodes: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Send until an answer arrives: a lost reply is answered to the same message, a number that another till used by a
        new one. Gives the message and its answer."""
        while True:
            message = self.institution.message(infno, self.next_msgid(), nodes)
            if self.chance.random() < self._lose:
                self.lose_reply(message)
            answer = self.post(message).json()
            if answer["infcode"] == -1 and "[key.other_content]" in answer["err_msg"]:
                self.institution.seen["numbers used by another till"] += 1
                self._number += self.chance.randint(0, 20)
                continue
            return message, answer

    def lose_reply(self, message: dict[str, Any]) -> None:
        """Send a message and hang up before, or while, it is answered."""
        self.institution.seen["replies lost"] += 1
        body = json.dumps(message, ensure_ascii=False).encode()
        hurried = httpx.Timeout(60, read=self.chance.choice((0.001, 0.004, 0.02)))
        # As meant: whether it was settled is not known here.
        with contextlib.suppress(httpx.TimeoutException):
            httpx.post(
                f"{self.institution.base}/fsi/callService",
                content=body,
                headers=self.institution.headers(),
                timeout=hurried,
            )

    def done(self, infno: str, nodes: object) -> Any:
        """The output of a transaction that has to succeed."""
        _, answer = self.send(infno, nodes)
        assert answer["infcode"] == 0, (infno, answer)
        return answer["output"]

    def undone(self, message: dict[str, Any], psn_no: str) -> bool:
        """2601 of a message; asks again while the message is still being settled. Whether there was something to undo."""
        told = {"psn_no": psn_no, "omsgid": message["msgid"], "oinfno": message["infno"]}
        while True:
            _, answer = self.send("2601", {"data": told})
            if answer["infcode"] == 0:
                return True
            if "[undo.running]" in answer["err_msg"]:
                time.sleep(0.01)
                continue
            assert "[undo.unknown]" in answer["err_msg"], answer
            return False


#: Settles for one patient: the message that pays, ready to be sent.
Bill = Callable[[Client, Person, int], tuple[str, dict[str, Any]]]


def hospital_bill(client: Client, patient: Person, number: int) -> tuple[str, dict[str, Any]]:
    """A visit registered and its lines uploaded; the input of 2207."""
    data = {
        "psn_no": patient.psn_no,
        "insutype": "310",
        "begntime": f"{client.institution.clock.now():%Y-%m-%d %H:%M:%S}",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": patient.certificate,
        "ipt_otp_no": f"MZ{number:06d}",
    }
    visit = client.done("2201", {"data": data})["data"]["mdtrt_id"]
    lines, total = _lines(client, number)
    rows = [line | {"mdtrt_id": visit, "psn_no": patient.psn_no, "chrg_bchno": "B1"} for line in lines]
    client.done("2204", {"feedetail": rows})
    pay = {
        "psn_no": patient.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": patient.certificate,
        "med_type": "11",
        "medfee_sumamt": total,
        "mdtrt_id": visit,
        "chrg_bchno": "B1",
        "acct_used_flag": client.chance.choice("12"),
        "insutype": "310",
    }
    return "2207", {"data": pay}


def pharmacy_bill(client: Client, patient: Person, number: int) -> tuple[str, dict[str, Any]]:
    """The input of 2102."""
    lines, total = _lines(client, number)
    info = {
        "psn_no": patient.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": patient.certificate,
        "begntime": f"{client.institution.clock.now():%Y-%m-%d %H:%M:%S}",
        "medfee_sumamt": total,
        "insutype": "310",
        "acct_used_flag": client.chance.choice("12"),
        "med_type": "41",
    }
    return "2102", {"druginfo": info, "drugdetail": lines}


def _lines(client: Client, number: int) -> tuple[list[dict[str, Any]], str]:
    """One to three fee lines with prices that leave odd fen, and their sum."""
    lines = []
    total = 0
    for place in range(client.chance.randint(1, 3)):
        count, cents = client.chance.randint(1, 3), client.chance.randint(101, 39_999)
        total += count * cents
        line = {
            "feedetl_sn": f"{number}-{place}",
            "fee_ocur_time": f"{client.institution.clock.now():%Y-%m-%d %H:%M:%S}",
            "med_list_codg": client.chance.choice(("C-A", "C-B", "C-C")),
            "det_item_fee_sumamt": f"{count * cents / 100:.2f}",
            "cnt": str(count),
            "pric": f"{cents / 100:.2f}",
        }
        lines.append(line)
    return lines, f"{total / 100:.2f}"
