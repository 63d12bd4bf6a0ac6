"""Sums over the partitions of a data set, on the cores of this machine or of a Dask cluster.

A partition comes back as sums, never as rows, so memory does not grow with the data. The sums are
added in the order of the partitions wherever they were made: who worked on what, and in which
order they finished, cannot change a digit.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from outcomes.errors import OutcomesError
from outcomes.io import Parts
from outcomes.tables import Tables

Step = Callable[[int, int], None]


class Additive(Protocol):
    """What can be added to another of its kind."""

    def __add__(self, other: Self, /) -> Self:
        """Add the sums of other patients."""
        ...


Sums = TypeVar("Sums", bound=Additive)


def add_up(
    data: Parts,
    gather: Callable[[Tables], Sums],
    *,
    only: Collection[str] = (),
    scheduler: str = "",
    workers: int | None = None,
    on_step: Step | None = None,
) -> Sums:
    """Gather sums from every partition and add them.

    Parameters
    ----------
    data : PartitionedData or WholeData
        The data set.
    gather : callable
        Makes the sums of one partition: a function of a module, or a `functools.partial` of one,
        so that it can be sent to a worker. It may look at nothing but its argument.
    only : collection of str
        Tables to read besides patients; all unless given.
    scheduler : str
        Address of a Dask scheduler whose workers see the same folder; this machine unless given.
    workers : int, optional
        Processes on this machine; as many as it has cores unless given. With 1 the work is done in
        this process.
    on_step : callable, optional
        Told how many partitions are done, and of how many.

    Returns
    -------
    object
        The sum over all partitions, added in their order.

    Raises
    ------
    OutcomesError
        If a worker process dies here, if Dask is asked for and not installed, or whatever `gather`
        raises.

    Notes
    -----
    On a cluster the work of a worker that is lost is done again by another.
    """
    work = _Work(data, gather, tuple(only))
    if scheduler:
        found = _on_cluster(work, scheduler)
    else:
        several = min(workers or os.cpu_count() or 1, data.count)
        found = map(work, range(data.count)) if several == 1 else _in_processes(work, several)
    return _added(found, data.count, on_step or (lambda done, total: None))


@dataclass(frozen=True)
class _Work:
    """What is done with the partition of a number."""

    data: Parts
    gather: Callable[[Tables], Any]
    only: tuple[str, ...]

    def __call__(self, number: int) -> Any:
        return self.gather(self.data.read(number, only=self.only))


def _added(found: Iterable[Sums], count: int, on_step: Step) -> Sums:
    total: Sums | None = None
    for done, sums in enumerate(found, start=1):
        total = sums if total is None else total + sums
        on_step(done, count)
    assert total is not None, "a data set has at least one partition"
    return total


def _in_processes(work: _Work, several: int) -> Iterator[Any]:
    """Work in processes of this machine, with little more under way than there are hands."""
    # a fork of a process with threads, as Arrow has, may hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(several, mp_context=context, initializer=_one_thread) as pool:
        under_way: list[Future[Any]] = []
        try:
            for number in range(work.data.count):
                under_way.append(pool.submit(work, number))
                if len(under_way) > 2 * several:
                    yield under_way.pop(0).result()
            while under_way:
                yield under_way.pop(0).result()
        except BrokenProcessPool:
            raise OutcomesError(
                "A worker process ended before its time; the machine may be short of memory.",
                "Close other programs, or run it on a machine with more memory.",
            ) from None
        finally:
            for future in under_way:
                future.cancel()


def _one_thread() -> None:
    """Keep the libraries of a worker from starting threads for every core again."""
    import pyarrow

    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)


def _on_cluster(work: _Work, address: str) -> Iterator[Any]:
    """Work on a Dask cluster; a few partitions a worker are under way at a time."""
    try:
        from distributed import Client
    except ImportError:
        raise OutcomesError(
            "Dask is not installed.", "Install it with: pip install 'outcomes[scale]'"
        ) from None
    try:
        client = Client(address, timeout=20)
    except (OSError, TimeoutError, ValueError):
        raise OutcomesError(
            "The Dask scheduler cannot be reached.",
            "Check its address, such as tcp://host:8786, and that it is running.",
        ) from None
    with client:
        several = max(len(client.scheduler_info()["workers"]), 1)
        under_way: list[Any] = []
        for number in range(work.data.count):
            # pure=False: the folder may hold other records by the next run
            under_way.append(client.submit(work, number, pure=False, retries=3))
            if len(under_way) > 4 * several:
                yield under_way.pop(0).result()
        while under_way:
            yield under_way.pop(0).result()
