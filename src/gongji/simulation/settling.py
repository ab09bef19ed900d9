"""A chunk settled: its claims through `flow` and `people`, in arrays that a worker uses again and again."""

from __future__ import annotations

from typing import Final

import numpy as np

from gongji.simulation import flow
from gongji.simulation.cells import Fault
from gongji.simulation.chunk import VERDICTS, Chunk
from gongji.simulation.columns import COLUMNS
from gongji.simulation.people import People
from gongji.simulation.plan import Integers, Plan
from gongji.simulation.steps import steps

#: How many people a claim can bring: the patient, the sharer, and the family under which its order is kept.
_PEOPLE_OF_A_CLAIM: Final = 3


class Settler:
    """Settles one chunk after another; a worker's own."""

    def __init__(self, plan: Plan, *, counters: bool) -> None:
        """
        Args:
            plan: the rules.
            counters: whether the counters are wanted after each claim.
        """
        self._plan = plan
        self._counters = counters
        self._room = 0
        self._desk = plan.engine.desk()
        self._state = plan.engine.state(0)

    def settle(self, chunk: Chunk) -> flow.Out:
        """Settle a chunk; what cannot be assessed gets its verdict and its fault.

        Returns:
            Columns that the next chunk will write over; of no meaning for claims that are not assessed.
        """
        claims, plan, run = chunk.claims, self._plan, steps()
        rows = len(chunk.verdict)
        people, found = self._people_for(rows), self._found_for(chunk)
        rules = plan.rules
        run.find_rules(claims, rules, found)
        count, states, ordered = run.find_people(claims, rules.states, people, found)
        accounts = np.full((count if chunk.accounts else 0, 2), flow.NONE, np.int64)
        for name, told in chunk.accounts.items():
            holders = found.sharer if name.startswith("sharer") else found.who
            kind = int(name.endswith("historical_account"))
            run.open_accounts(holders, told, kind, found.verdict, accounts)
        np.maximum(accounts, 0, out=accounts)
        state = self._state_for(states)
        out = self._out_for(rows, accounts=bool(chunk.accounts))
        order = _in_order(claims.day, ordered=ordered)
        desk = self._desk
        # Of a claim that is settled none of these is below zero: such a place is not looked at for counting from the end.
        rule, who, kept = (column.view(np.uint32) for column in (found.rule, found.who, found.state))
        known = found._replace(rule=rule, who=who, state=kept)
        run.settle_chunk(order, claims, known, rules, state, accounts, desk.where, desk.pool, desk.work, out)
        _tell(chunk, plan)
        return out

    def _people_for(self, rows: int) -> People:
        """Room for the people of a chunk."""
        if rows > self._room or not hasattr(self, "_people"):
            self._room = rows
            self._out = np.zeros((len(flow.Out._fields) - 1, rows), np.int64)
            most = _PEOPLE_OF_A_CLAIM * rows
            self._people = People(
                slots=np.zeros(1 << (2 * most).bit_length(), np.int32),
                family=np.zeros(most, np.int64),
                person=np.zeros(most, np.int64),
                last_day=np.zeros(most, np.int32),
                members=np.zeros(most, np.int32),
                first_member=np.zeros(most, np.int32),
                next_member=np.zeros(most, np.int32),
                first_state=np.zeros(most, np.int32),
                state_kept=np.zeros(rows, np.int32),
                state_next=np.zeros(rows, np.int32),
            )
            self._found = [np.zeros(rows, np.int32) for _ in range(4)]
        self._people.slots.fill(flow.NONE)
        return self._people

    def _found_for(self, chunk: Chunk) -> flow.Found:
        rule, who, state, sharer = (column[: len(chunk.verdict)] for column in self._found)
        return flow.Found(chunk.verdict, rule, who, state, sharer)

    def _state_for(self, states: int) -> Integers:
        """So many states, at zero."""
        if states > len(self._state):
            self._state = self._plan.engine.state(states)
        else:
            self._state[:states] = 0
        return self._state

    def _out_for(self, rows: int, *, accounts: bool) -> flow.Out:
        """Room for what comes out; what nobody asks for has no rows."""
        paid = rows if accounts else 0
        counters = len(self._plan.counters) if self._counters else 0
        deductible, pool, large, deductible_used, cap_used, own, shared, cash = self._out
        return flow.Out(
            deductible=deductible[:rows],
            pool=pool[:rows],
            large=large[:rows],
            deductible_used=deductible_used[:rows],
            cap_used=cap_used[:rows],
            own=own[:paid],
            shared=shared[:paid],
            cash=cash[:paid],
            counters=np.full((rows if counters else 0, counters), flow.NONE, np.int64),
        )


def _in_order(day: Integers, *, ordered: bool) -> Integers:
    """The claims in the order of their days, unsigned; those of one day as they stand."""
    if ordered:
        return np.arange(len(day), dtype=np.uint64)
    # Of two bytes, so that the sort goes by counting.
    return np.argsort((day - day.min()).astype(np.uint16), kind="stable").view(np.uint64)


def _tell(chunk: Chunk, plan: Plan) -> None:
    """Say of every claim with a verdict against it what is wrong."""
    refused = chunk.verdict > flow.OFFSITE_UNKNOWN
    if not refused.any():
        return
    for verdict, (column, code, en, zh) in VERDICTS.items():
        rows = np.flatnonzero(chunk.verdict == verdict)
        if len(rows):
            accepted = ", ".join(plan.diseases) if column == "disease" else COLUMNS[column].accepted
            chunk.faults.append(Fault(rows, column, code, en, zh, accepted))
