"""Signatures that were seen, so that none is taken twice by any process of the installation.

One row a signature for as long as it could be used again. Rows lie by slots of ten minutes of the signature's own time, so
that what is over goes by a range of the key. A commit here need not wait for the disk: after a crash the last fraction of
a second may be missing, and a message's own key still keeps it from being done twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import psycopg
import sqlalchemy as sa
from msgspec import Struct

from gongji.foundation.arrays import Integers, Numbers
from gongji.foundation.database import Database
from gongji.foundation.prepared import Answer, Asked, run_together
from gongji.foundation.schema import metadata

#: Seconds of a signature's own time that lie in one slot.
SLOT: Final = 600

signature_seen = sa.Table(
    "signature_seen",
    metadata,
    sa.Column("slot", sa.Integer, nullable=False),
    sa.Column("mark", sa.BigInteger, nullable=False),
    sa.Column("content", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("slot", "mark"),
    comment="mark: digest of the signature; content: digest of the message that it came with; slot: ten minutes of its time",
)

_NOTE: Final = """
INSERT INTO signature_seen (slot, mark, content)
SELECT * FROM unnest(%(slots)b::int[], %(marks)b::bigint[], %(contents)b::bigint[])
ON CONFLICT DO NOTHING RETURNING slot, mark
"""

_KNOWN: Final = """
SELECT s.slot, s.mark, s.content
  FROM unnest(%(slots)b::int[], %(marks)b::bigint[]) AS k(slot, mark)
  JOIN signature_seen s ON s.slot = k.slot AND s.mark = k.mark
"""


class Sighting(Struct, frozen=True):
    """A signature as it came in.

    Attributes:
        slot: its time, see `SLOT`.
        mark: digest of the signature, 64 bits.
        content: digest of the message, 64 bits.
        repeatable: whether the same message may come with it again: a dialect without a nonce cannot tell a client's
            repeat from a second message, but a repeat of the very bytes does no harm.
    """

    slot: int
    mark: int
    content: int
    repeatable: bool


def note_signatures(connection: psycopg.Connection, sightings: Sequence[Sighting]) -> list[bool]:
    """Take note of signatures, for all processes at once.

    Args:
        connection: commits each statement by itself.
        sightings: those that came in together.

    Returns:
        For each whether it may be taken: it is new, or its message is the one that it came with before.
    """
    return admitted(connection, sightings, run_together(connection, [noting(sightings)])[0])


def noting(sightings: Sequence[Sighting]) -> Asked:
    """What notes signatures, for who asks more at once; see `admitted`."""
    # In one order everywhere, so that two processes with the same signatures wait for each other and do not block.
    ordered = sorted(sightings, key=lambda one: (one.slot, one.mark))
    places = {"slots": Numbers(one.slot for one in ordered), "marks": Integers(one.mark for one in ordered)}
    return _NOTE, {**places, "contents": Integers(one.content for one in ordered)}


def admitted(connection: psycopg.Connection, sightings: Sequence[Sighting], noted: Answer) -> list[bool]:
    """What `note_signatures` says, once `noting` was answered."""
    fresh = Counter((slot, mark) for slot, mark in noted.fetchall())
    if len(fresh) == len(sightings):
        return [True] * len(sightings)
    places = {"slots": Numbers(one.slot for one in sightings), "marks": Integers(one.mark for one in sightings)}
    known = {(slot, mark): content for slot, mark, content in run_together(connection, [(_KNOWN, places)])[0]}
    taken: list[bool] = []
    for one in sightings:
        key = (one.slot, one.mark)
        new = fresh[key] > 0
        fresh[key] = 0
        taken.append(new or (one.repeatable and known.get(key) == one.content))
    return taken


def forget_signatures(database: Database, before: datetime) -> int:
    """Delete signatures that were made before a moment.

    Returns:
        How many.
    """
    slot = int(before.timestamp()) // SLOT
    with database.transaction() as connection:
        return connection.execute(signature_seen.delete().where(signature_seen.c.slot < slot)).rowcount
