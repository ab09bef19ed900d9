"""What a batch wants to know, from its commands alone: which statements run, and with which parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from gongji.foundation.arrays import Integers, Texts
from gongji.settlement import quota_store, stay_store
from gongji.settlement.books import counter_periods, usage_periods
from gongji.settlement.holds import store
from gongji.settlement.holds.model import CaptureHold, HoldCommand, PlaceHold, ReleaseHold
from gongji.settlement.load_statements import (
    AUTHORISATIONS,
    COUNTERS,
    DEPOSITS,
    ENROLMENTS,
    KNOWN,
    LEFT_BY,
    LEFT_BY_QUOTAS,
    LEFT_BY_STAYS,
    LOCK_ACCOUNTS,
    LOCK_ACCOUNTS_OF_QUOTAS,
    LOCK_ACCOUNTS_OF_STAYS,
    LOCK_MORE_ACCOUNTS,
    LOCK_PATIENTS,
    STAYS,
    VISITS,
)
from gongji.settlement.locks import Locking
from gongji.settlement.model import (
    Command,
    Reverse,
    ReversePart,
    SettleAdmission,
    SettleVisit,
    Undo,
    wire_id,
)
from gongji.settlement.part_return import rest_key
from gongji.settlement.undo_store import Made, key_parameters

#: What waits at the desk.
Job = Command | ReversePart | HoldCommand

#: What is asked, and what comes of it.
Statement = Locking | str
Rows = dict[Statement, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Batched:
    """Commands that wait together, by what they ask for."""

    all: Sequence[Job]

    @cached_property
    def holds(self) -> list[HoldCommand]:
        """Those that set money aside, take it or give it back."""
        return [command for command in self.all if isinstance(command, PlaceHold | CaptureHold | ReleaseHold)]

    @cached_property
    def settling(self) -> list[Command | ReversePart]:
        """All others."""
        return [command for command in self.all if not isinstance(command, PlaceHold | CaptureHold | ReleaseHold)]

    @cached_property
    def reversals(self) -> list[Reverse | ReversePart]:
        """Those that take a settlement back which they name."""
        return [command for command in self.all if isinstance(command, Reverse | ReversePart)]

    @cached_property
    def undos(self) -> list[Undo]:
        """Those that take back what a message did."""
        return [command for command in self.all if isinstance(command, Undo)]

    @cached_property
    def stays(self) -> list[SettleAdmission | Reverse]:
        """Those that are of stays in hospital."""
        return [
            command
            for command in self.all
            if isinstance(command, SettleAdmission) or (isinstance(command, Reverse) and command.stay)
        ]

    @cached_property
    def patients(self) -> Integers:
        """Whose they are."""
        return Integers(sorted({command.person_id for command in self.all}))

    @cached_property
    def whose_use_returns(self) -> list[int]:
        """Whose use of authorisations and counters is wanted of every period, not of today's alone: money may go back that was
        spent in another month, and a stay is settled by the counters of its own day."""
        taking = [command for command in self.holds if not isinstance(command, PlaceHold)]
        return [command.person_id for command in (*self.reversals, *self.undos, *taking, *self.stays)]


@dataclass(frozen=True)
class Wanted:
    """What is asked for a batch.

    Attributes:
        parameters: of all its statements.
        originals: settlements that are to be taken back.
        visits, holds, stays: whether visits with their lines, holds, or stays in hospital have a part in it.
        returning: whether money may go back to where it came from.
        quotas: whether relatives' quotas have a part in it.
    """

    parameters: dict[str, object]
    originals: set[int]
    visits: bool
    holds: bool
    stays: bool
    returning: bool
    quotas: bool

    @property
    def accounts(self) -> Locking:
        """Which accounts are locked."""
        if self.quotas:
            return LOCK_ACCOUNTS_OF_QUOTAS
        if self.stays:
            return LOCK_ACCOUNTS_OF_STAYS
        return LOCK_MORE_ACCOUNTS if self.returning else LOCK_ACCOUNTS

    @property
    def left_by(self) -> str:
        """The statement that tells by which transfers money left that may go back."""
        return LEFT_BY_QUOTAS if self.quotas else LEFT_BY_STAYS if self.stays else LEFT_BY

    @property
    def statements(self) -> list[Statement]:
        """What runs, the locks first."""
        asked: list[Statement] = [LOCK_PATIENTS, self.accounts, KNOWN, AUTHORISATIONS, ENROLMENTS, COUNTERS]
        if self.visits:
            asked.append(VISITS)
        if self.returning or self.quotas:
            asked.append(self.left_by)
        if self.stays or self.quotas:
            asked.append(stay_store.CAPTURED)
        if self.stays:
            asked += [STAYS, stay_store.BEFORE, DEPOSITS]
        if self.quotas:
            asked += [quota_store.QUOTAS, quota_store.TAKEN]
        if self.holds:
            asked += [store.HOLDS, store.STEPS]
        return asked


def wanted_by(batch: Batched, made: Made, at: datetime, *, quotas: bool) -> Wanted:
    """What a batch wants.

    Args:
        batch: its commands.
        made: what the messages made that it undoes.
        at: the moment of settlement.
        quotas: whether relatives' quotas are known to have a part in it.
    """
    settling, holds = batch.settling, batch.holds
    keys = [command.key for command in settling]
    keys += [rest_key(command) for command in batch.reversals if isinstance(command, ReversePart)]
    hold_parameters = store.load_parameters(holds)
    originals = {command.settlement_id for command in batch.reversals} | made.originals
    references = {command.visit_id: wire_id(command.institution.region, command.visit_id) for command in batch.stays}
    references |= made.stays
    visits = {command.visit_id for command in settling if isinstance(command, SettleVisit)} | made.visits
    parameters: dict[str, object] = hold_parameters | {
        "patients": batch.patients,
        **key_parameters([(key.institution_id, key.infno, key.msgid) for key in keys] + made.places),
        "returning": Integers([*originals, *hold_parameters["holds"]]),
        "reversed_patients": Integers(batch.whose_use_returns),
        "visits": Integers(sorted(visits)),
        "periods": Texts(usage_periods(at)),
        "counted": Texts(counter_periods(at.date())),
        "today": at.date(),
        "stays": Integers(sorted(references)),
        "references": Texts(sorted(references.values())),
    }
    return Wanted(
        parameters,
        originals,
        visits=bool(visits),
        holds=bool(holds),
        stays=bool(references),
        returning=bool(batch.reversals or batch.undos or holds or references),
        quotas=quotas,
    )
