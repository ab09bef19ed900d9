"""A hospital's ward for tests: patients are admitted, treated, discharged and settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from gongji.foundation.clock import CHINA
from gongji.ledger.holds import HoldPurpose, HoldReceipt
from gongji.registry.entering import add_institutions
from gongji.registry.entries import NewInstitution
from gongji.registry.model import Institution, InstitutionKind
from gongji.rules.model import Tier
from gongji.settlement import admission_lines, admissions
from gongji.settlement.admissions import Admission
from gongji.settlement.holds.model import HoldKey, PlaceHold
from gongji.settlement.model import (
    AccountUse,
    FeeLine,
    PricedLine,
    RegisterVisit,
    Reverse,
    SettleAdmission,
    Settlement,
    wire_id,
)
from town import Town

XIAN, ANQING = "610100", "340800"


def moment(text: str) -> datetime:
    """``2024-02-10`` at nine in the morning, or with its hour."""
    return datetime.fromisoformat(text if len(text) > 10 else f"{text} 09:00").replace(tzinfo=CHINA)


@dataclass
class Ward:
    """One hospital's ward."""

    town: Town
    hospital: Institution

    @classmethod
    def built(cls, town: Town, code: str, name: str, region: str, tier: Tier = Tier.TIER_3) -> Ward:
        """A hospital that the town did not have."""
        with town.database.transaction() as connection:
            new = NewInstitution(code, name, InstitutionKind.HOSPITAL, tier, region, date(2020, 1, 1))
            add_institutions(connection, [new])
        return cls(town, town.institution(code))

    def reference(self, stay: Admission) -> str:
        """The stay's number on the wire."""
        return wire_id(self.hospital.region, stay.id)

    def admit(self, patient: int, on: str, med_type: str = "21", **key: str) -> Admission:
        """2401 on a day; the clock is set to it."""
        at = moment(on)
        self.town.clock.set(at)
        scheme = self.town.scheme_of(patient)
        command = RegisterVisit(self.town.key(self.hospital, "2401", **key), patient, "住院1", scheme, at, {})
        diagnosis = {"diag_srt_no": "1", "diag_code": "I25.103", "diag_name": "冠心病"}
        return admissions.admit(self.town.database, command, self.hospital, med_type, [diagnosis], at)

    def treat(self, stay: Admission, *bill: tuple[str, int, str], on: str | None = None) -> list[FeeLine]:
        """2301: lines of (item, count, unit price in yuan), on the clock's day or another."""
        lines = list(self.town.lines(*bill, batch=""))
        if on is not None:
            lines = [_on(line, moment(on)) for line in lines]
        return self.upload(stay, lines)

    def upload(self, stay: Admission, lines: list[PricedLine]) -> list[FeeLine]:
        """2301 of lines as they are."""
        with self.town.database.transaction() as connection:
            known = self.own(connection, stay)
            return admission_lines.upload_lines(connection, known, lines, self.town.clock.now())

    def own(self, connection: Any, stay: Admission) -> Admission:
        """The stay under lock."""
        return admissions.own_admission(connection, self.hospital.id, stay.visit.person_id, stay.id)

    def discharge(self, stay: Admission, on: str) -> None:
        """2402 on a day; the clock is set to it."""
        self.town.clock.set(moment(on))
        with self.town.database.transaction() as connection:
            admissions.discharge(connection, self.own(connection, stay), moment(on), {}, [], moment(on))

    def undo_discharge(self, stay: Admission) -> None:
        """2405."""
        with self.town.database.transaction() as connection:
            admissions.undo_discharge(connection, self.own(connection, stay), self.town.clock.now())

    def cancel(self, stay: Admission) -> None:
        """2404."""
        with self.town.database.transaction() as connection:
            admissions.cancel_admission(connection, self.own(connection, stay), self.town.clock.now())

    def state(self, stay: Admission) -> str:
        """Where the stay is in its life."""
        with self.town.database.transaction() as connection:
            found = admissions.find_admission(connection, stay.id)
        assert found is not None
        return str(found.state)

    def bill(
        self, stay: Admission, total: int, use: str = "1", *, mid_stay: bool = False, **key: str
    ) -> SettleAdmission:
        """The command to settle a stay (2304)."""
        return SettleAdmission(
            key=self.town.key(self.hospital, "2304", **key),
            institution=self.hospital,
            person_id=stay.visit.person_id,
            visit_id=stay.id,
            batch=None,
            total=total,
            account_use=AccountUse(use),
            scheme=stay.visit.scheme,
            med_type="",
            certificate_kind="02",
            mid_stay=mid_stay,
        )

    def settle(self, stay: Admission, total: int, use: str = "1", *, mid_stay: bool = False) -> Settlement:
        """2304 that goes through."""
        return self.town.settled(self.bill(stay, total, use, mid_stay=mid_stay))

    def reversal(self, settlement: Settlement, **key: str) -> Reverse:
        """The command to take a settlement of a stay back (2305)."""
        wire = self.town.key(self.hospital, "2305", **key)
        person, visit = settlement.person_id, settlement.visit_id
        return Reverse(wire, self.hospital, person, visit, settlement.id, stay=True)

    def stayed(self, patient: int, came: str, left: str, *bill: tuple[str, int, str], use: str = "1") -> Settlement:
        """A whole stay with one bill, settled on the day of discharge."""
        stay = self.admit(patient, came)
        kept = self.treat(stay, *bill)
        self.discharge(stay, left)
        return self.settle(stay, sum(fee.line.total for fee in kept), use)

    def deposit(self, stay: Admission, amount: int, payer: int | None = None, under: int | None = None) -> HoldReceipt:
        """A deposit that is held."""
        patient = stay.visit.person_id
        command = PlaceHold(
            key=HoldKey(f"ward:{next(self.town.numbers)}", b"." * 32),
            person_id=patient,
            payer_id=patient if payer is None else payer,
            amount=amount,
            purpose=HoldPurpose.DEPOSIT,
            reference=self.reference(stay),
            expires_at=self.town.clock.now() + timedelta(days=10),
            authorisation_id=under,
        )
        (outcome,) = self.town.do(command)
        assert isinstance(outcome, HoldReceipt), outcome
        return outcome


def _on(line: PricedLine, at: datetime) -> PricedLine:
    return replace(line, occurred_at=at)
