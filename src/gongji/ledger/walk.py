"""Walking the hash chains: blocks in order, slice by slice; each slice is hashed by the server where its rows lie.

The links (which block follows which) are read here and cost little; the hashing needs every row and is the long part.
A slice can be checked on any connection, so several can be checked at once, and a walk can begin where an earlier one
ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from gongji.foundation.arrays import Blobs, Integers
from gongji.ledger import chain
from gongji.ledger.archive_tables import ENDS
from gongji.ledger.finding import Finding

#: Journals and transfers that one slice holds, about: a second of the server's work, and a step of a progress bar.
SLICE_ROWS: Final = 100_000

#: Blocks fetched at a time while the links are read.
_BLOCKS_AT_ONCE: Final = 5_000

#: Blocks of all posters, each poster's from its mark on (the marked block itself is read again).
_BLOCKS = """
SELECT p.id, b.number, b.journals, b.transfers, b.hash
  FROM poster p
  LEFT JOIN unnest(%(posters)b::bigint[], %(numbers)b::bigint[]) AS m(poster_id, number) ON m.poster_id = p.id
  JOIN LATERAL (SELECT number, cardinality(journals) AS journals, transfers, hash FROM block
                 WHERE poster_id = p.id AND number >= coalesce(m.number, 0)) AS b ON true
 ORDER BY p.id, b.number
"""

_CHECK = f"""
SELECT k.poster_id, k.number, k.journals, k.transfers, h.journals, h.transfers, h.first, h.last, h.strays,
       coalesce({chain.HASH.format(before="k.before")} = k.hash, false)
  FROM unnest(%(posters)b::bigint[], %(numbers)b::bigint[], %(journals)b::bigint[], %(transfers)b::bigint[],
              %(befores)b::bytea[], %(hashes)b::bytea[])
       AS k(poster_id, number, journals, transfers, before, hash)
  CROSS JOIN LATERAL ({chain.HASHED_ROWS.format(block="b.poster_id = k.poster_id AND b.number = k.number")}) AS h
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a poster's chain was verified: a block's number and its hash."""

    number: int
    hash: bytes


#: Before a poster's first block.
NOWHERE: Final = Mark(0, b"")


@dataclass(frozen=True, slots=True)
class Link:
    """A block as it is stored, and the hash of the one before it."""

    poster_id: int
    number: int
    journals: int
    transfers: int
    before: bytes
    hash: bytes

    @property
    def rows(self) -> int:
        """Journals and transfers that the block says it has."""
        return self.journals + self.transfers


@dataclass(slots=True)
class Slice:
    """Blocks that are checked together, and what was found wrong with how they follow each other."""

    links: list[Link] = field(default_factory=list)
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ends(self) -> dict[int, Mark]:
        """The last block of each poster in this slice."""
        return {link.poster_id: Mark(link.number, link.hash) for link in self.links}


def walk(
    connection: psycopg.Connection[Any],
    marks: Mapping[int, Mark] | None = None,
    slice_rows: int = SLICE_ROWS,
    through: Mapping[int, int] | None = None,
) -> Iterator[Slice]:
    """The blocks of all posters in slices of about `slice_rows` rows, in order; where months were archived, from where
    the chains begin here.

    Args:
        connection: a connection in a transaction; a cursor on the server stays open while the walk goes on.
        marks: where to go on, by poster; what lies up to a mark is not read again, but the marked block must be there
            and have the hash it had.
        slice_rows: journals and transfers of a slice.
        through: only so far, by poster; no block of the posters that are not named.
    """
    ends = chain_ends(connection)
    # What was verified before it was archived is not looked for any more.
    marks = {poster: mark for poster, mark in (marks or {}).items() if mark.number > ends.get(poster, NOWHERE).number}
    current = Slice(findings=list(_lost(connection, marks)))
    marks = ends | marks
    poster_id, number, before = 0, 0, b""
    with connection.cursor("walk") as cursor:
        cursor.itersize = _BLOCKS_AT_ONCE
        parameters = {"posters": Integers(marks), "numbers": Integers(mark.number for mark in marks.values())}
        cursor.execute(_BLOCKS, parameters)
        for owner, block, journals, transfers, stored in cursor:
            place = f"block {block} of poster {owner}"
            if through is not None and block > through.get(owner, 0):
                continue
            if owner != poster_id:
                poster_id, number, before = owner, 0, chain.genesis(owner)
                if owner in marks:
                    number, before = marks[owner].number, marks[owner].hash
            if owner in marks and block == marks[owner].number:
                if stored != before:
                    current.findings.append(Finding("chain", f"{place} has another hash than when it was verified"))
                continue
            if block != number + 1:
                current.findings.append(Finding("chain", f"{place} follows block {number}: blocks are missing"))
            current.links.append(Link(owner, block, journals, transfers, before, stored))
            current.rows += journals + transfers
            number, before = block, stored
            if current.rows >= slice_rows:
                yield current
                current = Slice()
    if current.links or current.findings:
        yield current


def check_slice(connection: psycopg.Connection[Any], piece: Slice) -> list[Finding]:
    """What is wrong with the blocks of a slice: those whose hash is not that of the rows that stand in them today.

    Args:
        connection: a connection that sees what the walk saw.
        piece: from `walk`.
    """
    links = piece.links
    parameters = {
        "posters": Integers(link.poster_id for link in links),
        "numbers": Integers(link.number for link in links),
        "journals": Integers(link.journals for link in links),
        "transfers": Integers(link.transfers for link in links),
        "befores": Blobs(link.before for link in links),
        "hashes": Blobs(link.hash for link in links),
    }
    findings = list(piece.findings)
    if not links:
        return findings
    for poster, block, *counts, first, last, strays, whole in connection.execute(_CHECK, parameters):
        journals, transfers, has_journals, has_transfers = counts
        place = f"block {block} of poster {poster}"
        if (journals, transfers) != (has_journals, has_transfers):
            posted = f"{journals} journals and {transfers} transfers"
            findings.append(
                Finding("chain", f"{place} was posted with {posted} and has {has_journals} and {has_transfers}")
            )
        if not whole:
            rows = f"journals {first} to {last}" if first else "it has none"
            findings.append(Finding("chain", f"{place} does not have the hash of its rows ({rows})"))
        if strays:
            findings.append(
                Finding("journal", f"{place} has {strays} transfers with another moment or bucket than they must")
            )
    return findings


def chain_ends(connection: psycopg.Connection[Any]) -> dict[int, Mark]:
    """Where each poster's chain begins here: the last block that was archived, by poster."""
    rows = connection.execute(f"SELECT poster_id, number, hash FROM {ENDS} AS e")
    return {poster_id: Mark(number, bytes(stored)) for poster_id, number, stored in rows}


def _lost(connection: psycopg.Connection[Any], marks: Mapping[int, Mark]) -> Iterator[Finding]:
    """Blocks that were verified once and are gone: the end of a chain can be cut off without leaving a gap."""
    rows = connection.execute(
        """
        SELECT m.poster_id, m.number
          FROM unnest(%(posters)b::bigint[], %(numbers)b::bigint[]) AS m(poster_id, number)
         WHERE NOT EXISTS (SELECT FROM block b JOIN poster p ON p.id = b.poster_id
                            WHERE b.poster_id = m.poster_id AND b.number = m.number)
        """,
        {"posters": Integers(marks), "numbers": Integers(mark.number for mark in marks.values())},
    )
    for poster_id, number in rows:
        yield Finding("chain", f"block {number} of poster {poster_id} was verified before and is gone")
