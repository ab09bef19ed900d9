"""The kernel's own source compiled by Numba, where it is installed (`pip install gongji[simulate]`); else as it stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any, Final

from gongji.benefit import families, kernel

# Nothing in the kernel allocates, so arrays need no counting of references (`_nrt`); with that and inlining it does
# 19 million claims a second on one core, without 3.
_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "forceinline": True, "_nrt": False}


def available() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None


@cache
def settle_families() -> Callable[..., None]:
    """`families.settle_families`, compiled when Numba is installed; the first call compiles, some seconds a process."""
    if not available():
        return families.settle_families
    namespace: dict[str, Any] = {}
    for module in (kernel, families):
        namespace |= {name: value for name, value in vars(module).items() if not name.startswith("__")}
    for module in (kernel, families):
        _compile(module, namespace)
    compiled: Callable[..., None] = namespace["settle_families"]
    return compiled


def _compile(module: ModuleType, namespace: dict[str, Any]) -> None:
    """Compile every function of a module against the compiled functions it calls.

    Not cached on disk: Numba would not notice that the layout, frozen into the machine code, has changed.
    """
    from numba import njit

    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            namespace[name] = njit(**_OPTIONS)(FunctionType(value.__code__, namespace, name))
