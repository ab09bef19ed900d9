"""Accounts of the ledger as of any moment: for officers, over the region that they work for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from gongji.entrances.accounts import FORMS, NamedAccount, named_account, read_moment
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.foundation.access import Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import NotFound
from gongji.ledger.history import dotted
from gongji.ledger.model import kind_of

router = APIRouter(prefix="/v1/ledger", tags=["ledger"], responses=RESPONSES)

Account = Annotated[str, Path(description=FORMS)]
At = Annotated[str | None, Query(description="the moment, 2026-03-31 (its end) or 2026-03-31T12:00; now when left out")]


class LedgerBalanceOut(BaseModel):
    """What an account held at a moment."""

    account: str
    at: datetime
    balance_fen: int = Field(description="of an open account below zero when it gave more than it took")


class MovementOut(BaseModel):
    """One movement of an account."""

    at: datetime
    event: str = Field(description="id of the event; several movements of one event share it")
    kind: str = Field(description="settlement, reversal, opening …")
    amount_fen: int = Field(description="below zero when money left the account")
    balance_fen: int = Field(description="of the account, after the movement")
    other_account: str = Field(description="kind of the other side")
    authorisation: str | None = Field(description="under which it was shared, if it was")


class LedgerStatementOut(LedgerBalanceOut):
    """The newest movements of an account up to a moment, oldest first."""

    movements: list[MovementOut]


@router.get("/accounts/{account}/balance")
def read_ledger_balance(account: Account, door: Annotated[Door, Depends()], at: At = None) -> LedgerBalanceOut:
    """What an account held at a moment. Every reading is audited."""
    with door.open(Role.OFFICER) as call, call.platform.database.snapshot() as books:
        named, moment = _asked(call, books, account, at)
        call.note("ledger.balance", account=account)
        return LedgerBalanceOut(account=account, at=moment, balance_fen=named.balance(books, moment))


@router.get("/accounts/{account}/statement")
def read_ledger_statement(
    account: Account,
    door: Annotated[Door, Depends()],
    at: At = None,
    since: Annotated[str | None, Query(description="leave out movements before this moment")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="most movements; the newest are shown")] = 100,
) -> LedgerStatementOut:
    """The newest movements of an account up to a moment, each with the balance after it. Every reading is audited."""
    with door.open(Role.OFFICER) as call, call.platform.database.snapshot() as books:
        named, moment = _asked(call, books, account, at)
        call.note("ledger.statement", account=account)
        lines = named.statement(books, moment, read_moment(since, moment) if since else None, limit)
        return LedgerStatementOut(
            account=account,
            at=moment,
            balance_fen=named.balance(books, moment),
            movements=[
                MovementOut(
                    at=line.at.astimezone(CHINA),
                    event=str(line.journal_id),
                    kind=line.kind,
                    amount_fen=line.amount,
                    balance_fen=line.balance,
                    other_account=dotted(kind_of(line.counter_account)),
                    authorisation=str(line.authorisation_id) if line.authorisation_id else None,
                )
                for line in lines
            ],
        )


def _asked(call: Call, books: sa.Connection, account: str, at: str | None) -> tuple[NamedAccount, datetime]:
    """The account, when it lies in the officer's region, and the moment.

    Raises:
        NotFound: ``account.holder``, whether there is no such account or one of another region; a bare number and a
            clearing between regions are for the installation's operator.
    """
    named = named_account(books, account)
    if named.region is None or not call.caller.covers(named.region):
        raise NotFound(
            "account.holder",
            "there is no such account in the region that you work for",
            "没有找到这个账户，或者它不属于您的统筹地区",
            field="account",
            accepted=FORMS,
        )
    return named, read_moment(at, call.now)
