"""The stories, told over HTTP: what citizens and officers do over REST, what institutions do over the national
interface. Nothing here reaches into the platform but to make log-ins and to verify the books in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx

from gongji.entrances.demo import families
from gongji.entrances.demo.api import ApiClient, ApiRefusal
from gongji.entrances.demo.families import Member
from gongji.entrances.demo.hospital import InstitutionSystem, Item, total_of
from gongji.entrances.demo.world import FILES, rows
from gongji.entrances.platform import Platform
from gongji.foundation.access import Caller, Duty, Role, grant
from gongji.foundation.money import parse_yuan, yuan
from gongji.oversight.alerts.drugs import MonitoredDrug, put
from gongji.oversight.alerts.scan import scan
from gongji.registry.certificate import CITIZEN_ID, certificate_key
from gongji.registry.service import person_by_credential

#: How long the log-ins of the demo hold.
LOG_IN: Final = timedelta(days=1)

#: Fields of setlinfo that are amounts of money.
AMOUNTS: Final = (
    "medfee_sumamt",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "inscp_scp_amt",
    "act_pay_dedc",
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "oth_pay",
    "fund_pay_sumamt",
    "psn_part_amt",
    "acct_pay",
    "acct_mulaid_pay",
    "psn_cash_pay",
    "balc",
)


@dataclass
class Listener:
    """Hears what happens, to tell it in the terminal; by default it says nothing."""

    said: Callable[[str], None] = lambda sentence: None
    settled: Callable[[Mapping[str, Any]], None] = lambda settlement: None


@dataclass
class Stories:
    """Plays the stories against a running platform and gathers what came of them.

    Attributes:
        settlements: each with region, infno, amounts of setlinfo in yuan and the explanation.
        refusals: what was refused, with code and sentences.
        links: a link to each citizen's page, by name.
    """

    platform: Platform
    client: httpx.Client
    base: str
    listener: Listener = field(default_factory=Listener)
    settlements: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[dict[str, str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    _systems: dict[str, InstitutionSystem] = field(default_factory=dict)

    def play(self) -> None:
        """The stories, one after the other."""
        self._tieling()
        self._claiming()
        self._jining()
        self._allotting()
        self._elsewhere()
        self._supervising()

    def _tieling(self) -> None:
        """A mother's year in Tieling: bound by review, two visits, a purchase, one visit taken back."""
        mother, son = families.MOTHER, families.SON
        say = self.listener.said
        say(f"Tieling 铁岭: {son.name} shares his account with his mother {mother.name}; Liaoning reviews it first.")
        sons = self.citizen(son)
        made = sons.post("/authorisations", _binding(mother, "parent", commitment=False))
        say(f"  asked for: {made['state_words']['zh']} ({made['state']})")
        case = f"/authorisations/{made['id']}"
        _hand_in(sons, case, "household-register-blurred.png")
        officer = self.officer("0210", "211200")
        unreadable = {"decision": "return", "item": "household_book", "reason": "unreadable"}
        say(f"  an officer returns one item: {officer.post(f'{case}/review', unreadable)['state_words']['zh']}")
        _hand_in(sons, case, "household-register.png")
        approved = officer.post(f"{case}/review", {"decision": "approve"})
        say(f"  handed in again and approved: {approved['state_words']['zh']} ({approved['state']})")

        hospital, pharmacy = self.institution("H21120000101"), self.institution("P21120000201")
        psn_no = self._sign_on(hospital, mother)
        first = self._visit(hospital, mother, psn_no, families.FIRST_VISIT, "1", ask_first=True)
        second = self._visit(hospital, mother, psn_no, families.SECOND_VISIT, "1")
        person = self._identified(pharmacy, mother)
        bought = pharmacy.sell(person, mother.certificate, mother.insutype, families.PHARMACY, "1")
        self._note("2102", mother, pharmacy, bought["setlinfo"])
        self._note("2208", mother, hospital, hospital.take_back("2208", second)["setlinfo"])
        hospital.compare([first, second])
        say("  in the evening the hospital compares its books, without the refund: officer 0213 finds the difference")
        mothers = self.citizen(mother)
        asked = mothers.post("/authorisations", _binding(son, "child", commitment=False))
        _hand_in(mothers, f"/authorisations/{asked['id']}", "household-register.png")
        say(f"  {mother.name} asks to share with {son.name} too: that case waits for an officer at /office/")

    def _claiming(self) -> None:
        """The mother paid in cash while the hospital could not settle, and claims it: that waits for an officer."""
        mother, say = families.MOTHER, self.listener.said
        hers = self.citizen(mother)
        claim = f"/claims/{hers.post('/claims', {'why': 'platform_down'})['id']}"
        lines = [
            {
                "name": item.name,
                "code": item.code,
                "pieces": item.count,
                "total_fen": item.count * parse_yuan(item.price, "price"),
            }
            for item in families.PAID_IN_CASH
        ]
        today = f"{self.platform.clock.now():%Y-%m-%d}"
        whole = {
            "institution": "H21120000101",
            "visit": {"med_type": "11", "began_on": today},
            "invoices": [families.CASH_INVOICE],
            "lines": lines,
            "bank": {"bank": "铁岭银行", "account": "6222021100001234567", "holder": mother.name, "own": True},
        }
        hers.patch(claim, whole)
        for kind in ("detail", "prescription"):
            picture = (families.CASH_BILL, (FILES / families.CASH_BILL).read_bytes(), "image/png")
            hers.post(f"{claim}/documents", files={"file": picture}, data={"kind": kind})
        came = hers.post(f"{claim}/submit")
        say(
            f"  {mother.name} paid ¥{yuan(came['total_fen'])} in cash while the hospital could not settle: her claim"
            f" {came['number']} waits for officer 0210 at /office/claims"
        )

    def _jining(self) -> None:
        """A father in Jining without an account: bound by commitment, and one daughter at a time."""
        father, daughter, second = families.FATHER, families.DAUGHTER, families.SECOND_DAUGHTER
        say = self.listener.said
        say(f"Jining 济宁: {daughter.name} shares with her father {father.name}, a resident without an account.")
        made = self.citizen(daughter).post("/authorisations", _binding(father, "parent", commitment=True))
        say(f"  on her commitment, at once: {made['state_words']['zh']} ({made['state']})")
        try:
            self.citizen(second).post("/authorisations", _binding(father, "parent", commitment=True))
        except ApiRefusal as refusal:
            self.refusals.append({"region": "370800", "code": refusal.code, "zh": refusal.zh, "en": refusal.en})
            say(f"  her sister {second.name} is refused: {refusal.zh}")
        hospital = self.institution("H37080000101")
        psn_no = self._sign_on(hospital, father)
        self._visit(hospital, father, psn_no, families.FATHERS_VISIT, "2", ask_first=True)
        today = f"{self.platform.clock.now():%Y-%m-%d}"
        self.officer("0810", "370800").put(f"/wallet/institutions/{hospital.code}", {"since": today})
        self.citizen(daughter).post("/wallet", {"area": "370800"})
        say(f"  from today {hospital.name} takes the wallet (officer 0810), and {daughter.name} has opened hers")

    def _allotting(self) -> None:
        """A father for whom money has to be allotted first, by a set of rules that no region has."""
        father, daughter = families.GIVERS_FATHER, families.GIVER
        say = self.listener.said
        say(
            f"Allotment first 先划拨 (a labelled set of rules, no region's): {daughter.name} and her father {father.name}."
        )
        hers = self.citizen(daughter)
        case = f"/authorisations/{hers.post('/authorisations', _binding(father, 'parent', commitment=False))['id']}"
        _hand_in(hers, case, "household-register.png")
        self.officer("9901", "990000").post(f"{case}/review", {"decision": "approve"})
        hers.post("/allotment/give", {"authorisation": None, "amount_fen": families.GIVEN})
        pharmacy = self.institution("P99000000201")
        person = self._identified(pharmacy, father)
        bought = pharmacy.sell(person, father.certificate, father.insutype, families.PHARMACY, "2")
        self._note("2102", father, pharmacy, bought["setlinfo"])
        left = hers.get("/allotment")
        say(
            f"  of ¥{yuan(families.GIVEN)} for her family ¥{yuan(left['given_fen'])} are left; she keeps"
            f" ¥{yuan(left['kept_fen'])} and can give ¥{yuan(left['can_give_fen'])} more"
        )

    def _elsewhere(self) -> None:
        """The son of Tieling falls ill in Jining: what his account pays there Tieling owes to Jining."""
        son, hospital = families.SON, self.institution("H37080000101")
        say = self.listener.said
        say(f"Between regions 地区间: {son.name} of Tieling sees a doctor in Jining.")
        paid = self._visit(hospital, son, self._sign_on(hospital, son), families.SECOND_VISIT, "1")
        say(
            f"  ¥{_yuan(paid['acct_pay'])} of his account are owed by Tieling to Jining this month: officers 0213 and 0812 see"
            " it under 清算, or `gongji clearing positions`"
        )

    def _supervising(self) -> None:
        """The mother in Tieling buys far more of a drug than a quarter's days can use; an officer asks her why."""
        mother = families.MOTHER
        pharmacy = self.institution("P21120000201")
        pharmacy.sell(
            self._identified(pharmacy, mother), mother.certificate, mother.insutype, families.EIGHT_BOXES, "0"
        )
        drug = MonitoredDrug("000000", families.AMLODIPINE.code, families.FOUR_WEEKS, "demo: one tablet a day")
        with self.platform.database.transaction() as connection:
            put(connection, [drug])
        scan(self.platform.database, self.platform.clock)
        inspector = self.officer("0215", "211200", Duty.INSPECTOR)
        case = inspector.get("/oversight/cases")[0]
        told = inspector.post(f"/oversight/cases/{case['id']}/claim", {})
        self.listener.said(f"Supervision 稽核: {told['alerts'][0]['told']['zh']}")
        reader = next(one for one in told["readers"] if one.startswith("person:"))
        asked = {"reader": reader, "words": "这个季度买的氨氯地平比较多，是给谁吃的？有处方的请拍一张。"}
        inspector.post(f"/oversight/cases/{case['id']}/ask", asked)
        self.listener.said(
            f"  officer 0215 asks {mother.name} in a letter (/c/letters); her answer comes to /office/alerts"
        )

    def _sign_on(self, institution: InstitutionSystem, patient: Member) -> str:
        institution.send("9001", signIn={"opter_no": "0053", "mac": "00-16-3E-00-00-01", "ip": "127.0.0.1"})
        return str(self._identified(institution, patient)["psn_no"])

    def _identified(self, institution: InstitutionSystem, patient: Member) -> Mapping[str, Any]:
        found: Mapping[str, Any] = institution.identify(patient.certificate)["baseinfo"]
        return found

    def _visit(
        self,
        hospital: InstitutionSystem,
        patient: Member,
        psn_no: str,
        items: Sequence[Item],
        flag: str,
        *,
        ask_first: bool = False,
    ) -> Mapping[str, Any]:
        """Register, upload, ask what it will come to if wanted, settle; gives the setlinfo."""
        mdtrt_id = hospital.register(psn_no, patient.certificate, patient.insutype)
        batch = hospital.upload(psn_no, mdtrt_id, items)
        asked = (psn_no, patient.certificate, patient.insutype, mdtrt_id, batch, total_of(items), flag)
        if ask_first:
            quoted = hospital.settle("2206", *asked)["setlinfo"]
            self.listener.said(f"  pre-settled: the till would ask for ¥{_yuan(quoted['psn_cash_pay'])} in cash")
        settled: Mapping[str, Any] = hospital.settle("2207", *asked)["setlinfo"]
        self._note("2207", patient, hospital, settled)
        return settled

    def _note(self, infno: str, patient: Member, place: InstitutionSystem, setlinfo: Mapping[str, Any]) -> None:
        """Keep a settlement with the explanation that the patient is given over REST."""
        told = self.citizen(patient).get(f"/settlements/{setlinfo['setl_id']}")
        settlement: dict[str, Any] = {"region": setlinfo["clr_optins"], "infno": infno, "patient": patient.name}
        settlement |= {"place": place.name, "setl_id": setlinfo["setl_id"]}
        settlement |= {name: _yuan(setlinfo[name]) for name in AMOUNTS}
        settlement["explanation"] = [_payer_line(payer) for payer in told["payers"]]
        settlement["steps"] = [step["sentence"]["zh"] for step in told["steps"]]
        self.settlements.append(settlement)
        self.listener.settled(settlement)

    def citizen(self, member: Member) -> ApiClient:
        """A citizen who has logged in; their page's link is kept."""
        with self.platform.database.transaction() as connection:
            key = certificate_key(CITIZEN_ID, member.certificate)
            person = person_by_credential(connection, self.platform.vault, "certificate", key)
            assert person is not None, "the demo world has all members"
            caller = Caller(Role.CITIZEN, "citizen", person.id)
            token = grant(connection, caller, at=self.platform.clock.now(), lasts=LOG_IN)
        self.links.setdefault(member.name, f"{self.base}/c/enter?token={token}")
        return ApiClient(self.client, self.base, token)

    def officer(self, holder: str, region: str, *duties: Duty) -> ApiClient:
        """An officer who has logged in."""
        with self.platform.database.transaction() as connection:
            caller = Caller(Role.OFFICER, holder, None, region, frozenset(duties))
            token = grant(connection, caller, at=self.platform.clock.now(), lasts=LOG_IN)
        return ApiClient(self.client, self.base, token)

    def institution(self, code: str) -> InstitutionSystem:
        """The system of one of the world's institutions: one each, so that none numbers two messages alike."""
        if code not in self._systems:
            row = next(row for row in rows("institutions") if row["code"] == code)
            keys = row["paasid"], row["secret"]
            self._systems[code] = InstitutionSystem(self.client, self.base, code, row["name"], row["region"], *keys)
        return self._systems[code]


def _binding(user: Member, relation: str, *, commitment: bool) -> dict[str, object]:
    relative = {"certificate_number": user.certificate, "name": user.name}
    return {"user": relative, "relation": relation, "commitment": commitment}


def _hand_in(sharer: ApiClient, case: str, picture: str) -> None:
    """Hand in a picture of the household register."""
    document = {"file": (picture, (FILES / picture).read_bytes(), "image/png")}
    sharer.post(f"{case}/evidence", files=document, data={"kind": "household_book"})


def _payer_line(payer: Mapping[str, Any]) -> dict[str, Any]:
    clause = payer["clause"]
    return {
        "payer": payer["payer"],
        "label": payer["label"]["zh"],
        "amount_fen": payer["amount_fen"],
        "because": payer["because_code"],
        "says": payer["because"]["zh"],
        "clause": f"{clause['title']}（{clause['grade']}）：{clause['quote']}" if clause else None,
    }


def _yuan(amount: object) -> str:
    """An amount of the wire as text in yuan."""
    return yuan(parse_yuan(amount, "amount", negative=True))
