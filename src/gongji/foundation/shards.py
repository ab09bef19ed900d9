"""Which rows one statement may lock where the tables lie on several nodes, and the order in which everybody locks them.

Citus locks rows in a statement that goes to one shard, and takes it for such a one when the buckets that it names lie in one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa

from gongji.foundation.arrays import SmallIntegers
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import BUCKETS, bucket_of

#: All tables by bucket lie as this one does. A shard that is moved to another node stays one; whoever splits one starts the
#: service anew (docs/operating.md).
_SHARDS: Final = f"""
SELECT get_shard_id_for_distribution_column('person', b::smallint) FROM generate_series(0, {BUCKETS - 1}) AS b ORDER BY b
"""

_known: Final[WeakKeyDictionary[psycopg.Connection[Any], list[int]]] = WeakKeyDictionary()


def by_shard(connection: psycopg.Connection[Any], ids: Iterable[int]) -> list[list[int]]:
    """Ids by the shard that their bucket lies in, in the order in which they are locked: shard by shard, each by its ids."""
    shards = _known.get(connection)
    if shards is None:
        shards = _known[connection] = [row[0] for row in connection.execute(_SHARDS)]
    lying: dict[int, list[int]] = {}
    for one in sorted(set(ids)):
        lying.setdefault(shards[bucket_of(one)], []).append(one)
    return [lying[shard] for shard in sorted(lying)]


def lockable(connection: sa.Connection, ids: Collection[int]) -> list[list[int]]:
    """Ids that one statement locks: all; where the tables lie on several nodes those of a shard, as `by_shard`."""
    if not is_spread(connection):
        return [list(ids)]
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return by_shard(driver, ids)


def buckets_of(ids: Iterable[int]) -> SmallIntegers:
    """The buckets of ids: a statement that names them goes to their shards alone."""
    return SmallIntegers(sorted({bucket_of(one) for one in ids}))
