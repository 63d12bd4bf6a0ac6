"""Names of folders for names of clinics, which may hold anything at all."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST = 40


def folder_name(*parts: str, also: tuple[str, ...] = ()) -> str:
    """Make a folder name that is safe everywhere and differs whenever the parts differ.

    Parameters
    ----------
    *parts : str
        Such as the name of a clinic and a period. May hold quotes, markup, slashes, emoji, or be
        empty.
    also : tuple of str
        What tells folders apart without being shown.

    Returns
    -------
    str
        Readable letters and digits joined by hyphens, then a digest of the parts as given: two
        clinics whose names look alike once made plain still get two folders, on file systems that
        do not tell upper from lower case too.
    """
    plain = unicodedata.normalize("NFKD", " ".join(parts)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST].strip("-")
    digest = hashlib.sha256(
        "\x00".join((*parts, *also)).encode("utf-8", "surrogatepass")
    ).hexdigest()[:8]
    return f"{words}-{digest}" if words else digest
