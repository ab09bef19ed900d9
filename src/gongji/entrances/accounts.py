"""How an operator names a ledger account: ``personal.current:<psn_no>``, ``fund.pool:211200:310``,
``payable.institution:<code>``, ``income:211200``, or an account's own number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.ledger.history import balance_at, dotted, kind_named, open_balance_at, shares_of, statement_at
from gongji.ledger.model import AccountKind, StatementLine, fund_holder, kind_of, personal_account
from gongji.registry.psn_no import person_id_from_psn_no
from gongji.registry.service import enrolments_of, institution_by_code

#: The forms, as they are told to whoever writes another one.
FORMS: Final = (
    "personal.current:<psn_no>, personal.historical:<psn_no>, personal.held:<psn_no>, wallet:<psn_no>,"
    " payable.person:<psn_no>, payable.institution:<code>, fund.pool:<region>:<scheme>, payable.tax:<region>,"
    " income:<region>, opening:<region>, treasury:<region>, clearing:<number>, or an account's number"
)

_PERSONS: Final = frozenset({kind for kind in AccountKind if kind.bounded} | {AccountKind.PAYABLE_PERSON})
_FUNDS: Final = frozenset({AccountKind.FUND_POOL, AccountKind.FUND_LARGE, AccountKind.FUND_CIVIL, AccountKind.FUND_AID})


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account that somebody named.

    Attributes:
        name: as it was named.
        kind: which account.
        ids: the ledger's ids: one, or the share in every bucket.
        region: the six-digit region that it belongs to, where its name tells; None for a bare number or a clearing.
        holder: who holds an open account over all buckets, as a number; None for one account.
    """

    name: str
    kind: AccountKind
    ids: tuple[int, ...]
    region: str | None
    holder: int | None = None

    def balance(self, connection: sa.Connection, at: datetime) -> int:
        """What it held at a moment, itself included, in fen; in a transaction with one snapshot."""
        if self.holder is None:
            return balance_at(connection, self.ids, at)
        return open_balance_at(connection, self.kind, self.holder, at)

    def statement(
        self, connection: sa.Connection, at: datetime, since: datetime | None, most: int
    ) -> list[StatementLine]:
        """Its newest movements up to a moment, as `gongji.ledger.history.statement_at`."""
        return statement_at(connection, self.ids, at, since, most, self.balance(connection, at))


def named_account(connection: sa.Connection, text: str) -> NamedAccount:
    """The account that a text names.

    Raises:
        InvalidInput: ``account.name`` when it is none of `FORMS`.
        NotFound: ``account.holder`` when there is no such institution or person.
    """
    kind_text, _, holder = text.partition(":")
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return _numbered(text)
    kind = kind_named(kind_text)
    if kind is None or not holder:
        raise _unreadable(text)
    if kind in _PERSONS:
        return _persons(connection, text, kind, holder)
    if kind is AccountKind.PAYABLE_INSTITUTION:
        institution = institution_by_code(connection, holder)
        if institution is None:
            raise _nobody(text)
        return _open(text, kind, institution.id, institution.region)
    form = r"(\d{6}):(\d{3})" if kind in _FUNDS else r"(\d{1,12})" if kind is AccountKind.CLEARING else r"(\d{6})"
    found = re.fullmatch(form, holder, re.ASCII)
    if found is None:
        raise _unreadable(text)
    number = fund_holder(found[1], found[2]) if kind in _FUNDS else int(found[1])
    region = None if kind is AccountKind.CLEARING else found[1]
    return _open(text, kind, number, region)


def _open(text: str, kind: AccountKind, holder: int, region: str | None) -> NamedAccount:
    return NamedAccount(text, kind, tuple(shares_of(kind, holder)), region, holder)


def _numbered(text: str) -> NamedAccount:
    try:
        return NamedAccount(text, kind_of(int(text)), (int(text),), None)
    except ValueError as problem:
        raise _unreadable(text) from problem


def _persons(connection: sa.Connection, text: str, kind: AccountKind, psn_no: str) -> NamedAccount:
    person_id = person_id_from_psn_no(psn_no)
    if person_id is None:
        raise _unreadable(text)
    enrolments = enrolments_of(connection, person_id)
    region = enrolments[0].region if enrolments else psn_no[:6]
    return NamedAccount(text, kind, (personal_account(kind, person_id),), region)


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(
        "account.name",
        f"{text} names no account: the kinds are {', '.join(dotted(kind) for kind in AccountKind)}",
        f"无法识别账户“{text}”，请按“账户种类:持有人”填写，例如 fund.pool:211200:310",
        field="account",
        accepted=FORMS,
    )


def _nobody(text: str) -> NotFound:
    return NotFound(
        "account.holder",
        f"the holder of {text} is not known",
        f"没有找到账户“{text}”的持有人，请核对编号",
        field="account",
        accepted=FORMS,
    )


def read_moment(text: str | None, otherwise: datetime) -> datetime:
    """A moment as people write it, in China's time unless it names a zone; a day is taken to its end.

    Raises:
        InvalidInput: ``moment.invalid``.
    """
    if text is None:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise InvalidInput(
            "moment.invalid",
            f"{text} is no moment",
            f"“{text}”不是有效的时间",
            field="at",
            accepted="2026-03-31 (the end of that day), 2026-03-31T12:00, 2026-03-31T12:00:00+08:00",
        ) from problem
    if len(text) <= len("2026-03-31"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
