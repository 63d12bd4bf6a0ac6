"""Records of a REDCap project, asked of its API through PyCap: whole, or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from outcomes.errors import DataContractError
from outcomes.io.redcap_dictionary import Field, fields_of

TOKEN_VARIABLE = "OUTCOMES_REDCAP_TOKEN"
SECONDS = 60
"""How long an answer may keep us waiting."""
BATCH = 200
"""Records asked for at a time, so that no answer grows too large for the server."""
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class RedcapProject:
    """A project as its API describes it.

    Parameters
    ----------
    fields : dict of str to Field
        Its data dictionary; the first field is the id of the record.
    missing_codes : tuple of str
        Codes by which it says why something is missing.
    """

    fields: dict[str, Field]
    missing_codes: tuple[str, ...]
    _project: Any

    def records(self, fields: Sequence[str], *, groups: bool, surveys: bool) -> pd.DataFrame:
        """Fetch all records.

        Parameters
        ----------
        fields : sequence of str
            Fields to fetch; others never leave the server.
        groups : bool
            Fetch the data access group too.
        surveys : bool
            Fetch the times at which surveys were sent in too.

        Returns
        -------
        DataFrame of str
            Raw values as in a flat export, with unique names of events.

        Raises
        ------
        DataContractError
            If the API refuses, does not answer, or its answer is not whole.
        """
        record_id = next(iter(self.fields))
        listed = _ask(lambda: self._project.export_records(fields=[record_id]))
        ids = list(dict.fromkeys(str(row.get(record_id, "")) for row in _rows(listed)))
        wanted = list(dict.fromkeys([record_id, *fields]))
        parts: list[dict[str, Any]] = []
        for first in range(0, len(ids), BATCH):
            batch = ids[first : first + BATCH]
            answer = _ask(
                lambda batch=batch: self._project.export_records(  # type: ignore[misc]
                    records=batch,
                    fields=wanted,
                    event_name="unique",
                    export_data_access_groups=groups,
                    export_survey_fields=surveys,
                )
            )
            rows = _rows(answer)
            if {str(row.get(record_id, "")) for row in rows} != set(batch):
                _refuse("answered with other records than those asked for")
            parts += rows
        return pd.DataFrame(parts).fillna("").astype("str")


def open_project(url: str) -> RedcapProject:
    """Reach a project by its API.

    Parameters
    ----------
    url : str
        Such as ``https://redcap.example.org/api/``. The token is taken from the variable
        OUTCOMES_REDCAP_TOKEN, and from nowhere else.

    Returns
    -------
    RedcapProject
        The project.

    Raises
    ------
    DataContractError
        If the address or token does not fit, or the API refuses or does not answer. The error
        never repeats what the server said or the token.
    """
    try:
        import redcap
    except ImportError:
        raise DataContractError(
            "the API of REDCap needs PyCap.", "Install it with: pip install 'outcomes[redcap]'."
        ) from None
    parts = urlsplit(url)
    if parts.password or parts.query or not (parts.hostname and parts.path.endswith("/api/")):
        raise DataContractError(
            "this is no address of a REDCap API.",
            "Write the like of https://…/api/, without token.",
        )
    if parts.scheme != "https" and parts.hostname not in _HERE:
        raise DataContractError(
            "the address is not encrypted: token and records could be read on the way.",
            "Write https:// instead.",
        )
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not re.fullmatch("[0-9A-Za-z]{32}", token):
        raise DataContractError(
            f"the variable {TOKEN_VARIABLE} of the environment holds no token of REDCap."
            if token
            else f"the variable {TOKEN_VARIABLE} of the environment is not set.",
            "Put the 32 letters and digits of your API token there; never in a file of the data.",
        )
    # a redirection could carry the token to somebody else
    project = redcap.Project(url, token, timeout=SECONDS, allow_redirects=False)
    metadata = _rows(_ask(lambda: project.metadata))
    info = _ask(project.export_project_info)
    codes = str(info.get("missing_data_codes") or "") if isinstance(info, dict) else ""
    named = (part.split(",")[0].strip() for part in re.split(r"\||\n", codes))
    return RedcapProject(fields_of(metadata), tuple(code for code in named if code), project)


def _ask(call: Callable[[], Any]) -> Any:
    """Ask the API, and say in our words what went wrong; its own may hold the token."""
    from requests import exceptions

    try:
        return call()
    except exceptions.Timeout:
        _refuse(f"did not answer within {SECONDS} seconds")
    except exceptions.InvalidJSONError:
        _refuse("sent an answer that was cut short or is not its own")
    except (exceptions.ConnectionError, exceptions.ChunkedEncodingError):
        _refuse("can't be reached, or broke off")
    except exceptions.RequestException:
        _refuse("refused: the token is wrong, or lacks the right to export")
    except ValueError:
        _refuse("sent an answer that is not its own")


def _rows(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        _refuse("sent an answer that is not its own")
    return answer


def _refuse(what: str) -> None:
    raise DataContractError(
        f"REDCap {what}; nothing was written.",
        "Check the address, the token and its rights, and import again.",
        column="redcap",
    )
