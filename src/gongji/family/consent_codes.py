"""The code that a user reads out from their phone to agree: six digits, ten minutes, five tries."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gongji.family.applications import Application
from gongji.family.refusals import Code, refuse
from gongji.family.tables import binding_application as table
from gongji.foundation.errors import InvalidInput
from gongji.foundation.limits import Limit
from gongji.foundation.outbox import post
from gongji.foundation.personal import Vault

CODE_HOLDS: Final = timedelta(minutes=10)

#: Codes that a request may have sent, and tries to type one.
SENT: Final = Limit("consent.code_sent", 3, timedelta(hours=1))
TRIED: Final = Limit("consent.code_tried", 5, timedelta(hours=1))


def check_phone(text: str) -> str:
    """A Chinese mobile number without blanks and hyphens, full-width digits made plain.

    Raises:
        InvalidInput: ``phone.invalid``.
    """
    digits = "".join(str(int(one)) for one in text if one.isdecimal())
    digits = digits[2:] if len(digits) == 13 and digits.startswith("86") else digits
    if len(digits) != 11 or not digits.startswith("1"):
        raise InvalidInput(
            "phone.invalid",
            "this is no mobile number: eleven digits that begin with 1",
            "手机号不对：要 11 位数字，第一位是 1",
            field="phone",
            accepted="11 digits",
        )
    return digits


def send_code(
    connection: sa.Connection, vault: Vault, application: Application, phone: str, text: str, *, at: datetime
) -> None:
    """Send a fresh code to the user's phone.

    Args:
        connection: the transaction.
        vault: seals.
        application: waits for consent.
        phone: as `check_phone` gives it.
        text: the message with ``{code}`` where the code goes.
        at: now.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    connection.execute(
        table.update()
        .where(table.c.id == application.id)
        .values(
            consent_phone_sealed=vault.seal(phone),
            consent_code_digest=_digest(application, code),
            consent_code_until=at + CODE_HOLDS,
        )
    )
    post(connection, vault, "family.consent_code", phone, text.format(code=code), at=at)


def check_code(connection: sa.Connection, application: Application, given: str, *, at: datetime) -> None:
    """Refuse a code that is not the one that was sent last.

    Raises:
        InvalidInput: ``authorisation.consent_code``.
    """
    columns = sa.select(table.c.consent_code_digest, table.c.consent_code_until).where(table.c.id == application.id)
    row = connection.execute(columns).one()
    digits = "".join(str(int(one)) for one in given if one.isdecimal())
    if (
        row.consent_code_digest is None
        or row.consent_code_until <= at
        or not hmac.compare_digest(bytes(row.consent_code_digest), _digest(application, digits))
    ):
        raise refuse(Code.CONSENT_CODE)


def _digest(application: Application, code: str) -> bytes:
    return hashlib.sha256(f"{application.id} {code}".encode()).digest()
