"""The SQL of claims. Whoever changes one holds the patient's row first, then the claim's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.benefit.model import CounterMove
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.foundation.personal import Vault, mask_number
from gongji.registry.model import InstitutionKind
from gongji.reimbursement.model import (
    Bank,
    Claim,
    ClaimState,
    DecidedLine,
    Decision,
    DocumentItem,
    DocumentKind,
    Event,
    Line,
    Payment,
    Place,
    RefuseReason,
    ReturnReason,
    Task,
    WhyNotDirect,
)
from gongji.reimbursement.tables import (
    claim,
    claim_decision,
    claim_document,
    claim_event,
    claim_invoice,
    claim_line,
    claim_payment,
    claimed_invoice,
)
from gongji.rules.model import Tier
from gongji.settlement.model import Explanation

_explanation: Final = msgspec.json.Decoder(Explanation)
_moves: Final = msgspec.json.Decoder(tuple[CounterMove, ...])
_lines: Final = msgspec.json.Decoder(tuple[DecidedLine, ...])

_DOCUMENTS: Final = ("explanation", "counters", "lines")

#: Columns of a decision in the order of the type's attributes.
_DECISION: Final = tuple(
    one.name for one in claim_decision.columns if one.name not in ("bucket", "person_id", *_DOCUMENTS)
)


def insert_claim(connection: sa.Connection, claim_id: int, person_id: int, key: str, why: str, at: datetime) -> None:
    """Keep a new draft."""
    connection.execute(
        claim.insert().values(
            bucket=bucket_of(claim_id),
            id=claim_id,
            person_id=person_id,
            key=key,
            state=ClaimState.DRAFT,
            why=why,
            made_at=at,
        )
    )


def id_by_key(connection: sa.Connection, person_id: int, key: str) -> int | None:
    """The claim that a person began under a key before."""
    mine = claim.c.bucket == bucket_of(person_id), claim.c.person_id == person_id, claim.c.key == key
    return connection.execute(sa.select(claim.c.id).where(*mine)).scalar_one_or_none()


def person_of_claim(connection: sa.Connection, claim_id: int) -> int | None:
    """Whose a claim is; None when there is none."""
    return connection.execute(sa.select(claim.c.person_id).where(_is(claim_id))).scalar_one_or_none()


def find(connection: sa.Connection, vault: Vault, claim_id: int, *, lock: bool = False) -> Claim | None:
    """A claim with its invoices, lines and documents."""
    query = sa.select(claim).where(_is(claim_id))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _whole(connection, vault, [row])[0]


def claims_of(connection: sa.Connection, vault: Vault, person_id: int) -> list[Claim]:
    """A person's claims, newest first."""
    mine = claim.c.bucket == bucket_of(person_id), claim.c.person_id == person_id
    rows = connection.execute(sa.select(claim).where(*mine).order_by(claim.c.id.desc())).all()
    return _whole(connection, vault, rows)


def claims_in(
    connection: sa.Connection,
    vault: Vault,
    region_prefix: str,
    states: Collection[ClaimState],
    limit: int,
    after: int | None = None,
) -> list[Claim]:
    """Claims of an area that came in and are in some states, the one that is due first before the others; with `after` those
    behind this one, also when it is in another state by now."""
    order = sa.tuple_(claim.c.due_at, claim.c.id)
    conditions = [
        claim.c.received_at.is_not(None),
        claim.c.region.startswith(region_prefix, autoescape=True),
        claim.c.state.in_(list(states)),
    ]
    if after is not None:
        place = connection.execute(sa.select(claim.c.due_at, claim.c.id).where(_is(after))).one_or_none()
        conditions.append(order > sa.tuple_(place.due_at, place.id) if place else sa.false())
    rows = connection.execute(sa.select(claim).where(*conditions).order_by(order).limit(limit)).all()
    return _whole(connection, vault, rows)


def change(connection: sa.Connection, claim_id: int, **values: object) -> None:
    """Write some columns of a claim; the caller has it locked."""
    connection.execute(claim.update().where(_is(claim_id)).values(**values))


def account_of(connection: sa.Connection, vault: Vault, claim_id: int) -> tuple[str, str]:
    """The bank account of a claim in the clear, number and holder: for whoever pays it."""
    row = connection.execute(sa.select(claim.c.account_sealed, claim.c.holder_sealed).where(_is(claim_id))).one()
    return vault.open(row.account_sealed), vault.open(row.holder_sealed)


