"""How far the chains were verified, and what was found: kept beside the books, so that a check can go on later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg

from gongji.foundation.arrays import Blobs, Integers
from gongji.ledger.finding import Finding
from gongji.ledger.walk import Mark


class Verification(StrEnum):
    """Who goes over the chains."""

    #: ``gongji ledger verify``, from the first block; taken up again by ``--resume``.
    FULL = "full"
    #: The service, over what is new.
    RECENT = "recent"


def load_marks(connection: psycopg.Connection[Any], verification: Verification) -> dict[int, Mark]:
    """How far a verification came, by poster."""
    rows = connection.execute(
        "SELECT poster_id, number, hash FROM verified_block WHERE verification = %s", [verification]
    )
    return {poster_id: Mark(number, stored) for poster_id, number, stored in rows}


def save_marks(
    connection: psycopg.Connection[Any], verification: Verification, marks: Mapping[int, Mark], at: datetime
) -> None:
    """Move a verification's marks; posters that are not named keep theirs."""
    connection.execute(
        """
        INSERT INTO verified_block (verification, poster_id, number, hash, verified_at)
        SELECT %(verification)s, m.poster_id, m.number, m.hash, %(at)s
          FROM unnest(%(posters)b::bigint[], %(numbers)b::bigint[], %(hashes)b::bytea[]) AS m(poster_id, number, hash)
            ON CONFLICT (verification, poster_id) DO UPDATE
               SET number = excluded.number, hash = excluded.hash, verified_at = excluded.verified_at
        """,
        {
            "verification": verification,
            "at": at,
            "posters": Integers(marks),
            "numbers": Integers(mark.number for mark in marks.values()),
            "hashes": Blobs(mark.hash for mark in marks.values()),
        },
    )


def forget_marks(connection: psycopg.Connection[Any], verification: Verification) -> None:
    """Begin a verification anew."""
    connection.execute("DELETE FROM verified_block WHERE verification = %s", [verification])


def keep_findings(connection: psycopg.Connection[Any], findings: Iterable[Finding], at: datetime) -> None:
    """Keep what was found; a finding that is kept already keeps the moment of its first time."""
    for finding in findings:
        connection.execute(
            "INSERT INTO verification_finding (found_at, topic, what) VALUES (%s, %s, %s)"
            " ON CONFLICT (topic, what) DO NOTHING",
            [at, finding.check, finding.what],
        )


def kept_findings(connection: psycopg.Connection[Any]) -> list[tuple[datetime, Finding]]:
    """What was found and when, oldest first."""
    rows = connection.execute("SELECT found_at, topic, what FROM verification_finding ORDER BY id")
    return [(at, Finding(topic, what)) for at, topic, what in rows]


def dismiss_findings(connection: psycopg.Connection[Any]) -> int:
    """Take all findings away, once somebody has looked into them; how many there were."""
    return connection.execute("DELETE FROM verification_finding").rowcount
