"""Rounds go on after the database was away, whichever of its two libraries says so."""

from __future__ import annotations

import threading

import psycopg
import pytest
import sqlalchemy as sa

from gongji.foundation.rounds import Rounds

#: As long as a test waits for what has to come at once.
_PATIENCE = 20


@pytest.mark.parametrize(
    "problem",
    [
        psycopg.errors.DiskFull("could not extend file: No space left on device"),
        psycopg.errors.AdminShutdown("terminating connection due to administrator command"),
        psycopg.InterfaceError("the connection is closed"),
        sa.exc.OperationalError("SELECT 1", {}, psycopg.errors.AdminShutdown("terminating connection")),
    ],
)
def test_a_round_that_meets_no_database_is_not_the_last(problem: Exception) -> None:
    """The premiums' round of a night in which PostgreSQL was killed: the next one asks again."""
    begun, again = iter([problem]), threading.Event()

    def round_of_premiums() -> None:
        for met in begun:
            raise met
        again.set()

    rounds = Rounds("premiums", round_of_premiums, every_seconds=0.01)
    try:
        assert again.wait(_PATIENCE)
    finally:
        rounds.close()
