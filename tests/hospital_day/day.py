"""The day itself, and its evening: sums and lines held against ours, a planted difference found, the books proven."""

from __future__ import annotations

import base64
import io
import random
import threading
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.settings import Settings
from gongji.registry.keys import add_institution_key
from gongji.registry.model import Person
from gongji.registry.service import people_by_id
from gongji.rules.book import RuleBook
from hospital_day.counters import SECRET, Bill, Client, Institution, hospital_bill, pharmacy_bill
from town import TIELING, Town

HOSPITAL, PHARMACY = "H21120200001", "P21120200003"

#: Shares of the visits: reply never arrived and undone by 2601; refunded by 2208 or 2103; undone before they came.
UNDONE, REFUNDED, LATE = 0.03, 0.02, 0.005

#: The share of all replies that never arrive.
LOST = 0.05


@dataclass
class Evening:
    """What came of the day.

    Attributes:
        seen: how often each thing happened.
        problems: what did not agree; empty when everything did.
        planted: differences that were planted, and found by name.
    """

    seen: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    planted: list[str] = field(default_factory=list)


def live(
    town: Town,
    folder: Path,
    visits: int,
    *,
    threads: int = 6,
    seed: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> Evening:
    """Live a day over HTTP on loopback.

    Args:
        town: an empty town.
        folder: for uploaded files.
        visits: how many, about a third of them at the pharmacy.
        threads: tills, two thirds of them the hospital's.
        seed: what is drawn from.
        progress: told of every visit.
    """
    patients = _families(town, max(10, visits // 10))
    for code in (HOSPITAL, PHARMACY):
        with town.database.transaction() as connection:
            add_institution_key(
                connection, town.vault, town.institution(code).id, f"paas-{code}", SECRET, town.clock.now()
            )
    settings = Settings(data=folder, institution_rate=0)
    platform = Platform(settings, town.database, town.vault, town.clock, RuleBook.shipped())
    evening = Evening()
    with ExitStack() as stack:
        stack.callback(platform.close)
        base = stack.enter_context(serving(NationalGateway(platform), "127.0.0.1", 0))
        hospital, pharmacy = (Institution(base, code, town.clock) for code in (HOSPITAL, PHARMACY))
        tills = [
            _Till(hospital if number % 3 else pharmacy, random.Random(f"{seed}-{number}"), patients, number // 6)
            for number in range(threads)
        ]
        _work(tills, visits, progress)
        for institution, clearing in ((hospital, "11"), (pharmacy, "41")):
            for what, often in institution.seen.items():
                evening.seen[what] = evening.seen.get(what, 0) + often
            till = Client(institution, random.Random(seed), lose=0, pair=threads)
            stack.callback(till.close)
            _reconcile(till, clearing, evening)
    return evening


@dataclass
class _Till:
    institution: Institution
    chance: random.Random
    patients: Sequence[Person]
    pair: int

    def serve(self, client: Client, number: int) -> None:
        """One patient, with whatever goes wrong."""
        patient = self.chance.choice(self.patients)
        bill: Bill = hospital_bill if self.institution.code == HOSPITAL else pharmacy_bill
        infno, nodes = bill(client, patient, number)
        fate = self.chance.random()
        if fate < UNDONE:
            self._undo(client, patient, infno, nodes)
            return
        if fate < UNDONE + LATE:
            self._undo_before_it_comes(client, patient, infno, nodes)
            return
        _, answer = client.send(infno, nodes)
        assert answer["infcode"] == 0, answer
        info = answer["output"]["setlinfo"]
        self.institution.ledger.enter(info)
        self.institution.seen["settled"] += 1
        if fate > 1 - REFUNDED:
            back = {"psn_no": patient.psn_no, "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}
            refund = client.done("2208" if infno == "2207" else "2103", {"data": back})["setlinfo"]
            self.institution.ledger.enter(refund)
            self.institution.seen["refunded"] += 1

    def _undo(self, client: Client, patient: Person, infno: str, nodes: dict[str, Any]) -> None:
        """The reply to the settlement never arrives, and the till gives up: 2601."""
        message = self._own(client, infno, nodes)
        client.lose_reply(message)
        arrived = client.undone(message, patient.psn_no)
        self.institution.seen["undone" if arrived else "undone before it came"] += 1
        again = client.post(message).json()
        assert again["infcode"] == -1, again
        assert "[message.undone]" in again["err_msg"], again

    def _undo_before_it_comes(self, client: Client, patient: Person, infno: str, nodes: dict[str, Any]) -> None:
        """The settlement is stuck on its way; 2601 overtakes it."""
        message = self._own(client, infno, nodes)
        assert not client.undone(message, patient.psn_no)
        self.institution.seen["undone before it came"] += 1
        late = client.post(message).json()
        assert "[message.undone]" in late["err_msg"], late

    def _own(self, client: Client, infno: str, nodes: dict[str, Any]) -> dict[str, Any]:
        """A message under a number that no other till uses: what is undone must be one's own."""
        number = f"{id(client) % 10**6:06d}{self.chance.randrange(10**10):010d}"
        return self.institution.message(infno, f"{self.institution.code}{number}", nodes)


def _work(tills: Sequence[_Till], visits: int, progress: Callable[[], None]) -> None:
    waiting: SimpleQueue[int] = SimpleQueue()
    for number in range(1, visits + 1):
        waiting.put(number)
    failures: list[BaseException] = []

    def work(till: _Till) -> None:
        client = Client(till.institution, till.chance, LOST, till.pair)
        try:
            while not waiting.empty() and not failures:
                till.serve(client, waiting.get())
                progress()
        except BaseException as failure:  # noqa: BLE001  (told by the thread that waits)
            failures.append(failure)
        finally:
            client.close()

    threads = [threading.Thread(target=work, args=(till,)) for till in tills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _families(town: Town, many: int) -> list[Person]:
    """Retired mothers with a little of their own and a child's account behind them."""
    mothers = []
    for number in range(many):
        home = f"家{number}"
        mother = town.person(f"母{number}", "1955-08-13", "retired", balance=number % 7 * 40_00, household=home)
        child = town.person(f"子{number}", "1980-03-01", "active", balance=9_000_00, household=home)
        town.share(child, mother)
        mothers.append(mother)
    with town.database.transaction() as connection:
        found = people_by_id(connection, town.vault, mothers)
    return [found[mother] for mother in mothers]


def _reconcile(till: Client, clearing: str, evening: Evening) -> None:
    """3201 and 3202 must agree; then with two planted differences they must not, and name both."""
    institution = till.institution
    code, ledger = institution.code, institution.ledger
    day = f"{institution.clock.now():%Y-%m-%d}"
    span = {"setl_optins": TIELING, "clr_type": clearing, "stmt_begndate": day, "stmt_enddate": day}
    total, funds, accounts, count = ledger.sums()
    sums = span | {"insutype": "310", "medfee_sumamt": total, "fund_pay_sumamt": funds, "acct_pay": accounts}
    told = till.done("3201", {"data": sums | {"fixmedins_setl_cnt": str(count)}})["stmtinfo"]
    if told["stmt_rslt"] != "0":
        evening.problems.append(f"{code}: 3201 {told['stmt_rslt_dscr']}")
    for cells in _details(till, span, list(ledger.rows.values())):
        if cells[4] != "0":
            evening.problems.append(f"{code}: 3202 {cells}")
    _plant(till, span, evening)


def _plant(till: Client, span: dict[str, str], evening: Evening) -> None:
    """One amount a fen higher, one settlement left out."""
    ledger, code = till.institution.ledger, till.institution.code
    settled = [cells for cells in ledger.rows.values() if cells[6] == "0"]
    wrong, left_out = settled[0], settled[-1]
    changed = [*wrong[:3], f"{float(wrong[3]) + 0.01:.2f}", *wrong[4:]]
    rows = [changed if cells is wrong else cells for cells in ledger.rows.values() if cells is not left_out]
    named = [cells for cells in _details(till, span, rows) if cells[4] != "0"]
    expected = {("setl_id", wrong[0]), ("msgid", ledger.msgids[left_out[0]])}
    found = {("setl_id", cells[2]) if cells[2] != "null" else ("msgid", cells[3]) for cells in named}
    if found != expected:
        evening.problems.append(f"{code}: planted {expected}, found {found}")
    evening.planted += [cells[6] for cells in named]


def _details(till: Client, span: dict[str, str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """9101, 3202 and 9102; gives the lines of the result."""
    code = till.institution.code
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("detail.txt", "".join("\t".join(cells) + "\n" for cells in rows))
    told = {"in": base64.b64encode(packed.getvalue()).decode(), "filename": "d.zip", "fixmedins_code": code}
    number = till.done("9101", {"fsUploadIn": told})["file_qury_no"]
    sums = [sum(round(float(cells[column]) * 100) for cells in rows) / 100 for column in (3, 4)]
    asked = {"file_qury_no": number, "medfee_sumamt": f"{sums[0]:.2f}", "fund_pay_sumamt": f"{sums[1]:.2f}"}
    asked |= {"cash_payamt": "0", "fixmedins_setl_cnt": str(len(rows))}
    info = till.done("3202", {"data": span | asked})["fileinfo"]
    wanted = {"file_qury_no": info["file_qury_no"], "filename": info["filename"], "fixmedins_code": code}
    message = till.institution.message("9102", till.next_msgid(), {"fsDownloadIn": wanted})
    with zipfile.ZipFile(io.BytesIO(till.post(message).content)) as archive:
        return [line.split("\t") for line in archive.read(archive.namelist()[0]).decode().splitlines()]
