"""Files put in place together, so that a killed run leaves the old set or the new one, whole."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from outcomes.errors import DataContractError

_STAGE = ".outcomes-stage-"
_READY = ".outcomes-ready"
_MANIFEST = "manifest.json"
_STALE_SECONDS = 3600
_ATTEMPTS = 50


@contextmanager
def placed_together(folder: Path, *, remove: Collection[str] = ()) -> Iterator[Path]:
    """Give a temporary folder whose files are moved into a folder when all of them are whole.

    Parameters
    ----------
    folder : Path
        Where the files belong; made if it is not there.
    remove : collection of str
        Names of files in `folder` that the new set does away with.

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
    or writes the folder (`finish_placing`).
    """
    stage: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        finish_placing(folder)
        _sweep(folder)
        stage = Path(mkdtemp(prefix=_STAGE, dir=folder))
        yield stage
        (stage / _MANIFEST).write_text(json.dumps(sorted(remove)), encoding="utf-8")
        _decide(stage, folder)
        finish_placing(folder)
    except OSError as error:
        raise DataContractError(
            f"can't write to the folder ({error.strerror or 'the system refused'}).",
            "Choose a folder that you may write to, with room on its disk.",
            file=folder.name,
        ) from None
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)


def _decide(stage: Path, folder: Path) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            stage.rename(folder / _READY)
            return
        except OSError:
            # Another run is moving its files in at this moment.
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.02)
            finish_placing(folder)


def finish_placing(folder: Path) -> None:
    """Finish the moves of a run that was killed after its files were whole.

    Parameters
    ----------
    folder : Path
        Folder of the files.

    Raises
    ------
    DataContractError
        If there is something to finish and the folder can't be written to.
    """
    ready = folder / _READY
    if not ready.is_dir():
        return
    try:
        manifest = ready / _MANIFEST
        if manifest.is_file():
            for name in json.loads(manifest.read_text(encoding="utf-8")):
                (folder / name).unlink(missing_ok=True)
            for path in sorted(ready.iterdir()):
                if path.name != _MANIFEST:
                    path.replace(folder / path.name)
            manifest.unlink()
        shutil.rmtree(ready)
    except FileNotFoundError:
        # Another run finished the same moves.
        return
    except OSError as error:
        raise DataContractError(
            f"an interrupted import can't be finished ({error.strerror}).",
            "Open the folder once where you may write to it.",
            file=folder.name,
        ) from None


def _sweep(folder: Path) -> None:
    """Remove what killed runs left behind, save where another run may still be at work."""
    for path in folder.glob(f"{_STAGE}*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
