"""Credits, turns of the year, closed accounts: what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gongji.foundation.errors import GongjiError
from gongji.registry.model import Enrolment


class CreditKind(StrEnum):
    """Whose contribution a month's credit comes from: an employee's with an employer, a flexible worker's own, or none
    any more (the flat monthly amount of the retired)."""

    EMPLOYER = "employer"
    FLEXIBLE = "flexible"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class CreditLine:
    """One line of a month's credit file.

    Attributes:
        person_id: whose account.
        month: first day of the month that the credit is for.
        kind: whose contribution.
        base: contribution base of the month in fen; None when the file does not tell it.
        amount: fen to credit; None when it is to be computed.
    """

    person_id: int
    month: date
    kind: CreditKind
    base: int | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """What is known of the person of a line.

    Attributes:
        born_on: date of birth; None when nobody has this id.
        enrolments: newest first.
        closed_on: the day on which the account was closed; None while it is open or not opened yet.
        known: fen credited before for the same month and kind; None when nothing was.
    """

    born_on: date | None
    enrolments: tuple[Enrolment, ...]
    closed_on: date | None
    known: int | None


@dataclass(frozen=True, slots=True)
class Credit:
    """A decided credit.

    Attributes:
        line: what was asked for.
        region: whose books it comes from.
        amount: fen.
        checked: whether the amount was computed, or compared with, the region's rule.
        already: whether it stands in the account already, so that nothing is to be done.
    """

    line: CreditLine
    region: str
    amount: int
    checked: bool
    already: bool = False


@dataclass(frozen=True, slots=True)
class CreditReport:
    """What came of a run over credit lines.

    Attributes:
        posted: lines that were (or, in a dry run, would be) credited. amount: their sum in fen.
        unchecked: of them, lines whose amount no rule could confirm.
        already: lines that had been credited before.
        turned: accounts whose year was turned on the way.
        refused: by position, why a line was not credited.
    """

    posted: int
    amount: int
    unchecked: int
    already: int
    turned: int
    refused: Mapping[int, GongjiError]


@dataclass(frozen=True, slots=True)
class Turn:
    """The end of a year that an account has seen.

    Attributes:
        carried: fen that became historical. journal_id: by which journal; None where nothing did.
        since: from when on the current account holds the new year's money. What left it before then has become
            historical when it comes back.
    """

    carried: int
    journal_id: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class YearReport:
    """What came of a turn of the year.

    Attributes:
        accounts: accounts turned in this run. carried: fen that became historical.
        already: accounts of the region that had been turned before this run.
    """

    accounts: int
    carried: int
    already: int


@dataclass(frozen=True, slots=True)
class CreditUndone:
    """A wrong credit that was taken back.

    Attributes:
        id: the journal's. person_id, month, kind: whose, and which credit.
        region: whose income it went back to.
        amount: fen of the credit. taken: fen of it that were still in the accounts. owed: fen that were not.
        at: when.
    """

    id: int
    person_id: int
    month: date
    kind: CreditKind
    region: str
    amount: int
    taken: int
    owed: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Debt:
    """What is still owed of a credit that was taken back: the last step, and fen that are owed after it."""

    month: date
    kind: CreditKind
    round: int
    step: int
    owed: int


@dataclass(frozen=True, slots=True)
class Collected:
    """What was collected of a person's debts in one go: fen taken, and fen that the person owes now."""

    person_id: int
    taken: int
    owed: int


@dataclass(frozen=True, slots=True)
class DeathUndone:
    """A wrongly recorded death that was taken back.

    Attributes:
        id: the journal's. closing_id: the closing's that it takes back. person_id: whose account.
        amount: fen that the heirs were to get, and give back. returned: fen that came back while the account was closed.
        shares: fen by heir, to be asked back where the agency has paid them out.
        authorisations: how many had ended with the death; they have to be agreed to anew.
        at: when.
    """

    id: int
    closing_id: int
    person_id: int
    amount: int
    returned: int
    shares: Mapping[int, int]
    authorisations: int
    at: datetime


class Closing(StrEnum):
    """Why an account is closed, or money comes in at its opening."""

    DEATH = "death"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"


@dataclass(frozen=True, slots=True)
class Heir:
    """Somebody who inherits, with the parts (a whole number above zero) of all the heirs' parts."""

    person_id: int
    parts: int


@dataclass(frozen=True, slots=True)
class Closed:
    """An account that was closed, or took money over from another region.

    Attributes:
        id: our id and the journal's.
        person_id: whose account.
        kind: death, transfer out or transfer in.
        region: whose books the account stands (or stood) in. other_region: where to or from, None after a death.
        amount: fen paid out or taken over. held: fen that open holds keep; it is owed to the person once released.
        shares: fen by the person who is owed them, after a death.
        authorisations: how many authorisations ended with it.
        at: when.
    """

    id: int
    person_id: int
    kind: Closing
    region: str
    other_region: str | None
    amount: int
    held: int
    shares: Mapping[int, int]
    authorisations: int
    at: datetime
