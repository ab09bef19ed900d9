"""The demo's own system going through the scenarios as a right one does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from gongji.entrances.demo.families import CT
from gongji.entrances.demo.hospital import InstitutionSystem, total_of
from gongji.entrances.sandbox.conformance.scenarios import BY_KEY as SCENARIOS
from gongji.entrances.sandbox.institutions import InventedInstitution
from gongji.entrances.sandbox.people import BY_KEY as PEOPLE
from gongji.entrances.sandbox.people import InventedPerson
from gongji.foundation.errors import GongjiError

#: Longer than any delay that a scenario plays.
_TIMEOUT: Final = 30.0


#: One count for all runs: a second one in the same second has numbers of its own.
_SERIALS: Final = itertools.count(1)


class NotAnswered(GongjiError):
    """No answer of the interface came: whether it was done is not known."""


class CarefulSystem(InstitutionSystem):
    """A system that sends again what was not answered, as the same message, and nothing else.

    Attributes:
        sends_again: whether it does.
        last: the message that it sent last.
    """

    sends_again = True
    last: Mapping[str, Any]

    def send(self, infno: str, **nodes: object) -> dict[str, Any]:
        """See `InstitutionSystem`; without an answer the same message is sent once more, signed afresh."""
        self.last = message = self.message(infno, nodes)
        try:
            return self.answered(message)
        except NotAnswered:
            if not self.sends_again:
                raise
            return self.answered(message)

    def refused(self, infno: str, **nodes: object) -> None:
        """Send what has to be refused; an operator would read why."""
        try:
            self.send(infno, **nodes)
        except GongjiError:
            return

    def answered(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The output of a message, sent once.

        Raises:
            NotAnswered: when nothing came, or nothing of the interface.
            GongjiError: ``demo.refused``.
        """
        try:
            response = self.post(message)
        except httpx.TransportError as problem:
            raise NotAnswered("demo.not_answered", str(problem), "没有收到回复") from problem
        if response.status_code != 200:
            raise NotAnswered("demo.not_answered", f"HTTP {response.status_code}", "没有收到接口报文")
        answer = response.json()
        if answer.get("infcode") != 0:
            reason = str(answer.get("err_msg"))
            raise GongjiError("demo.refused", reason, reason)
        output = answer.get("output")
        return output if isinstance(output, dict) else {}