def replace_invoices(connection: sa.Connection, claim_id: int, numbers: Sequence[str]) -> None:
    """A claim's invoices, in place of those it had."""
    connection.execute(claim_invoice.delete().where(_of(claim_invoice, claim_id)))
    rows = [{"bucket": bucket_of(claim_id), "claim_id": claim_id, "number": number} for number in numbers]
    connection.execute(claim_invoice.insert(), rows)


def replace_lines(connection: sa.Connection, claim_id: int, lines: Sequence[Line]) -> None:
    """A claim's lines, in place of those it had."""
    connection.execute(claim_line.delete().where(_of(claim_line, claim_id)))
    rows = [{"bucket": bucket_of(claim_id), "claim_id": claim_id, **msgspec.structs.asdict(line)} for line in lines]
    if rows:
        connection.execute(claim_line.insert(), rows)


def claim_invoices(connection: sa.Connection, claim_id: int, numbers: Sequence[str]) -> str | None:
    """Take invoices for a claim, in the order of their numbers; the first that another claim has, None when none has."""
    for number in sorted(numbers):
        connection.execute(insert(claimed_invoice).values(number=number, claim_id=claim_id).on_conflict_do_nothing())
        holder = sa.select(claimed_invoice.c.claim_id).where(claimed_invoice.c.number == number)
        if connection.execute(holder).scalar_one_or_none() != claim_id:
            return number
    return None


def free_invoices(connection: sa.Connection, claim_id: int, numbers: Sequence[str]) -> None:
    """Let another claim have the invoices of this one."""
    connection.execute(
        claimed_invoice.delete().where(claimed_invoice.c.number.in_(numbers), claimed_invoice.c.claim_id == claim_id)
    )


def insert_decision(connection: sa.Connection, one: Decision, person_id: int) -> None:
    """Keep a decision."""
    values: dict[str, Any] = {name: getattr(one, name) for name in _DECISION}
    for name, value in (("explanation", one.explanation), ("counters", one.moves), ("lines", one.lines)):
        values[name] = msgspec.to_builtins(value)
    connection.execute(claim_decision.insert().values(bucket=bucket_of(one.id), person_id=person_id, **values))


def decisions_of(connection: sa.Connection, claim_id: int) -> list[Decision]:
    """The decisions on a claim and what took them back, oldest first."""
    documents = [sa.cast(claim_decision.c[name], sa.Text).label(name) for name in _DOCUMENTS]
    query = sa.select(*(claim_decision.c[name] for name in _DECISION), *documents)
    rows = connection.execute(query.where(_of(claim_decision, claim_id)).order_by(claim_decision.c.id))
    return [_decision(row) for row in rows]


def insert_payment(connection: sa.Connection, claim_id: int, one: Payment) -> None:
    """Keep that a bank carried money."""
    values = msgspec.structs.asdict(one)
    connection.execute(claim_payment.insert().values(bucket=bucket_of(one.id), claim_id=claim_id, **values))


def payments_of(connection: sa.Connection, claim_id: int) -> list[Payment]:
    """What banks carried for a claim, oldest first."""
    rows = connection.execute(sa.select(claim_payment).where(_of(claim_payment, claim_id)).order_by(claim_payment.c.id))
    return [Payment(row.id, row.kind, row.amount, row.reference, row.at.astimezone(CHINA), row.by) for row in rows]


def note(
    connection: sa.Connection, claim_id: int, step: str, actor: str, at: datetime, facts: Mapping[str, object]
) -> None:
    """A line of the history; the claim is locked."""
    last = sa.select(sa.func.coalesce(sa.func.max(claim_event.c.n), 0)).where(_of(claim_event, claim_id))
    n = connection.execute(last).scalar_one() + 1
    connection.execute(
        claim_event.insert().values(
            bucket=bucket_of(claim_id), claim_id=claim_id, n=n, step=step, actor=actor, at=at, facts=dict(facts)
        )
    )


def events_of(connection: sa.Connection, claim_id: int) -> list[Event]:
    """A claim's history, oldest first."""
    rows = connection.execute(sa.select(claim_event).where(_of(claim_event, claim_id)).order_by(claim_event.c.n))
    return [Event(row.n, row.step, row.actor, row.at.astimezone(CHINA), row.facts) for row in rows]


def decided_at(connection: sa.Connection, claim_id: int) -> datetime | None:
    """When a claim was decided, refused or taken back, the last time; None while it was not."""
    last = sa.select(sa.func.max(claim_event.c.at)).where(
        _of(claim_event, claim_id), claim_event.c.step.in_(["decide", "refuse", "take_back"])
    )
    return _here(connection.execute(last).scalar_one())


