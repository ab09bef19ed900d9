"""Entering what an agency decided about many filings at once (a file of them)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gongji.foundation.ids import Serials
from gongji.foundation.inbox import tell
from gongji.registry import store
from gongji.registry.filing_messages import message_of
from gongji.registry.filings import Filing, FilingState, NewFiling, add_filings, filing_from
from gongji.registry.refusals import RowsRefused
from gongji.registry.tables import filing


def enter_filings(
    connection: sa.Connection,
    serials: Serials,
    rows: Sequence[NewFiling],
    at: datetime,
    *,
    progress: Callable[[int], None] = lambda count: None,
) -> None:
    """Enter what the agency decided, all or none: a row that is granted grants the filing of the same kind and subject that
    is under review on its first day, with the row's days and word, which the person is told; every other row is a filing
    of its own.

    Raises:
        RowsRefused: ``filing.overlap``, naming every row.
    """
    decided = [position for position, row in enumerate(rows) if row.state is FilingState.GRANTED]
    granted = _grant_filed(connection, [rows[position] for position in decided])
    done = {decided[position] for position in granted}
    tell(connection, [message_of(one) for one in granted.values()], at=at)
    progress(len(done))
    places = [position for position in range(len(rows)) if position not in done]
    try:
        add_filings(connection, serials, [rows[position] for position in places], at, progress=progress)
    except RowsRefused as error:
        raise RowsRefused({places[position]: why for position, why in error.refusals.items()}) from error


def _grant_filed(connection: sa.Connection, rows: Sequence[NewFiling]) -> dict[int, Filing]:
    """Grant what is under review; what was granted, by the positions of the rows that did."""
    given: dict[str, tuple[sa.types.TypeEngine[Any], list[Any]]] = {
        "position": (sa.Integer(), list(range(len(rows)))),
        "person_id": (sa.BigInteger(), [row.person_id for row in rows]),
        "kind": (sa.Text(), [row.kind.value for row in rows]),
        "subject": (sa.Text(), [row.subject for row in rows]),
        "word": (sa.Text(), [row.word for row in rows]),
        "since": (sa.Date(), [row.since for row in rows]),
        "until": (sa.Date(), [None if row.until == date.max else row.until for row in rows]),
    }
    arrays = [sa.cast(values, ARRAY(kind)) for kind, values in given.values()]
    columns = [sa.column(name, kind) for name, (kind, _) in given.items()]
    row = sa.func.unnest(*arrays).table_valued(*columns).render_derived(name="given").c
    granted = connection.execute(
        filing.update()
        .where(
            filing.c.bucket == store.bucket_in(row.person_id),
            filing.c.person_id == row.person_id,
            filing.c.kind == row.kind,
            filing.c.subject == row.subject,
            filing.c.state == FilingState.FILED.value,
            filing.c.during.contains(row.since),
        )
        .values(
            state=FilingState.GRANTED.value,
            word=sa.func.coalesce(sa.func.nullif(row.word, ""), filing.c.word),
            during=sa.func.daterange(row.since, row.until, "[]"),
        )
        .returning(filing, row.position)
    )
    return {row.position: filing_from(row) for row in granted}