class Script:
    """One scenario's messages, in order."""

    def __init__(self, system: CarefulSystem, patient: InventedPerson | None) -> None:
        self.system = system
        self._patient = patient

    @property
    def patient(self) -> InventedPerson:
        """Whom it is about."""
        assert self._patient is not None
        return self._patient

    @property
    def _number(self) -> str:
        return self.patient.certificate.number

    def sign_on(self) -> None:
        """9001 and 9002."""
        signed = self.system.send("9001", signIn={"opter_no": "0053", "mac": "00-16-3E-00-00-01", "ip": "127.0.0.1"})
        sign_no = signed["signinoutb"]["sign_no"]
        self.system.send("9002", signOut={"sign_no": sign_no, "opter_no": "0053"})

    def visit(self) -> tuple[str, str, str]:
        """Up to the lines: psn_no, mdtrt_id and charging batch."""
        psn_no = str(self.system.identify(self._number)["baseinfo"]["psn_no"])
        mdtrt_id = self.system.register(psn_no, self._number, self.patient.scheme)
        return psn_no, mdtrt_id, self.system.upload(psn_no, mdtrt_id, [CT])

    def settled(self, infno: str = "2207", visit: tuple[str, str, str] | None = None) -> Mapping[str, Any]:
        """A visit and its settlement; gives the setlinfo."""
        psn_no, mdtrt_id, batch = visit or self.visit()
        return dict(
            self.system.settle(infno, psn_no, self._number, self.patient.scheme, mdtrt_id, batch, total_of([CT]), "1")[
                "setlinfo"
            ]
        )

    def settle_and_reverse(self) -> None:
        """All of a visit."""
        visit = self.visit()
        self.settled("2206", visit)
        self.system.take_back("2208", self.settled(visit=visit))

    def somebody_else_s_card(self) -> None:
        """A relative's card."""
        psn_no = str(self.system.identify(self._number)["baseinfo"]["psn_no"])
        card = PEOPLE["second_sharer"].certificate.number
        try:
            self.system.register(psn_no, card, self.patient.scheme)
        except GongjiError:
            return

    def delivered_twice(self) -> None:
        """A settlement, looked up."""
        setlinfo = self.settled()
        self.system.send("5203", data={"psn_no": setlinfo["psn_no"], "setl_id": setlinfo["setl_id"]})

    def signature_refused(self) -> None:
        """Asked twice, signed twice."""
        for _ in range(2):
            try:
                self.system.identify(self._number)
            except GongjiError:
                continue

    def undone(self) -> None:
        """A settlement without an answer, undone, then settled anew."""
        visit = self.visit()
        self.system.sends_again = False
        try:
            self.settled(visit=visit)
        except NotAnswered:
            lost = self.system.last
            undo = {"psn_no": visit[0], "omsgid": lost["msgid"], "oinfno": lost["infno"]}
            self.system.send("2601", data=undo)
            self.settled(visit=visit)

    def amounts_differ(self) -> None:
        """A total that is wrong by one yuan, then the right one."""
        psn_no, mdtrt_id, batch = self.visit()
        try:
            self.system.settle("2207", psn_no, self._number, self.patient.scheme, mdtrt_id, batch, "801.00", "1")
        except GongjiError:
            self.settled(visit=(psn_no, mdtrt_id, batch))

    def reversed_twice(self) -> None:
        """A reversal too many."""
        setlinfo = self.settled()
        self.system.take_back("2208", setlinfo)
        again = {name: setlinfo[name] for name in ("setl_id", "mdtrt_id", "psn_no")}
        self.system.refused("2208", data=again)

    def lines_corrected(self) -> None:
        """Lines withdrawn and sent again."""
        psn_no, mdtrt_id, batch = self.visit()
        self.system.send("2205", data={"psn_no": psn_no, "mdtrt_id": mdtrt_id, "chrg_bchno": batch})
        self.settled(visit=(psn_no, mdtrt_id, self.system.upload(psn_no, mdtrt_id, [CT])))

    def no_cover(self) -> None:
        """What may be used, asked before anything is done."""
        person = self.system.identify(self._number)
        self.system.send(
            "2001",
            data={
                "psn_no": person["baseinfo"]["psn_no"],
                "insutype": self.patient.scheme,
                "fixmedins_code": self.system.code,
                "med_type": "11",
                "begntime": self.system.message("2001", {})["inf_time"],
            },
        )

    def stay(self) -> None:
        """A stay from its admission to the reversal, and then undone, so that it can be played again."""
        send, now = self.system.send, str(self.system.message("", {})["inf_time"])
        psn_no = str(self.system.identify(self._number)["baseinfo"]["psn_no"])
        card = {"mdtrt_cert_type": "02", "mdtrt_cert_no": self._number}
        admission = {
            "psn_no": psn_no,
            "insutype": self.patient.scheme,
            "begntime": f"{now[:10]} 00:00:00",
            "med_type": "21",
            "ipt_no": f"ZY{next(_SERIALS):06d}",
            "exp_content": {"deposit_amt": "200.00", "deposit_acct": "1"},
        }
        illness = {"psn_no": psn_no, "diag_type": "1", "diag_code": "I25.103", "diag_name": "冠状动脉粥样硬化性心脏病"}
        admitted = send("2401", mdtrtinfo=admission | card, diseinfo=[illness])
        named = {"mdtrt_id": admitted["result"]["mdtrt_id"], "psn_no": psn_no}
        fee = {
            "feedetl_sn": f"{next(_SERIALS):08d}",
            "fee_ocur_time": now,
            "med_list_codg": CT.code,
            "det_item_fee_sumamt": total_of([CT]),
            "cnt": CT.count,
            "pric": CT.price,
        }
        send("2301", feedetail=[fee | named])
        bill = {"medfee_sumamt": total_of([CT]), "acct_used_flag": "1", "insutype": self.patient.scheme}
        send("2303", data=named | card | bill)
        send("2402", dscginfo=named | {"insutype": self.patient.scheme, "endtime": now, "dscg_way": "1"})
        send("2304", data=named | card | bill)
        send("2305", data=named)
        send("2405", data=named)
        send("2302", data=[named | {"feedetl_sn": "0000"}])
        send("2404", data=named)

    def day_end(self) -> None:
        """A settlement and the sums of its region and scheme; then it is taken back, so that it can be played again."""
        paid = self.settled()
        day = str(paid["setl_time"])[:10]
        sums = {name: paid[name] for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")}
        scope = {
            "insutype": paid["insutype"],
            "setl_optins": paid["clr_optins"],
            "stmt_begndate": day,
            "stmt_enddate": day,
            "fixmedins_setl_cnt": "1",
        }
        self.system.send("3201", data=scope | sums)
        self.system.take_back("2208", paid)

    def purchase(self) -> None:
        """A purchase quoted, settled and taken back."""
        person = self.system.identify(self._number)["baseinfo"]
        self.system.sell(person, self._number, self.patient.scheme, [CT], "1", infno="2101")
        self.system.take_back("2103", self.bought()["setlinfo"])

    def bought(self) -> Mapping[str, Any]:
        """A purchase."""
        person = self.system.identify(self._number)["baseinfo"]
        return self.system.sell(person, self._number, self.patient.scheme, [CT], "1")


#: What is played for each scenario.
_PLAYS: Final[Mapping[str, Callable[[Script], object]]] = {
    "sign_on": Script.sign_on,
    "settle_and_reverse": Script.settle_and_reverse,
    "sharing": Script.settled,
    "somebody_else_s_card": Script.somebody_else_s_card,
    "lost_reply": Script.settled,
    "undone": Script.undone,
    "lost_request": Script.settled,
    "bad_gateway": Script.settled,
    "delivered_twice": Script.delivered_twice,
    "signature_refused": Script.signature_refused,
    "amounts_differ": Script.amounts_differ,
    "reversed_twice": Script.reversed_twice,
    "lines_corrected": Script.lines_corrected,
    "no_cover": Script.no_cover,
    "stay": Script.stay,
    "day_end": Script.day_end,
    "purchase": Script.purchase,
    "purchase_lost_reply": Script.bought,
}


def play(base: str, institution: InventedInstitution, key: str) -> None:
    """Go through a scenario that was started; what does not work shows in its outcome.

    Args:
        base: the sandbox's address.
        institution: where.
        key: of the scenario.
    """
    person = PEOPLE.get(SCENARIOS[key].patient)
    with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
        system = CarefulSystem(
            client,
            base,
            institution.code,
            institution.name,
            institution.region,
            institution.paasid,
            institution.secret,
            _SERIALS,
        )
        try:
            _PLAYS[key](Script(system, person))
        except GongjiError:
            return
