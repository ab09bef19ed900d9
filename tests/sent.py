"""What is sent over a connection, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from gongji.foundation.prepared import Answer, Asked, Statements


def sent_over(connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that every statement over a connection is added to from now on; commits and rollbacks are none of ours."""
    sent: list[str] = []
    execute, run = connection.execute, Statements.run

    def executing(statement: Any, *args: Any, **more: Any) -> Any:
        if not str(statement).startswith("PREPARE "):
            sent.append(str(statement))
        return execute(statement, *args, **more)

    def running(self: Statements, over: psycopg.Connection[Any], asked: Sequence[Asked]) -> list[Answer]:
        if over is connection:
            sent.extend(statement for statement, _ in asked)
        return run(self, over, asked)

    monkeypatch.setattr(connection, "execute", executing)
    monkeypatch.setattr(Statements, "run", running)
    return sent
