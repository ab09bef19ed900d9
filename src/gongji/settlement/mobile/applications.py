"""Applications of institutions at mobile payment, and the notices that go out to them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from gongji.foundation.errors import InvalidInput
from gongji.foundation.guomi import sm2_keypair, sm2_verify
from gongji.foundation.ids import bucket_of
from gongji.foundation.personal import Vault
from gongji.registry import service as registry
from gongji.registry.model import Institution
from gongji.settlement.mobile import store
from gongji.settlement.mobile.model import Order
from gongji.settlement.mobile.tables import mobile_app, mobile_notice

#: Times that an institution is called before it is given up: the last about a day after the first.
ATTEMPTS: Final = 12
_FIRST_WAIT: Final = timedelta(seconds=20)

#: How long a notice is another caller's, once taken; longer than any call waits.
_LEASE: Final = timedelta(minutes=2)

#: As many notices are looked at as there may be callers that each have one in hand.
_CALLERS: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class MobileApp:
    """How an institution and we know each other: see `gongji.settlement.mobile.tables.mobile_app`."""

    app_id: str
    institution: Institution
    secret: str
    private: bytes
    public: bytes
    notify_url: str


def register_app(
    connection: sa.Connection,
    vault: Vault,
    institution: Institution,
    public: bytes,
    notify_url: str,
    at: datetime,
) -> tuple[MobileApp, bytes]:
    """Give an institution an application number and a secret, and make our key for it.

    Returns:
        The application and our public key, for the institution.

    Raises:
        InvalidInput: ``guomi.key`` for what is no SM2 key; ``mobile.notify_url``.
    """
    sm2_verify(public, b"", b"")  # refuses what is no key
    if notify_url and (urlsplit(notify_url).scheme not in ("http", "https") or not urlsplit(notify_url).hostname):
        raise InvalidInput(
            "mobile.notify_url",
            "the address for notices is no http(s) address",
            "结果通知地址应为 http 或 https 地址",
            field="notify_url",
            accepted="https://…",
        )
    private, own_public = sm2_keypair()
    app = MobileApp(
        secrets.token_hex(16).upper(), institution, secrets.token_hex(16).upper(), private, public, notify_url
    )
    connection.execute(
        mobile_app.insert().values(
            app_id=app.app_id,
            institution_id=institution.id,
            secret_sealed=vault.seal(app.secret),
            own_key_sealed=vault.seal_bytes(private),
            public_key=public,
            notify_url=notify_url,
            valid_from=at,
        )
    )
    return app, own_public


def find_app(connection: sa.Connection, vault: Vault, app_id: str, at: datetime) -> MobileApp | None:
    """An application that holds at a moment."""
    return _app(connection, vault, mobile_app.c.app_id == app_id, at)


def _app(connection: sa.Connection, vault: Vault, condition: sa.ColumnElement[bool], at: datetime) -> MobileApp | None:
    row = connection.execute(
        sa.select(mobile_app)
        .where(
            condition,
            mobile_app.c.valid_from <= at,
            sa.or_(mobile_app.c.valid_until.is_(None), mobile_app.c.valid_until > at),
        )
        .order_by(mobile_app.c.valid_from.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    institution = registry.institutions_by_id(connection, [row.institution_id])[row.institution_id]
    return MobileApp(
        row.app_id,
        institution,
        vault.open(row.secret_sealed),
        vault.open_bytes(row.own_key_sealed),
        bytes(row.public_key),
        row.notify_url,
    )


def take_notice(connection: sa.Connection, vault: Vault, at: datetime) -> tuple[Order, MobileApp | None] | None:
    """The next order whose institution is to be told, with where; nobody else takes it for a while. None: nothing is due.

    A process that is killed while it calls leaves the notice due again: an institution may be told twice, never not at all.
    """
    order_id = _lock_due(connection, at)
    if order_id is None:
        return None
    _change(connection, order_id, due_at=at + _LEASE)
    order = store.find_order(connection, order_id)
    assert order is not None
    with_address = sa.and_(mobile_app.c.institution_id == order.institution_id, mobile_app.c.notify_url != "")
    return order, _app(connection, vault, with_address, at)


def _lock_due(connection: sa.Connection, at: datetime) -> int | None:
    """The order whose notice is due longest and that nobody else has in hand, with its notice locked.

    Found first and locked by its key then: over several nodes a row is locked where its bucket lies.
    """
    due = sa.select(mobile_notice.c.order_id).where(mobile_notice.c.due_at <= at).order_by(mobile_notice.c.due_at)
    waiting: list[int] = list(connection.execute(due.limit(_CALLERS)).scalars())
    for order_id in waiting:
        mine = sa.and_(mobile_notice.c.bucket == bucket_of(order_id), mobile_notice.c.order_id == order_id)
        still_due = sa.select(mobile_notice.c.order_id).where(mine, mobile_notice.c.due_at <= at)
        if connection.execute(still_due.with_for_update(skip_locked=True)).one_or_none() is not None:
            return order_id
    return None


def notice_told(connection: sa.Connection, order_id: int, at: datetime) -> None:
    """The institution has confirmed."""
    _change(connection, order_id, due_at=None, told_at=at, problem="")


def notice_failed(connection: sa.Connection, order_id: int, problem: str, at: datetime) -> bool:
    """The institution did not confirm: again later, each time after twice as long; whether there is a later."""
    mine = sa.and_(mobile_notice.c.bucket == bucket_of(order_id), mobile_notice.c.order_id == order_id)
    before: int = connection.execute(sa.select(mobile_notice.c.attempts).where(mine).with_for_update()).scalar_one()
    attempts = before + 1
    again = attempts < ATTEMPTS
    due_at = at + _FIRST_WAIT * 2 ** (attempts - 1) if again else None
    _change(connection, order_id, attempts=attempts, due_at=due_at, problem=problem[:200])
    return again


def _change(connection: sa.Connection, order_id: int, **values: object) -> None:
    mine = sa.and_(mobile_notice.c.bucket == bucket_of(order_id), mobile_notice.c.order_id == order_id)
    connection.execute(mobile_notice.update().where(mine).values(**values))
