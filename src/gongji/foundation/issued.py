"""What was printed and can be verified: the sums of each paper under a code that stands on it.

The code follows from the content under the installation's secret: the same paper printed twice has one code, and nobody
can make a code for sums of their own.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from gongji.foundation.clock import CHINA
from gongji.foundation.personal import Vault
from gongji.foundation.schema import metadata, moment_column

#: Holds nothing that the paper does not show, and people only as the paper masks them.
issued_document = sa.Table(
    "issued_document",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("content", JSONB, nullable=False),
    moment_column("first_issued_at"),
    sa.CheckConstraint("kind IN ('statement', 'receipt')", name="kind_known"),
)

#: 80 bits, as sixteen letters and digits that are told apart on paper.
_BYTES: Final = 10
_CODE: Final = re.compile(r"[A-Z2-7]{16}")


@dataclass(frozen=True, slots=True)
class Issued:
    """A paper that was printed: what it says, and when it was printed first."""

    code: str
    kind: str
    content: dict[str, Any]
    at: datetime


def issue(connection: sa.Connection, vault: Vault, kind: str, content: Mapping[str, object], at: datetime) -> str:
    """Note a paper's sums; gives the code to print on it.

    Args:
        connection: the transaction.
        vault: makes the code.
        kind: ``statement`` or ``receipt``.
        content: amounts in fen, days, and people as the paper masks them.
        at: now.
    """
    digest = vault.index(f"issued.{kind}", json.dumps(content, sort_keys=True, ensure_ascii=False))
    code = base64.b32encode(digest[:_BYTES]).decode()
    values = {"code": code, "kind": kind, "content": dict(content), "first_issued_at": at}
    connection.execute(insert(issued_document).values(values).on_conflict_do_nothing())
    return code


def grouped(code: str) -> str:
    """A code as it is printed: four groups of four."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def find_issued(connection: sa.Connection, typed: str) -> Issued | None:
    """The paper with a code, as somebody types it (blanks and small letters do not matter)."""
    code = "".join(typed.split()).replace("-", "").upper()
    if not _CODE.fullmatch(code):
        return None
    row = connection.execute(sa.select(issued_document).where(issued_document.c.code == code)).one_or_none()
    if row is None:
        return None
    return Issued(row.code, row.kind, row.content, row.first_issued_at.astimezone(CHINA))
