"""A family that paid in cash, and the agency's officers: 0210 decides, 0330 is the second, 0550 pays."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from PIL import Image

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.documents import Document, read_document
from gongji.foundation.files import FileStore
from gongji.foundation.ids import bucket_of
from gongji.foundation.inbox import messages_of
from gongji.foundation.workdays import Calendar
from gongji.ledger.history import balance_at
from gongji.ledger.model import AccountKind, open_account, personal_account
from gongji.reimbursement import casework, deciding, filling, paying, service, store
from gongji.reimbursement.casework import OfficersDoing
from gongji.reimbursement.deciding import Proposal
from gongji.reimbursement.model import Claim, Decision
from gongji.reimbursement.service import Doing
from gongji.settlement.proof import prove
from town import TIELING, Town

#: The bill of the worked example, as the family wrote it off the paper: name, code, pieces, fen.
EXAMPLE = (("CT平扫", "C-A", 1, 800_00), ("阿托伐他汀", "C-B", 2, 400_00), ("自费贴膏", "C-C", 1, 68_50))


def at(text: str) -> datetime:
    """``2024-03-05`` at ten, or with its hour."""
    return datetime.fromisoformat(text if len(text) > 10 else f"{text} 10:00").replace(tzinfo=CHINA)


def officer(number: str, *duties: Duty, region: str = TIELING) -> Caller:
    """An officer of an agency."""
    return Caller(Role.OFFICER, number, None, region, frozenset(duties))


def a_photo() -> Document:
    """A photographed paper."""
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    return read_document(drawn.getvalue())


@dataclass
class Home:
    """What tests do with claims, each step in a transaction of its own."""

    town: Town
    folder: Path
    region: str = TIELING
    numbers: int = 0
    photo: Document = field(default_factory=a_photo)
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def files(self) -> FileStore:
        """Where documents are kept."""
        return FileStore(self.folder, self.town.vault)

    def claim(self, person: int, *lines: tuple[str, str, int, int], **how: Any) -> Claim:
        """A claim that is handed in: by default for a day at Tieling's central hospital when the platform was down.

        Args:
            how: code, on, ended_on, med_type, disease, why, invoices, place (name, region, kind, tier).
        """
        made = self.draft(person, *lines, **how)
        return self.submit(made)

    def draft(self, person: int, *lines: tuple[str, str, int, int], **how: Any) -> Claim:
        """The same, filled in and not handed in."""
        self.numbers += 1
        on = date.fromisoformat(how.get("on", "2024-03-04"))
        ended = date.fromisoformat(how["ended_on"]) if "ended_on" in how else None
        invoices = how.get("invoices", [f"{21120024:08d}{self.numbers:012d}"])
        with self.town.database.transaction() as connection:
            doing = self.doing(connection, person)
            serials = self.town.database.serials
            made = service.begin(doing, serials, why=how.get("why", "platform_down"), key=f"claim-{self.numbers:06d}")
            if "place" in how:
                filling.set_place(doing, made.id, **how["place"])
            else:
                filling.set_institution(doing, made.id, how.get("code", "H21120200001"))
            filling.set_visit(
                doing,
                made.id,
                med_type=how.get("med_type", "11"),
                disease=how.get("disease", ""),
                began_on=on,
                ended_on=ended,
            )
            filling.set_invoices(doing, made.id, invoices)
            filling.set_lines(doing, made.id, lines or EXAMPLE)
            for kind in how.get("documents", ("invoice", "detail", "prescription", "record", "emergency")):
                filling.hand_in_document(doing, self.files, made.id, kind, self.photo)
            filling.set_bank(
                doing, made.id, bank="铁岭银行", account="6222 0211 0000 1234 567", holder="李建国", own=True
            )
        return self.now(made)

    def submit(self, claim: Claim) -> Claim:
        """Hand it in."""
        with self.town.database.transaction() as connection:
            return service.submit(self.doing(connection, claim.person_id), self.calendar, claim.id)

    def appeal(self, claim: Claim, words: str = "请再看一下") -> Claim:
        """The person appeals."""
        with self.town.database.transaction() as connection:
            return service.appeal(self.doing(connection, claim.person_id), self.calendar, claim.id, words)

    def person_does(self, claim: Claim, step: str, **values: Any) -> Any:
        """Any other step of the person."""
        with self.town.database.transaction() as connection:
            room = filling if step.startswith("set_") else service
            return getattr(room, step)(self.doing(connection, claim.person_id), claim.id, **values)

    def take(self, claim: Claim, by: str = "0210") -> Claim:
        """An officer takes it in charge."""
        with self.town.database.transaction() as connection:
            return casework.take(self.officers(connection, by), claim.id)

    def decide(self, claim: Claim, by: str = "0210", **proposal: Any) -> Claim:
        """An officer takes it and decides."""
        with self.town.database.transaction() as connection:
            doing = self.officers(connection, by)
            casework.take(doing, claim.id)
            return deciding.decide(doing, self.town.rules, self.town.database.serials, claim.id, Proposal(**proposal))

    def refuse(self, claim: Claim, reason: str, by: str = "0210") -> Claim:
        """An officer takes it and refuses it."""
        with self.town.database.transaction() as connection:
            doing = self.officers(connection, by)
            casework.take(doing, claim.id)
            return deciding.refuse(doing, claim.id, reason)

    def give_back(self, claim: Claim, task: str, reason: str = "unreadable", **more: Any) -> Claim:
        """Officer 0210 takes it and returns one task."""
        with self.town.database.transaction() as connection:
            doing = self.officers(connection, "0210")
            casework.take(doing, claim.id)
            wanted = {"document": "", "note": ""} | more
            return casework.return_task(doing, self.calendar, claim.id, task=task, reason=reason, **wanted)

    def second(self, claim: Claim, *, agree: bool = True, note: str = "", by: str = "0330") -> Claim:
        """A second officer says."""
        with self.town.database.transaction() as connection:
            doing = self.officers(connection, by)
            return deciding.second_opinion(
                doing, self.town.rules, self.town.database.serials, claim.id, agree=agree, note=note
            )

    def bank(self, claim: Claim, step: str, reference: str, by: str = "0550") -> Claim:
        """The bank carried something: ``paid``, ``bounced`` or ``recovered``."""
        with self.town.database.transaction() as connection:
            return getattr(paying, step)(  # type: ignore[no-any-return]
                self.officers(connection, by), self.town.database.serials, claim.id, reference
            )

    def take_back(self, claim: Claim, reason: str = "mistake", by: str = "0330") -> Claim:
        """A decision is taken back."""
        with self.town.database.transaction() as connection:
            return paying.take_back(self.officers(connection, by), self.town.database.serials, claim.id, reason)

    def doing(self, connection: sa.Connection, person: int) -> Doing:
        """What a person's steps go with."""
        caller = Caller(Role.CITIZEN, "citizen", person)
        return Doing(connection, self.town.vault, person, caller, self.town.clock.now())

    def officers(self, connection: sa.Connection, number: str) -> OfficersDoing:
        """What an officer's steps go with."""
        duties = {
            "0210": (Duty.REVIEWER, Duty.SECOND_REVIEWER),
            "0220": (Duty.REVIEWER,),
            "0330": (Duty.SECOND_REVIEWER, Duty.REVIEWER),
            "0440": (Duty.REVIEWER,),
            "0550": (Duty.CLEARING_CLERK,),
            "0551": (Duty.CLEARING_CLERK,),
        }[number]
        caller = officer(number, *duties, region=self.region)
        return OfficersDoing(connection, self.town.vault, caller, self.town.clock.now())

    def now(self, claim: Claim) -> Claim:
        """The claim as it is."""
        with self.town.database.transaction() as connection:
            found = store.find(connection, self.town.vault, claim.id)
        assert found is not None
        return found

    def decisions(self, claim: Claim) -> list[Decision]:
        """What was decided and taken back."""
        with self.town.database.transaction() as connection:
            return store.decisions_of(connection, claim.id)

    def decision(self, claim: Claim) -> Decision:
        """The last one."""
        return self.decisions(claim)[-1]

    def owed(self, person: int) -> int:
        """What stands in the account of what we owe the person, in fen."""
        return self._balance(personal_account(AccountKind.PAYABLE_PERSON, person))

    def carried(self, person: int) -> int:
        """What the bank has carried for the person, in fen."""
        return self._balance(open_account(AccountKind.TREASURY, int(self.region), bucket_of(person)))

    def _balance(self, account: int) -> int:
        with self.town.database.transaction() as connection:
            return balance_at(connection, [account], self.town.clock.now())

    def counter(self, person: int, name: str, period: str = "2024") -> int:
        """A benefit counter, in fen."""
        query = "SELECT value FROM benefit_counter WHERE person_id = :p AND counter = :c AND period = :y"
        with self.town.database.transaction() as connection:
            found = connection.execute(sa.text(query), {"p": person, "c": name, "y": period}).scalar_one_or_none()
        return int(found or 0)

    def told(self, person: int) -> list[str]:
        """The kinds of a person's messages, oldest first."""
        with self.town.database.transaction() as connection:
            return [one.kind for one in reversed(messages_of(connection, person, 50))]

    def check_books(self) -> None:
        """Everything adds up."""
        assert prove(self.town.database, self.town.clock).findings == []
