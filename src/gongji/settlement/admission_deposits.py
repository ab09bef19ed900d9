"""Deposits for stays: placed at admission or later, from the patient's own account or a sharer's, and given back.

A deposit is a hold that names the stay by its number on the wire; `gongji.settlement.deposits` tells how it is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from gongji.family import service as family
from gongji.family.model import AuthorisationState
from gongji.foundation.database import Database
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.money import parse_yuan
from gongji.foundation.replies import digest_of
from gongji.ledger.holds import Hold, HoldPurpose, HoldReceipt
from gongji.rules.model import Purpose
from gongji.settlement import admission_refusals as refusals
from gongji.settlement.admissions import Admission
from gongji.settlement.desk import Desk
from gongji.settlement.holds.model import HoldKey, PlaceHold, ReleaseHold
from gongji.settlement.holds.queries import open_deposits

#: For how long a deposit is held at most, if its patient is neither in hospital nor about to be settled.
LASTS: Final = timedelta(days=180)


class DepositFrom(StrEnum):
    """deposit_acct, as acct_used_flag: 1 the patient's own account, 2 the sharers'."""

    OWN = "1"
    SHARERS = "2"


class WantedDeposit(msgspec.Struct, frozen=True):
    """A deposit that a hospital asks for at admission: fen, and whose account is to be held."""

    amount: int
    source: DepositFrom


def asked_for(extension: object) -> WantedDeposit | None:
    """The deposit in 2401's exp_content, an object or a text of one: ``deposit_amt`` in yuan, ``deposit_acct`` 1 or 2.

    Raises:
        InvalidInput: ``field.invalid``, ``amount.…`` when it is spelt wrong; anything else in there is none of ours.
    """
    found = extension
    if isinstance(extension, str) and extension.strip().startswith("{"):
        try:
            found = msgspec.json.decode(extension)
        except msgspec.DecodeError:
            return None
    if not isinstance(found, Mapping) or found.get("deposit_amt") in (None, "", "null"):
        return None
    path = "input.mdtrtinfo.exp_content"
    amount = parse_yuan(found["deposit_amt"], f"{path}.deposit_amt")
    account = str(found.get("deposit_acct", DepositFrom.OWN))
    if account not in tuple(DepositFrom) or amount == 0:
        field, accepted = ("deposit_amt", "above 0.00") if amount == 0 else ("deposit_acct", "1 or 2")
        raise InvalidInput(
            "field.invalid",
            f"{path}.{field} is not {accepted}",
            f"{path}.{field} 取值不支持",
            field=f"{path}.{field}",
            accepted=accepted,
        )
    return WantedDeposit(amount, DepositFrom(account))


def place_deposit(
    database: Database, desk: Desk, known: Admission, reference: str, wanted: WantedDeposit, key: HoldKey, at: datetime
) -> Hold:
    """Hold a deposit for a stay, whole or not at all. A stay that has one keeps it, and that is the answer.

    Of sharers the first one, in the order in which they pay, whose authorisation allows deposits and whose account and
    limits leave the whole amount.

    Args:
        database: where it is kept.
        desk: places it.
        known: the stay.
        reference: its number on the wire.
        wanted: how much, and whose.
        key: of the request; each sharer that is tried has one made of it.
        at: now.

    Raises:
        Refused: ``admission.state`` for a stay that is over; what `gongji.settlement.holds.decide.place` refuses.
    """
    with database.transaction() as connection:
        there = open_deposits(connection, reference)
        sharers = _sharers(connection, known.visit.person_id) if wanted.source is DepositFrom.SHARERS else []
    if there:
        return there[0]
    tried: list[tuple[int, int | None]] = [(known.visit.person_id, None)]
    if wanted.source is DepositFrom.SHARERS:
        tried = list(sharers)
        if not tried:
            raise refusals.no_sharer_for_deposits()
    refused: GongjiError | None = None
    for payer_id, authorisation_id in tried:
        try:
            receipt = place_for(desk, known, reference, wanted.amount, payer_id, authorisation_id, key, at)
        except GongjiError as refusal:
            refused = refused or refusal
            continue
        with database.transaction() as connection:
            return next(one for one in open_deposits(connection, reference) if one.id == receipt.hold_id)
    assert refused is not None, "somebody was tried"
    raise refused


def place_for(
    desk: Desk,
    known: Admission,
    reference: str,
    amount: int,
    payer_id: int,
    authorisation_id: int | None,
    key: HoldKey,
    at: datetime,
) -> HoldReceipt:
    """Hold `amount` fen of one payer's money for a stay; the same key gives the same receipt again.

    Raises:
        Refused: ``admission.state``; what `gongji.settlement.holds.decide.place` refuses.
    """
    if not known.awaits_settlement:
        raise refusals.wrong_state(known.state)
    command = PlaceHold(
        key=HoldKey(f"{key.key}:{authorisation_id or 'own'}", key.digest),
        person_id=known.visit.person_id,
        payer_id=payer_id,
        amount=amount,
        purpose=HoldPurpose.DEPOSIT,
        reference=reference,
        expires_at=at + LASTS,
        authorisation_id=authorisation_id,
    )
    return desk.hold(command).result()


def give_back(database: Database, desk: Desk, reference: str) -> list[HoldReceipt]:
    """Give every deposit for a stay back, now: the admission was cancelled."""
    with database.transaction() as connection:
        there = open_deposits(connection, reference)
    commands = [
        ReleaseHold(
            HoldKey(f"admission:{reference}:{one.id}:cancelled", digest_of("cancelled", reference)),
            one.person_id,
            one.id,
        )
        for one in there
    ]
    return [desk.hold(command).result() for command in commands]


def _sharers(connection: sa.Connection, user_id: int) -> list[tuple[int, int]]:
    """Who lets deposits be held for a person: (sharer, authorisation) in the order in which they pay."""
    active: list[Any] = [
        one
        for one in family.authorisations_of_user(connection, user_id)
        if one.state is AuthorisationState.ACTIVE and Purpose.DEPOSIT in one.purposes
    ]
    active.sort(key=lambda one: (one.rank, one.active_since, one.id))
    return [(one.sharer_id, one.id) for one in active]
