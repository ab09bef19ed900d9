"""E-credentials (医保电子凭证) of our own: a code on the phone, shown once, read into a token for one institution.

Only keyed digests are stored. A code holds for two minutes and serves once; the same message again reads it again, so that
a lost answer costs nobody a second code.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.errors import GongjiError, Refused
from gongji.foundation.personal import Vault
from gongji.registry.e_credential_tables import e_credential

#: How long a code on the phone holds, and the token that an institution reads it into: a visit, from desk to till.
CODE_HOLDS: Final = timedelta(minutes=2)
TOKEN_HOLDS: Final = timedelta(hours=12)

#: What a code is for: to show who one is (6101), or to pay an order with (6202).
Use = Literal["show", "pay"]

#: What digests of codes and tokens are made under.
INDEX: Final = "e_credential"


def issue(connection: sa.Connection, vault: Vault, person_id: int, region: str, use: Use, at: datetime) -> str:
    """A fresh code for a person, 28 digits that end with the region; an earlier unused one of the same use is over.

    Args:
        connection: the transaction.
        vault: makes the digest.
        person_id: whose.
        region: six digits of the pooling region.
        use: see `Use`.
        at: now.
    """
    earlier = sa.and_(
        e_credential.c.person_id == person_id, e_credential.c.kind == use, e_credential.c.used_at.is_(None)
    )
    connection.execute(e_credential.delete().where(earlier, e_credential.c.expires_at > at))
    code = f"{secrets.randbelow(10**22):022d}{region}"
    connection.execute(
        e_credential.insert().values(
            digest=vault.index(INDEX, code), kind=use, person_id=person_id, made_at=at, expires_at=at + CODE_HOLDS
        )
    )
    return code


def read_code(
    connection: sa.Connection, vault: Vault, code: str, institution_id: int, message: str, at: datetime
) -> tuple[int, str]:
    """Read a code that was shown (6101); it is used with that.

    Args:
        connection: the transaction.
        vault: makes the digests.
        code: the 28 digits.
        institution_id: who reads.
        message: the message's number; the same institution and message may read it again.
        at: now.

    Returns:
        The person's id, and the token under which this institution knows them: 40 characters.

    Raises:
        Refused: ``credential.over``.
    """
    person_id = use_code(connection, vault, code, "show", institution_id, message, at)
    token = f"{code[-6:]}ec{vault.index('ec_token', f'{code}:{institution_id}').hex()[:32]}"
    held = {
        "digest": vault.index(INDEX, token),
        "kind": "token",
        "person_id": person_id,
        "institution_id": institution_id,
        "made_at": at,
        "expires_at": at + TOKEN_HOLDS,
    }
    connection.execute(insert(e_credential).values(held).on_conflict_do_nothing())
    return person_id, token


def use_code(
    connection: sa.Connection, vault: Vault, code: str, use: Use, institution_id: int, used_for: str, at: datetime
) -> int:
    """Use a code up, for a message or an order; for the same one again it counts as used then.

    Returns:
        The person's id.

    Raises:
        Refused: ``credential.over`` when it is unknown, over, for another use or used for something else.
    """
    mine = sa.and_(e_credential.c.digest == vault.index(INDEX, code), e_credential.c.kind == use)
    taken = connection.execute(
        e_credential.update()
        .where(mine, e_credential.c.used_at.is_(None), e_credential.c.expires_at > at)
        .values(used_at=at, used_for=used_for, institution_id=institution_id)
        .returning(e_credential.c.person_id)
    ).scalar_one_or_none()
    if taken is None:
        again = sa.and_(e_credential.c.used_for == used_for, e_credential.c.institution_id == institution_id)
        taken = connection.execute(sa.select(e_credential.c.person_id).where(mine, again)).scalar_one_or_none()
    if taken is None:
        raise code_over()
    return int(taken)


def forget_codes(connection: sa.Connection, before: datetime) -> int:
    """Delete codes and tokens that were over before a moment; how many."""
    return connection.execute(e_credential.delete().where(e_credential.c.expires_at < before)).rowcount


def code_over() -> GongjiError:
    """``credential.over``."""
    return Refused(
        "credential.over",
        "the code is unknown, over or used before: let the citizen show a fresh one",
        "电子凭证二维码已失效或已使用，请参保人刷新后重新出示",
        field="ecQrCode",
        accepted="a code of the last two minutes that was not used",
    )
