"""What a reader must know, said once and with whom it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def gather(notes: Iterable[tuple[str, str]], everyone: Collection[str]) -> tuple[str, ...]:
    """Say each note once, with the names it is about unless it is about all.

    Parameters
    ----------
    notes : iterable of (name, note)
        Notes and what each is about (a group, a movement); empty notes are dropped.
    everyone : collection of str
        All names there are.

    Returns
    -------
    tuple of str
        Each different note, with "names: " before it where some names do not have it.
    """
    about: dict[str, list[str]] = {}
    for name, note in notes:
        if note and name not in about.setdefault(note, []):
            about[note].append(name)
    return tuple(
        note if len(names) == len(everyone) else f"{', '.join(map(label, names))}: {note}"
        for note, names in about.items()
    )


def label(name: str) -> str:
    """Write a group's code as words.

    Parameters
    ----------
    name : str
        Code of a group; empty for everyone together.

    Returns
    -------
    str
        Such as ``twice monthly``.
    """
    return name.replace("_", " ") or "all"
