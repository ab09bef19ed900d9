"""The kernel's own source compiled by Numba, where it is installed (`pip install gongji[simulate]`); else as it stands.

Compiling takes some seconds, so the machine code is kept on disk and only a population's first run on a machine waits
for it. Nothing online comes here: one visit is assessed in plain Python.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final, TypeAlias

from gongji.benefit import families, kernel, population, terms
from gongji.foundation.settings import load_settings
from gongji.rules import cells, layout, vocabulary

#: What is compiled, each against those before it; and where the numbers come from that are frozen into it.
_COMPILED: Final[tuple[ModuleType, ...]] = (terms, kernel, population, families)
_FROZEN: Final[tuple[ModuleType, ...]] = (vocabulary, layout, cells)
#: What is called so seldom that it would only be in the way in a loop over claims.
_SELDOM: Final = frozenset({"work_out", "work_out_lanes"})
#: Numba asks one setting of the process where it keeps things: threads that declare something at once take turns.
_CACHE_DIR: Final = threading.Lock()
_ENTRIES: Final = frozenset({"settle_claims", "settle_families"})

#: What is known of terms beforehand: `terms.FORM_SIZE` integers.
Form: TypeAlias = tuple[int, ...]

# Nothing in the kernel allocates, so arrays need no counting of references (`_nrt`).
_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "_nrt": False}

_LLVM_OPTIONS: Final = (
    # A loop over lanes that is unrolled before it is made into vectors never becomes vectors (`lanes`).
    "-unroll-full-max-count=8",
    # Which of two amounts is less is as good as random from claim to claim: a jump on it is guessed wrong too often.
    "-x86-cmov-converter=0",
    # Two counters that are set to zero by one call could not be kept in registers.
    "-disable-loop-idiom-memset",
)


def available() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None


def settle_claims(form: Form = terms.OPEN) -> Callable[..., None]:
    """`population.settle_claims`, compiled when Numba is installed, for terms of one form."""
    return _entry("settle_claims", form) if available() else population.settle_claims


def settle_families(form: Form = terms.OPEN) -> Callable[..., None]:
    """`families.settle_families`, compiled when Numba is installed, for terms of one form."""
    return _entry("settle_families", form) if available() else families.settle_families


def with_kernel(
    modules: tuple[ModuleType, ...], entries: frozenset[str], form: Form = terms.OPEN
) -> Mapping[str, Callable[..., Any]]:
    """Further functions, written like the kernel, compiled against it; only where Numba is `available`.

    Args:
        modules: all that hold such functions, each after those that it calls; what they call is compiled into them.
        entries: the names of those that are called from outside.
        form: what is known of all terms beforehand.
    """
    return {name: function for name, function in _compiled(modules, entries, form).items() if name in entries}


def cache_folder(*more: ModuleType, form: Form = terms.OPEN) -> Path:
    """Where the machine code of this very source, for a form, under these very versions is kept.

    It lies in the settings' cache folder. Numba itself would not notice that a layout, frozen into the machine code, has
    changed.
    """
    digest = sha256(repr((form, _OPTIONS, _LLVM_OPTIONS)).encode())
    sources = [Path(str(module.__file__)) for module in (*_FROZEN, *_COMPILED, *more)]
    for source in (*sources, Path(__file__).with_name("machine.py")):
        digest.update(source.read_bytes())
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(version(package).encode())
    return load_settings().cache / f"kernel-{digest.hexdigest()[:16]}"


def _entry(name: str, form: Form) -> Callable[..., None]:
    entry: Callable[..., None] = _compiled(form=form)[name]
    return entry


@cache
def _compiled(
    more: tuple[ModuleType, ...] = (), entries: frozenset[str] = _ENTRIES, form: Form = terms.OPEN
) -> dict[str, Any]:
    """Every function of the kernel, and of further modules, to be compiled or read from disk when first called."""
    import numpy as np
    from llvmlite.binding import set_option
    from numba import njit

    from gongji.benefit import machine

    for option in _LLVM_OPTIONS:
        set_option("gongji", option)

    # The name is what Numba finds the functions' globals by when it reads them from disk.
    namespace: dict[str, Any] = {"__name__": kernel.__name__}
    for one in (*_COMPILED, *more):
        namespace |= {name: value for name, value in vars(one).items() if not name.startswith("__")}
    # Arrays that are globals become constants of the machine code; steps that they rule out are left out of it.
    instead = {"OPEN": np.array(terms.OPEN), "FORM": np.array(form)}
    instead |= {name: getattr(machine, name) for name in ("room_for", "lanes_for", "lane_rows_for")}
    for function in (machine.part_of, machine.following):
        instead[function.__name__] = njit(**_OPTIONS, forceinline=True)(function)
    namespace |= instead
    with _kept_on_disk(*more, form=form) as kept:
        for one in (*_COMPILED, *more):
            for name, value in vars(one).items():
                if isinstance(value, FunctionType) and value.__module__ == one.__name__ and name not in instead:
                    function = FunctionType(value.__code__, namespace, name)
                    if name in entries:
                        namespace[name] = njit(**_OPTIONS, cache=kept, pipeline_class=machine.Apart)(function)
                    else:
                        inside = name not in _SELDOM
                        namespace[name] = njit(**_OPTIONS, forceinline=inside, pipeline_class=machine.Apart)(function)
    return namespace


@contextmanager
def _kept_on_disk(*more: ModuleType, form: Form) -> Iterator[bool]:
    """Let Numba keep what is declared inside in `cache_folder`; tells whether that folder can be written to."""
    config: Any = import_module("numba").config
    folder = cache_folder(*more, form=form)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        yield False
        return
    with _CACHE_DIR:
        before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
        try:
            yield os.access(folder, os.W_OK)
        finally:
            config.CACHE_DIR = before
