"""What stands in for parts of the kernel where it is compiled, so that the machine code comes out as it should.

Each is the namesake of a function of the kernel and does the same. Needs Numba; only `compiled` comes here.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.compiler import Compiler
from numba.extending import intrinsic

_PLACE_BYTES: Final = 8

#: Bytes of a line of the cache.
LINE: Final = 64


def part_of(fen: Any, ratio: Any) -> Any:
    """`terms.part_of`, unsigned: nothing is below zero, so that dividing is one multiplication and one shift."""
    return np.int64(np.uint64(fen * ratio + 5_000) // np.uint64(10_000))


def following(claim: Any) -> Any:
    """`population.following`: a claim is unsigned and stays so."""
    return claim + np.uint64(1)


@intrinsic(prefer_literal=True)
def room_for(typing: Any, places: Any) -> Any:
    """`kernel.room_for` on the stack."""
    return _on_stack(types.int64, places)


@intrinsic(prefer_literal=True)
def lanes_for(typing: Any, places: Any) -> Any:
    """`lanes.lanes_for` on the stack."""
    return _on_stack(types.float64, places)


@intrinsic(prefer_literal=True)
def lane_rows_for(typing: Any, rows: Any, lanes: Any) -> Any:
    """`lanes.lane_rows_for` on the stack."""
    return _on_stack(types.float64, rows, lanes)


def _on_stack(kind: Any, *sizes: Any) -> Any:
    """An array on the stack, of any content, that is gone when the outermost caller returns: its type, and how it is made."""
    made = types.Array(kind, len(sizes), "C")
    shape = [size.literal_value for size in sizes]
    strides = [_PLACE_BYTES * prod(shape[axis + 1 :]) for axis in range(len(shape))]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def numbers(values: list[int]) -> list[Any]:
            return [context.get_constant(types.intp, value) for value in values]

        array = context.make_array(made)(context, builder)
        room = cgutils.alloca_once(  # type: ignore[no-untyped-call]
            builder, ir.ArrayType(context.get_data_type(kind), prod(shape))
        )
        # A vector that lies across two lines of the cache is read twice.
        room.align = LINE
        context.populate_array(
            array,
            data=builder.bitcast(room, array.data.type),
            shape=numbers(shape),
            strides=numbers(strides),
            itemsize=numbers([_PLACE_BYTES])[0],
            meminfo=None,
        )
        return array._getvalue()

    return made(*sizes), generate


class Apart(Compiler):
    """Compiles functions that are never given arrays that overlap: what was read need not be read again."""

    def define_pipelines(self) -> Any:
        """The usual steps of compiling."""
        self.state.flags.noalias = True
        return super().define_pipelines()  # type: ignore[no-untyped-call]
