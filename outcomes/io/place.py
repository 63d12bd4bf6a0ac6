"""Files put in place together, so that a killed run leaves the old set or the new one, whole."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from outcomes.errors import DataContractError

try:
    import fcntl
except ImportError:  # Windows has no lock on a folder; there two runs at once are not told apart
    fcntl = None  # type: ignore[assignment]

_STAGE = ".outcomes-stage-"
_READY = ".outcomes-ready"
_MANIFEST = "manifest.json"
_STALE_SECONDS = 3600


@contextmanager
def placed_together(folder: Path, obsolete: Callable[[], list[str]]) -> Iterator[Path]:
    """Give a temporary folder whose files are moved into a folder when all of them are whole.

    Parameters
    ----------
    folder : Path
        Where the files belong; made if it is not there.
    obsolete : callable
        Asked last thing, while nobody else writes: names of files in `folder` that the new set does
        away with. What it raises stops the move.

    Yields
    ------
    Path
        Temporary folder to write the files to.

    Raises
    ------
    DataContractError
        If the folder can't be written to, or the disk is full.

    Notes
    -----
    The rename of the temporary folder to its final hidden name is the moment of decision. Until
    then nothing has changed; after it the moves are finished by this run, or by whoever next reads
    or writes the folder.
    """
    stage: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        stage = Path(mkdtemp(prefix=_STAGE, dir=folder))
        yield stage
        with _locked(folder, alone=True):
            _finish(folder)
            (stage / _MANIFEST).write_text(json.dumps(sorted(obsolete())), encoding="utf-8")
            stage.rename(folder / _READY)
            _finish(folder)
    except OSError as error:
        raise DataContractError(
            f"can't write to the folder ({error.strerror or 'the system refused'}).",
            "Choose a folder that you may write to, with room on its disk.",
            file=folder.name,
        ) from None
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def read_whole(folder: Path) -> Iterator[None]:
    """Hold a folder still while it is read, after finishing what a killed run left to do.

    Parameters
    ----------
    folder : Path
        Folder of the files; it need not be there.

    Yields
    ------
    None
        The files in the folder are one set.

    Raises
    ------
    DataContractError
        If there is something to finish and the folder can't be written to.
    """
    if (folder / _READY).is_dir():
        try:
            with _locked(folder, alone=True):
                _finish(folder)
        except OSError as error:
            raise DataContractError(
                f"an interrupted import can't be finished ({error.strerror}).",
                "Open the folder once where you may write to it.",
                file=folder.name,
            ) from None
    with _locked(folder, alone=False):
        yield


@contextmanager
def _locked(folder: Path, *, alone: bool) -> Iterator[None]:
    """Lock the folder itself: the system lets go of it when a run is killed."""
    if fcntl is None or not folder.is_dir():
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks know no locks
            fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _finish(folder: Path) -> None:
    """Make the moves that were decided on; a file already moved is one less to move."""
    ready = folder / _READY
    manifest = ready / _MANIFEST
    if manifest.is_file():
        for name in json.loads(manifest.read_text(encoding="utf-8")):
            (folder / name).unlink(missing_ok=True)
        for path in sorted(ready.iterdir()):
            if path.name != _MANIFEST:
                path.replace(folder / path.name)
        manifest.unlink()
    if ready.is_dir():
        shutil.rmtree(ready)


def _sweep(folder: Path) -> None:
    """Remove what killed runs left behind, save where another run may still be at work."""
    for path in folder.glob(f"{_STAGE}*"):
        with suppress(FileNotFoundError):  # its run has just come to its end
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
