"""One thread each for the linear algebra while threads of our own share out the work.

NumPy and SciPy bring OpenBLAS, which starts a thread a core for every product that is not tiny.
Where several of our threads do that at once they wait for each other by spinning: several times
the work for no gain. OpenBLAS can be told so while it runs; other libraries are left as they are.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
import scipy

# Names of the functions in the builds that come with NumPy, with SciPy, and with systems.
_NAMES = ("scipy_openblas_{}64_", "scipy_openblas_{}", "openblas_{}64_", "openblas_{}")
_FOLDERS = ("{}.libs", "{}/.dylibs")
# Windows knows neither; there a library of this name is the one that is loaded.
_LOADED = getattr(os, "RTLD_NOLOAD", 0) | getattr(os, "RTLD_LAZY", 0)
_lock = Lock()
_waiting: list[list[int]] = []


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Keep OpenBLAS to the thread that calls it; use it as a context.

    Yields
    ------
    None
        Several at once are one: the numbers of threads come back when the last has ended.

    Notes
    -----
    Nothing happens where no OpenBLAS is found; OPENBLAS_NUM_THREADS=1 does the same for a process.
    """
    controls = _controls()
    with _lock:
        if not _waiting:
            before = [get() for _, get in controls]
            for put, _ in controls:
                put(1)
        else:
            before = _waiting[0]
        _waiting.append(before)
    try:
        yield
    finally:
        with _lock:
            _waiting.pop()
            if not _waiting:
                for (put, _), threads in zip(controls, before, strict=True):
                    put(threads)


@cache
def _controls() -> list[tuple[Callable[[int], None], Callable[[], int]]]:
    """Functions that set and tell the number of threads of each OpenBLAS in this process."""
    found = []
    for path in _libraries():
        try:
            # Only what NumPy and SciPy have loaded themselves.
            library = ctypes.CDLL(str(path), mode=_LOADED)
        except OSError:
            continue
        for name in _NAMES:
            try:
                put = getattr(library, name.format("set_num_threads"))
                get = getattr(library, name.format("get_num_threads"))
            except AttributeError:
                continue
            put.argtypes, put.restype, get.restype = [ctypes.c_int], None, ctypes.c_int
            found.append((put, get))
            break
    return found


def _libraries() -> list[Path]:
    """Files that may be an OpenBLAS: beside NumPy and SciPy, or of the environment."""
    folders = [Path(sys.prefix) / "lib"]
    for package in (np, scipy):
        home = Path(str(package.__file__)).parent
        folders += [home.parent / text.format(home.name) for text in _FOLDERS]
    return sorted({path.resolve() for folder in folders for path in folder.glob("*openblas*")})
