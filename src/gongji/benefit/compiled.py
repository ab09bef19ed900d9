"""The kernel's own source compiled by Numba, where it is installed (`pip install gongji[simulate]`); else as it stands.

Compiling takes some seconds, so the machine code is kept on disk and only a population's first run on a machine waits
for it. Nothing online comes here: one visit is assessed in plain Python.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from gongji.benefit import families, kernel, population, terms
from gongji.foundation.settings import load_settings
from gongji.rules import cells, layout, vocabulary

#: What is compiled, each against those before it; and where the numbers come from that are frozen into it.
_COMPILED: Final[tuple[ModuleType, ...]] = (terms, kernel, population, families)
_FROZEN: Final[tuple[ModuleType, ...]] = (vocabulary, layout, cells)
_ENTRIES: Final = frozenset({"settle_claims", "settle_families"})

# Nothing in the kernel allocates, so arrays need no counting of references (`_nrt`).
_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def available() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None


def settle_claims() -> Callable[..., None]:
    """`population.settle_claims`, compiled when Numba is installed."""
    return _entry("settle_claims") if available() else population.settle_claims


def settle_families() -> Callable[..., None]:
    """`families.settle_families`, compiled when Numba is installed."""
    return _entry("settle_families") if available() else families.settle_families


def with_kernel(modules: tuple[ModuleType, ...], entries: frozenset[str]) -> Mapping[str, Callable[..., Any]]:
    """Further functions, written like the kernel, compiled against it; only where Numba is `available`.

    Args:
        modules: all that hold such functions, each after those that it calls; what they call is compiled into them.
        entries: the names of those that are called from outside.
    """
    return {name: function for name, function in _compiled(modules, entries).items() if name in entries}


def cache_folder(*more: ModuleType) -> Path:
    """Where the machine code of this very source under these very versions is kept.

    It lies in the settings' cache folder. Numba itself would not notice that a layout, frozen into the machine code, has
    changed.
    """
    digest = sha256()
    for module in (*_FROZEN, *_COMPILED, *more):
        digest.update(Path(str(module.__file__)).read_bytes())
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(version(package).encode())
    return load_settings().cache / f"kernel-{digest.hexdigest()[:16]}"


def _entry(name: str) -> Callable[..., None]:
    entry: Callable[..., None] = _compiled()[name]
    return entry


@cache
def _compiled(more: tuple[ModuleType, ...] = (), entries: frozenset[str] = _ENTRIES) -> dict[str, Any]:
    """Every function of the kernel, and of further modules, to be compiled or read from disk when first called."""
    from llvmlite.binding import set_option
    from numba import njit

    # A loop over lanes that is unrolled before it is made into vectors never becomes vectors (`lanes`).
    set_option("gongji", "-unroll-full-max-count=8")

    # The name is what Numba finds the functions' globals by when it reads them from disk.
    namespace: dict[str, Any] = {"__name__": kernel.__name__}
    for one in (*_COMPILED, *more):
        namespace |= {name: value for name, value in vars(one).items() if not name.startswith("__")}
    with _kept_on_disk(*more) as kept:
        for one in (*_COMPILED, *more):
            for name, value in vars(one).items():
                if isinstance(value, FunctionType) and value.__module__ == one.__name__:
                    function = FunctionType(value.__code__, namespace, name)
                    entry = name in entries
                    namespace[name] = njit(**_OPTIONS, forceinline=not entry, cache=entry and kept)(function)
    return namespace


@contextmanager
def _kept_on_disk(*more: ModuleType) -> Iterator[bool]:
    """Let Numba keep what is declared inside in `cache_folder`; tells whether that folder can be written to."""
    config: Any = import_module("numba").config
    folder, before = cache_folder(*more), config.CACHE_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        yield False
        return
    config.CACHE_DIR = str(folder)
    try:
        yield os.access(folder, os.W_OK)
    finally:
        config.CACHE_DIR = before
