"""What stands in for parts of the kernel where it is compiled, so that the machine code comes out as it should.

Each is the namesake of a function of the kernel and does the same. Needs Numba; only `compiled` comes here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.compiler import Compiler
from numba.extending import intrinsic

_PLACE_BYTES = 8


def part_of(fen: Any, ratio: Any) -> Any:
    """`terms.part_of`, unsigned: nothing is below zero, so that dividing is one multiplication and one shift."""
    return np.int64(np.uint64(fen * ratio + 5_000) // np.uint64(10_000))


def following(claim: Any) -> Any:
    """`population.following`: a claim is unsigned and stays so."""
    return claim + np.uint64(1)


@intrinsic(prefer_literal=True)
def room_for(typing: Any, places: Any) -> Any:
    """`kernel.room_for` on the stack; of any content, and gone when the outermost caller returns."""
    made = types.Array(types.int64, 1, "C")
    count = places.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def number(value: int) -> Any:
            return context.get_constant(types.intp, value)

        array = context.make_array(made)(context, builder)
        room = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(8 * _PLACE_BYTES), count))  # type: ignore[no-untyped-call]
        context.populate_array(
            array,
            data=builder.bitcast(room, array.data.type),
            shape=(number(count),),
            strides=(number(_PLACE_BYTES),),
            itemsize=number(_PLACE_BYTES),
            meminfo=None,
        )
        return array._getvalue()

    return made(places), generate


class Apart(Compiler):
    """Compiles functions that are never given arrays that overlap: what was read need not be read again."""

    def define_pipelines(self) -> Any:
        """The usual steps of compiling."""
        self.state.flags.noalias = True
        return super().define_pipelines()  # type: ignore[no-untyped-call]
