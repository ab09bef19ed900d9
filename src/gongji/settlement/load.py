"""Loading all that a batch of commands needs, in one round trip, with everything that may change under lock.

Patients are locked first and then accounts, each in the order of ids, so two batches never wait for each other in a
circle. Every statement after the locks sees what was committed before them: whoever changes an authorisation locks the
user's row too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import psycopg
from msgspec.structs import replace

from gongji.benefit.model import Bill, CounterMove
from gongji.family.model import Authorisation, AuthorisationState
from gongji.foundation.arrays import Integers, Numbers
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import month_of
from gongji.foundation.prepared import run_together
from gongji.ledger.archive_tables import KEPT_FROM
from gongji.ledger.model import AccountKind, Transfer, kind_of, person_of, personal_account
from gongji.registry.filings import Filed
from gongji.registry.model import Enrolment
from gongji.registry.store import tier_from
from gongji.rules.book import RuleBook
from gongji.rules.model import Procedure, Purpose, Relation, Scheme, Status, Tier
from gongji.rules.vocabulary import Late
from gongji.settlement import quota_store, stay_store
from gongji.settlement.books import (
    Books,
    CounterValue,
    PatientFacts,
    Sharing,
    VisitFacts,
)
from gongji.settlement.deposits import Captured
from gongji.settlement.holds import store
from gongji.settlement.holds.model import HoldBooks
from gongji.settlement.load_nodes import ask_nodes
from gongji.settlement.load_statements import (
    AUTHORISATIONS,
    COUNTERS,
    DEPOSITS,
    ENROLMENTS,
    KNOWN,
    LOCK_PATIENTS,
    SETTLED,
    STAYS,
    VISITS,
    WALLETS,
)
from gongji.settlement.model import (
    Command,
    ReversePart,
    Settlement,
)
from gongji.settlement.pot_store import pots_for
from gongji.settlement.rows import settlement_from
from gongji.settlement.stays import Stay
from gongji.settlement.undo_store import Made, made_by
from gongji.settlement.wanted import Batched, Job, Rows, Statement, Wanted, wanted_by
from gongji.settlement.waterfall import OUTSIDE_AREA, OWN_ORDER, TAKES_NO_WALLET

_filings = msgspec.json.Decoder(tuple[Filed, ...])


@dataclass(slots=True)
class Original:
    """A settlement that a command wants taken back."""

    settlement: Settlement
    moves: tuple[CounterMove, ...]
    transfers: tuple[Transfer, ...] = ()


@dataclass(slots=True)
class Loaded:
    """What a batch knows of its commands; `captured`: what settlements that are to be taken back took out of holds."""

    patients: dict[int, PatientFacts] = field(default_factory=dict)
    visits: dict[int, VisitFacts] = field(default_factory=dict)
    sharings: dict[int, list[Sharing]] = field(default_factory=dict)
    originals: dict[int, Original] = field(default_factory=dict)
    holds: HoldBooks = field(default_factory=HoldBooks)
    stays: dict[int, Stay] = field(default_factory=dict)
    captured: dict[int, list[Captured]] = field(default_factory=dict)
    books: Books = field(default_factory=Books)


def load(
    connection: psycopg.Connection[Any],
    commands: Sequence[Job],
    rules: RuleBook,
    at: datetime,
    *,
    spread: bool = False,
    quotas: bool = False,
) -> Loaded:
    """Load and lock what the commands need, in the connection's transaction.

    Whether relatives' wallet quotas have a part in it shows only in what was loaded. Their givers' accounts cannot be locked
    after the others, out of their order: then everything is let go and loaded once more, with the quotas.

    Args:
        connection: a connection outside autocommit, in which nothing has been done yet.
        commands: what waits.
        rules: the rule book, which says where money has to be allotted.
        at: the moment of settlement.
        spread: whether the tables lie on several nodes.
        quotas: load the quotas at once.
    """
    ask = ask_nodes if spread else _ask
    batch = Batched(commands)
    if batch.undos:
        ask(connection, [LOCK_PATIENTS], {"patients": batch.patients, "today": at.date()})
    made = made_by(connection, batch.undos) if batch.undos else Made()
    wanted = wanted_by(batch, made, at, quotas=quotas)
    rows = ask(connection, wanted.statements, wanted.parameters)
    loaded = _assemble(rows, wanted, at)
    _add_settlements(connection, loaded, rows[KNOWN], wanted.originals)
    sources = _add_transfers(loaded, rows.get(wanted.left_by, ()))
    if not quotas and _of_quotas(loaded, rows[LOCK_PATIENTS]):
        connection.rollback()
        return load(connection, commands, rules, at, spread=spread, quotas=True)
    loaded.books.pots = pots_for(connection, loaded.sharings, sources, rules, at)
    if wanted.holds or wanted.stays or quotas:
        _add_holds(loaded, rows, sources)
    _add_wallets(connection, loaded, batch.settling, at)
    if wanted.stays:
        loaded.stays = stay_store.stays_from(rows[STAYS], rows[stay_store.BEFORE], _enrolment)
        for visit_id, visit in loaded.visits.items():
            visit.stay = loaded.stays.get(visit_id)
    return loaded


def _ask(connection: psycopg.Connection[Any], statements: Sequence[Statement], parameters: dict[str, object]) -> Rows:
    """The rows of statements, in one round trip."""
    answers = run_together(connection, [(str(one), parameters) for one in statements])
    return {one: answer.fetchall() for one, answer in zip(statements, answers, strict=True)}


def _of_quotas(loaded: Loaded, patients: Sequence[tuple[Any, ...]]) -> bool:
    """Whether relatives' quotas have a part in a batch: a patient has one, or one paid what is to be taken back, out of what
    stood aside with somebody else and under no authorisation."""
    if any(row[-1] for row in patients):
        return True
    return any(
        kind_of(leg.debit) is AccountKind.PERSONAL_HELD
        and leg.authorisation_id is None
        and person_of(leg.debit) != original.settlement.person_id
        for original in loaded.originals.values()
        for leg in original.transfers
    )


def _assemble(rows: Rows, wanted: Wanted, at: datetime) -> Loaded:
    loaded = Loaded()
    books = loaded.books
    for account, balance, frozen in rows[wanted.accounts]:
        books.balances[account] = balance
        if frozen:
            books.frozen.add(person_of(account))
    for person, counter, period, value, cap in rows[COUNTERS]:
        books.counters[person, counter, period] = CounterValue(value, cap)
    enrolments = {row[0]: _enrolment(row[1:]) for row in rows[ENROLMENTS]}
    for person, born_on, died_on, filed, _ in rows[LOCK_PATIENTS]:
        has_account = any(personal_account(kind, person) in books.balances for kind in OWN_ORDER)
        filings = _filings.decode(filed) if filed else ()
        loaded.patients[person] = PatientFacts(person, born_on, died_on, enrolments.get(person), has_account, filings)
    _add_authorisations(loaded, rows[AUTHORISATIONS], enrolments, at)
    for row in rows.get(VISITS, ()):
        visit = loaded.visits.setdefault(row[0], VisitFacts(*row[:5]))
        if row[5] is not None:
            visit.disease, prescriber, essential = row[11:]
            visit.prescriber = tier_from(prescriber) or Tier.TIER_1 if prescriber else None
            visit.essential_drugs = essential and (visit.essential_drugs or not visit.unsettled)
            visit.unsettled[row[5]] = Bill(*row[6:11])
    return loaded


def _add_settlements(
    connection: psycopg.Connection[Any], loaded: Loaded, known: Sequence[tuple[Any, ...]], originals: set[int]
) -> None:
    """The settlements that messages made before and those to be taken back: most batches have neither."""
    books = loaded.books
    books.closed.update((row[0], row[1], row[2]) for row in known if row[-1] is None)
    wanted = originals | {outcome_id for *_, outcome_id in known if outcome_id is not None}
    if not wanted:
        return
    for row in connection.execute(SETTLED, {"wanted": Integers(wanted)}):
        settlement, moves = settlement_from(row)
        loaded.originals[settlement.id] = Original(settlement, moves)
        if row[-1] is not None:
            books.reversed.add(settlement.id)
        if row[-1]:
            books.undone.add(settlement.id)
        if row[-2] is not None:
            books.paid_second[settlement.id] = row[-2]
    for institution_id, infno, msgid, digest, outcome_id in known:
        made = loaded.originals.get(outcome_id)
        if made is not None:
            books.settled[institution_id, infno, msgid] = (bytes(digest), made.settlement)
        elif outcome_id is not None:
            books.archived.add((institution_id, infno, msgid))
    found = [one.settlement for one in loaded.originals.values()]
    if originals - loaded.originals.keys() or any(month_of(one.visit_id) < month_of(one.id) for one in found):
        (books.kept_from,) = connection.execute(f"SELECT {KEPT_FROM}").fetchone() or (0,)


def _add_holds(loaded: Loaded, rows: Rows, sources: Sequence[tuple[int, int, int]]) -> None:
    """What is set aside, what relatives' quotas are of it, and what was taken out of it."""
    given, of_quotas = quota_store.split(rows.get(quota_store.QUOTAS, ()))
    every = (*rows.get(store.HOLDS, ()), *rows.get(DEPOSITS, ()), *rows.get(quota_store.TAKEN, ()), *of_quotas)
    found = {row[0]: row for row in every}
    loaded.holds = store.hold_books(found.values(), sources, rows.get(store.STEPS, ()))
    loaded.holds.quotas = given
    loaded.captured = stay_store.captured_from(rows.get(stay_store.CAPTURED, ()), loaded.holds.holds)