def deciders(connection: sa.Connection, claim_id: int) -> set[str]:
    """The officers who decided on a claim so far: alone or as one of two, upholding, or taking back."""
    decided = claim_event.c.step.in_(["decide", "refuse", "uphold", "take_back"])
    rows = connection.execute(
        sa.select(claim_event.c.actor, claim_event.c.facts).where(_of(claim_event, claim_id), decided)
    )
    return {one for row in rows for one in (row.actor, row.facts.get("by"), row.facts.get("second")) if one}


def _whole(connection: sa.Connection, vault: Vault, rows: Sequence[sa.Row[Any]]) -> list[Claim]:
    ids = [row.id for row in rows]
    invoices = _by_claim(connection, claim_invoice, ids, "number")
    lines = _by_claim(connection, claim_line, ids, "n")
    documents = _by_claim(connection, claim_document, ids, "n")
    return [
        _claim(row, vault, invoices.get(row.id, ()), lines.get(row.id, ()), documents.get(row.id, ())) for row in rows
    ]


def _by_claim(
    connection: sa.Connection, table: sa.Table, ids: Sequence[int], order: str
) -> dict[int, list[sa.Row[Any]]]:
    if not ids:
        return {}
    mine = table.c.bucket.in_([bucket_of(one) for one in ids]), table.c.claim_id.in_(ids)
    found: dict[int, list[sa.Row[Any]]] = {}
    for row in connection.execute(sa.select(table).where(*mine).order_by(table.c[order])):
        found.setdefault(row.claim_id, []).append(row)
    return found


def _claim(
    row: sa.Row[Any],
    vault: Vault,
    invoices: Sequence[sa.Row[Any]],
    lines: Sequence[sa.Row[Any]],
    documents: Sequence[sa.Row[Any]],
) -> Claim:
    return Claim(
        id=row.id,
        person_id=row.person_id,
        state=ClaimState(row.state),
        why=WhyNotDirect(row.why),
        region=row.region,
        place=_place(row),
        med_type=row.med_type,
        disease=row.disease,
        began_on=row.began_on,
        ended_on=row.ended_on,
        bank=_bank(row, vault),
        made_at=row.made_at.astimezone(CHINA),
        received_at=_here(row.received_at),
        due_at=_here(row.due_at),
        hours_left=row.hours_left,
        returned=Task(row.returned) if row.returned else None,
        mended=row.mended,
        return_reason=ReturnReason(row.return_reason) if row.return_reason else None,
        return_note=row.return_note,
        officer=row.officer,
        officer_since=_here(row.officer_since),
        decided_by=row.decided_by,
        proposal=bytes(row.proposal) if row.proposal is not None else None,
        refused=RefuseReason(row.refused) if row.refused else None,
        appealed_at=_here(row.appealed_at),
        appeal_words=row.appeal_words,
        lines=tuple(Line(one.n, one.name, one.code, one.pieces, one.total) for one in lines),
        invoices=tuple(one.number for one in invoices),
        documents=tuple(
            DocumentItem(
                one.n, DocumentKind(one.kind), len(one.pages), one.returned, one.handed_in_at.astimezone(CHINA)
            )
            for one in documents
        ),
    )


def _place(row: sa.Row[Any]) -> Place | None:
    if row.place_name is None:
        return None
    tier = Tier(row.place_tier) if row.place_tier else None
    return Place(row.institution_id, row.place_name, row.place_region, InstitutionKind(row.place_kind), tier)


def _bank(row: sa.Row[Any], vault: Vault) -> Bank | None:
    if row.account_sealed is None:
        return None
    return Bank(row.bank, mask_number(vault.open(row.account_sealed)), vault.open(row.holder_sealed), row.own_account)


def _decision(row: sa.Row[Any]) -> Decision:
    values = {name: getattr(row, name) for name in _DECISION}
    values["at"] = row.at.astimezone(CHINA)
    return Decision(
        **values,
        explanation=_explanation.decode(row.explanation),
        moves=_moves.decode(row.counters),
        lines=_lines.decode(row.lines),
    )


def _here(moment: datetime | None) -> datetime | None:
    return moment.astimezone(CHINA) if moment is not None else None


def _is(claim_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(claim.c.bucket == bucket_of(claim_id), claim.c.id == claim_id)


def _of(table: sa.Table, claim_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.bucket == bucket_of(claim_id), table.c.claim_id == claim_id)
