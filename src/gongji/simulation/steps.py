"""The steps of `flow` and `people`, compiled together with the kernel where Numba is installed; else as they stand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from gongji.benefit import compiled
from gongji.simulation import flow, people


class Steps(NamedTuple):
    """The steps by which a chunk is settled, each as its namesake in `flow` or `people`."""

    find_rules: Callable[..., None]
    find_people: Callable[..., tuple[int, int, bool]]
    open_accounts: Callable[..., None]
    settle_chunk: Callable[..., None]


@cache
def steps() -> Steps:
    """The steps; compiled, or read from disk, when each is first called."""
    if not compiled.available():
        return Steps(flow.find_rules, people.find_people, flow.open_accounts, flow.settle_chunk)
    found = compiled.with_kernel((flow, people), frozenset(Steps._fields))
    return Steps(*(found[name] for name in Steps._fields))