def _add_wallets(
    connection: psycopg.Connection[Any], loaded: Loaded, settling: Sequence[Command | ReversePart], at: datetime
) -> None:
    """Where the wallets pay of patients who have something in them, get something back while the batch goes on, or may use
    something of their relatives': few do."""
    places = {command.institution.id for command in settling}
    people = {command.person_id for command in settling}
    gets_back = {one.settlement.person_id for one in loaded.originals.values() if one.settlement.wallet}
    balances = loaded.books.balances
    full = [one for one in people if one in gets_back or balances.get(personal_account(AccountKind.WALLET, one), 0)]
    full += set(loaded.holds.quotas.values()).intersection(people).difference(full)
    if not full:
        return
    asked = {"people": Integers(full), "places": Numbers(places), "today": at.date()}
    for person, place, taken, in_area in connection.execute(WALLETS, asked):
        withheld = None if taken and in_area else OUTSIDE_AREA if taken else TAKES_NO_WALLET
        loaded.books.wallets[person, place] = withheld


def _add_transfers(loaded: Loaded, rows: Sequence[tuple[Any, ...]]) -> list[tuple[int, int, int]]:
    """The transfers of settlements to be taken back, and the turns of the accounts that money left.

    Returns:
        (journal, account, fen) of every transfer: for a hold where its money came from.
    """
    for journal_id, debit, credit, amount, authorisation_id, year, turned_at in rows:
        original = loaded.originals.get(journal_id)
        if original is not None:
            original.transfers += (Transfer(debit, credit, amount, authorisation_id),)
        if year is not None:
            loaded.books.turned[person_of(debit)] = (year, turned_at)
    return [(journal_id, debit, amount) for journal_id, debit, _, amount, *_ in rows]


