"""Several writes as one statement, or one after the other where the tables lie on several nodes.

One statement with its writes under `WITH` costs one round trip and one plan. Citus takes no such statement over tables that
it spreads: there the same writes go one by one, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import psycopg

from gongji.foundation.prepared import Asked


@dataclass(frozen=True)
class Together:
    """Writes that belong together and do not see each other's rows.

    Attributes:
        writes: by a name for each, in the order in which they go one by one.
        needs: by name the column without a value in which a write has nothing to do: one by one it is left out then. The last
            write is never left out.
    """

    writes: Mapping[str, str]
    needs: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def statement(self) -> str:
        """All of it as one statement, which touches as many rows as its last write."""
        *before, last = self.writes
        named = ", ".join(f"{name} AS ({self.writes[name]})" for name in before)
        return f"WITH {named} {self.writes[last]}" if before else self.writes[last]

    def asked(self, parameters: Mapping[str, object], *, spread: bool = False) -> list[Asked]:
        """The same for `gongji.foundation.prepared.run_together`; the last answer's `rowcount` is that of the last write."""
        if not spread:
            return [(self.statement, parameters)]
        return [(self.writes[name], parameters) for name in self.writes if self._has_work(name, parameters)]

    def _has_work(self, name: str, parameters: Mapping[str, object]) -> bool:
        values = parameters[self.needs[name]] if name in self.needs else (name,)
        return any(value is not None for value in cast("Iterable[object]", values))

    def run(
        self,
        on: psycopg.Connection[Any] | psycopg.Cursor[Any],
        parameters: Mapping[str, object],
        *,
        spread: bool = False,
    ) -> psycopg.Cursor[Any]:
        """Run the writes.

        Args:
            on: where.
            parameters: of all writes.
            spread: whether the tables lie on several nodes (`gongji.foundation.distribution.is_spread`).

        Returns:
            The cursor of the last write: its `rowcount` says how many rows that touched.
        """
        for statement, values in self.asked(parameters, spread=spread):
            last = on.execute(statement, values)
        return last
