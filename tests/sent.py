"""What is sent to the database, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from gongji.foundation.prepared import Answer, Asked, Statements


def statements_sent(monkeypatch: pytest.MonkeyPatch, over: psycopg.Connection[Any] | None = None) -> list[str]:
    """A list that every statement sent in this process, or over one connection, is added to from now on; commits and rollbacks
    are none of ours, and what prepares a statement comes once."""
    sent: list[str] = []
    execute, run = psycopg.Cursor.execute, Statements.run

    def executing(self: Any, query: Any, *more: Any, **how: Any) -> Any:
        if over in (None, self.connection) and not str(query).startswith("PREPARE "):
            sent.append(str(query))
        return execute(self, query, *more, **how)

    def running(self: Statements, connection: psycopg.Connection[Any], asked: Sequence[Asked]) -> list[Answer]:
        if over in (None, connection):
            sent.extend(statement for statement, _ in asked)
        return run(self, connection, asked)

    monkeypatch.setattr(psycopg.Cursor, "execute", executing)
    monkeypatch.setattr(Statements, "run", running)
    return sent