def _enrolment(row: Sequence[Any]) -> Enrolment:
    scheme, region, status, *rest = row
    # A daterange comes back as [since, after); an open one has no upper bound. Only today's row is read, so its last
    # day matters to nobody here beyond being today or later.
    found = Enrolment(Scheme(scheme), region, Status(status), *rest)
    return found if found.late is None else replace(found, late=Late(found.late))


def _add_authorisations(
    loaded: Loaded, rows: Sequence[tuple[Any, ...]], enrolments: dict[int, Enrolment], at: datetime
) -> None:
    for row in rows:
        *_, period, used = row
        if period is not None:
            loaded.books.usage[row[0], period] = used
        authorisation = authorisation_from(row)
        sharings = loaded.sharings.setdefault(authorisation.user_id, [])
        open_now = authorisation.state in (AuthorisationState.ACTIVE, AuthorisationState.PAUSED)
        began = authorisation.active_since is not None and authorisation.active_since <= at
        if open_now and began and all(known.authorisation.id != authorisation.id for known in sharings):
            theirs = enrolments.get(authorisation.sharer_id)
            insured = theirs is not None and theirs.scheme is Scheme.EMPLOYEE and theirs.holds(at.date())
            sharings.append(Sharing(authorisation, insured))


def authorisation_from(row: Sequence[Any]) -> Authorisation:
    """An authorisation from the first seventeen columns of `AUTHORISATIONS`."""
    return Authorisation(
        id=row[0],
        user_id=row[1],
        sharer_id=row[2],
        region=row[3],
        relation=Relation(row[4]),
        procedure=Procedure(row[5]),
        state=AuthorisationState(row[6]),
        exclusive=row[7],
        purposes=_purposes(tuple(row[8])),
        limit_total=row[9],
        limit_month=row[10],
        rank=row[11],
        active_since=row[12].astimezone(CHINA) if row[12] else None,
        ended_at=row[13].astimezone(CHINA) if row[13] else None,
        end_reason=row[14],
        made_at=row[15].astimezone(CHINA),
        kept=row[16],
    )


@cache
def _purposes(words: tuple[str, ...]) -> frozenset[Purpose]:
    """Purposes as stored: a handful of combinations for all authorisations there are."""
    return frozenset(map(Purpose, words))
