"""Published provider results, as NHS England's for hips and knees: their flags and gains again.

The files of different years name and order their columns differently and withhold small numbers in
different ways. Columns are found by what their headers say, whatever the case, the punctuation and
the order; ``*`` and ``-`` are missing.
"""

from __future__ import annotations

import re

import pandas as pd

from outcomes.errors import EstimationError
from outcomes.stats.case_mix import observed_minus_expected
from outcomes.stats.funnel import funnel_of_means

FLAGS = {
    "inside": "Not an outlier",
    "below_95": "Negative outlier (95%)",
    "above_95": "Positive outlier (95%)",
    "below_998": "Negative outlier (99.8%)",
    "above_998": "Positive outlier (99.8%)",
    "not_compared": "Insufficient records",
}
"""Words of the publication for where a provider lies."""

_ORGANISATION = r"(?:orga\w+|org|provider)"
_RESULTS = {
    "procedure": r"procedure(?: group)?",
    "measure": r"(?:measure|score|instrument)",
    "type": rf"{_ORGANISATION} ?(?:type|level)|level",
    "code": rf"{_ORGANISATION} ?code",
    "n": r"(?:total )?(?:number of )?modelled ?(?:records|procedures|episodes)?",
    "pre": r"(?:average |mean )?pre ?op(?:erative)? (?:q )?(?:average )?score",
    "post": r"(?:average |mean )?post ?op(?:erative)? (?:q )?(?:average )?score",
    "gain": r"adjusted (?:average |mean )?health gain",
    "sd": r"(?:national )?(?:standard deviation|std ?dev|sd)(?: of .*)?",
}
_PROVIDER = r"^provider|provider$|trust|independent"
_SHORT = {"ohs": "oxford hip score", "oks": "oxford knee score"}
_SAME_MEAN = 0.001
_NEEDED = ("code", "n", "gain")
_NUMBERS = ("n", "pre", "post", "gain", "sd")
_SCORES = {
    "oxford": (r"\w+ replacements? {time} op q score", r".*\bo[hk]s\b.*predicted.*"),
    "eq-5d": (r"{time} op q eq ?5d index", r".*eq ?5d.*predicted.*"),
    "eq vas": (r"{time} op q eq ?vas", r".*eq ?vas.*predicted.*"),
}


def read_providers(raw: pd.DataFrame) -> pd.DataFrame:
    """Bring published provider results into one form.

    Parameters
    ----------
    raw : DataFrame
        The file as it was published.

    Returns
    -------
    DataFrame
        procedure, measure, type (``provider``, ``england``, …), code (text), n, pre, post, gain, sd
        (float64); a column that the file does not have is missing throughout.

    Raises
    ------
    EstimationError
        If code, modelled records or adjusted gain cannot be found.

    Notes
    -----
    Without a column for the type of organisation, England is known by its code and everybody else
    is taken as a provider. Numbers withheld are missing.
    """
    found = _columns(raw, _RESULTS)
    lacking = [name for name in _NEEDED if name not in found]
    if lacking:
        raise EstimationError(
            f"The provider results have no column for: {', '.join(lacking)}.",
            "Rename the columns to Organisation Code, Modelled Records, Adjusted Average Health "
            "Gain.",
        )
    table = pd.DataFrame({name: raw[column] for name, column in found.items()})
    table = table.reindex(columns=list(_RESULTS))
    for name in _NUMBERS:
        table[name] = _numbers(table[name])
    for name in ("procedure", "measure", "code"):
        table[name] = table[name].astype("str").str.strip()
    england = table["code"].str.casefold().isin(["england", "eng", "england_ccg"])
    kind = table["type"].astype("str").str.strip().str.casefold()
    if "type" not in found:
        kind = pd.Series("provider", index=table.index)
    return table.assign(type=kind.mask(england, "england")).reset_index(drop=True)


def provider_flags(
    results: pd.DataFrame,
    *,
    procedure: str = "",
    measure: str = "",
    national: tuple[float, float] | None = None,
    least: int = 30,
) -> pd.DataFrame:
    """Say which providers lie outside the limits that the publication draws.

    Parameters
    ----------
    results : DataFrame
        As `read_providers` makes it.
    procedure, measure : str
        Rows to take, such as ``Hip Replacement Primary`` and ``Oxford Hip Score``; empty for all,
        where the file has one only.
    national : (float, float), optional
        England's adjusted gain and standard deviation; from England's row unless given.
    least : int
        Modelled records that a provider needs to be judged.

    Returns
    -------
    DataFrame
        One row a provider: code, n, gain, low_95, high_95, low_998, high_998, position and flag
        (the words of the publication).

    Raises
    ------
    EstimationError
        If there are no such rows, or England's gain and standard deviation are not known.

    Notes
    -----
    Limits are England's adjusted gain ± z · national standard deviation / √n with z 1.960 and
    3.090: no allowance for differences between providers. That flags many that are in order, and
    is done here only to agree with what is published.

    References
    ----------
    NHS Digital. Patient reported outcome measures (PROMs) in England: a guide to PROMs methodology.
    """
    chosen = results
    for column, wanted in (("procedure", procedure), ("measure", measure)):
        if wanted:
            chosen = chosen[chosen[column].map(_key) == _key(wanted)]
    providers = chosen[chosen["type"].str.contains(_PROVIDER)]
    if providers.empty:
        raise EstimationError(
            "There are no providers with that procedure and measure.",
            "Give them as they stand in the file.",
        )
    if providers["code"].duplicated().any():
        raise EstimationError(
            "A provider comes more than once.", "Give procedure= and measure= to take one result."
        )
    gain, sd = _national(chosen) if national is None else national
    known = providers["gain"].notna() & (providers["n"] >= least)
    funnel = funnel_of_means(
        providers["code"],
        providers["gain"].where(known),
        providers["n"].fillna(0.0),
        sd=sd,
        dispersion="none",
        target=gain,
    )
    limits = ["low_95", "high_95", "low_998", "high_998"]
    table = funnel.units[["unit", "n", "value", *limits, "position"]]
    table = table.rename(columns={"unit": "code", "value": "gain"})
    return table.assign(n=providers["n"].to_numpy(), flag=table["position"].map(FLAGS))


def read_records(
    raw: pd.DataFrame, *, score: str = "oxford", revisions: bool = False
) -> pd.DataFrame:
    """Bring published records of patients into one form.

    Parameters
    ----------
    raw : DataFrame
        The file as it was published.
    score : {"oxford", "eq-5d", "eq vas"}
        Score to take.
    revisions : bool
        Take revisions in place of primary operations.

    Returns
    -------
    DataFrame
        Records with both scores and a published expectation: code, pre, post, expected.

    Raises
    ------
    EstimationError
        For an unknown score, or where a column cannot be found.

    Notes
    -----
    A file without a flag for revisions is taken as it is.
    """
    if score not in _SCORES:
        raise EstimationError(f"There is no score {score!r}.", f"Use one of {', '.join(_SCORES)}.")
    plain, predicted = _SCORES[score]
    patterns = {
        "code": rf"{_ORGANISATION} ?code",
        "revision": r"revision(?: flag)?",
        "pre": plain.format(time="pre"),
        "post": plain.format(time="post"),
        "expected": predicted,
    }
    found = _columns(raw, patterns)
    lacking = [name for name in patterns if name not in found and name != "revision"]
    if lacking:
        raise EstimationError(
            f"The records have no column for: {', '.join(lacking)}.",
            "Rename the columns as in the 2018/19 files.",
        )
    rows = pd.DataFrame({name: raw[column] for name, column in found.items()})
    for name in ("pre", "post", "expected"):
        rows[name] = _numbers(rows[name])
    if "revision" in rows:
        rows = rows[_numbers(rows["revision"]).eq(1 if revisions else 0)]
    return rows[["code", "pre", "post", "expected"]].dropna().reset_index(drop=True)


def adjusted_gains(
    records: pd.DataFrame, national: float, published: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Compute providers' adjusted gains from records.

    Parameters
    ----------
    records : DataFrame
        As `read_records` makes it.
    national : float
        England's published gain.
    published : DataFrame, optional
        Published results of one procedure and measure, as `read_providers` makes them, to find the
        mean residual of England by where its records are not all in the file.

    Returns
    -------
    DataFrame
        One row a provider: code, n, pre, post (means), gain.

    Raises
    ------
    EstimationError
        If there is no record, or `published` has no provider to go by.

    Notes
    -----
    England's gain plus the provider's mean residual less the mean residual of all records. Where
    records or cells of a provider are withheld the result differs from what is published; compare
    `n`, `pre` and `post` first.

    Records of small providers are withheld from the file but are among England's, which moves all
    providers alike: in 2018/19 by 0.0008 points of the Oxford Hip Score and by 0.024 of EQ VAS.
    With `published` this one number is the median of what is left over at providers whose count
    and mean scores are the published ones, so that only differences between providers are compared.

    References
    ----------
    NHS Digital. Patient reported outcome measures (PROMs) in England: a guide to PROMs methodology.
    """
    table = observed_minus_expected(records["post"], records["expected"], records["code"])
    pre = records.groupby("code")["pre"].mean()
    gain = national + table["standardised"] - records["post"].mean()
    found = pd.DataFrame(
        {
            "code": table["unit"],
            "n": table["n"],
            "pre": table["unit"].map(pre),
            "post": table["observed"],
            "gain": gain,
        }
    )
    if published is not None:
        found["gain"] -= _shift(found, published)
    return found


def _shift(found: pd.DataFrame, published: pd.DataFrame) -> float:
    """Median of gain less published gain, of providers nothing is withheld of."""
    providers = published[published["type"].str.contains(_PROVIDER)]
    both = found.merge(providers, on="code", suffixes=("", "_published"))
    same = both["n"] == both["n_published"]
    for name in ("pre", "post"):
        same &= (both[name] - both[f"{name}_published"]).abs() < _SAME_MEAN
    beyond = (both["gain"] - both["gain_published"])[same].dropna()
    if beyond.empty:
        raise EstimationError(
            "No provider has the count and mean scores in the records that were published.",
            "Leave out published=, or give the results of the same year, procedure and score.",
        )
    return float(beyond.median())


def _national(chosen: pd.DataFrame) -> tuple[float, float]:
    """England's adjusted gain and standard deviation."""
    england = chosen[(chosen["type"] == "england") & chosen["gain"].notna() & chosen["sd"].notna()]
    # England may come once among providers and once among commissioners, with the same figures
    england = england.drop_duplicates(["gain", "sd"])
    if len(england) != 1:
        raise EstimationError(
            f"{len(england)} rows give England's gain and standard deviation; one is needed.",
            "Give national=(gain, standard deviation).",
        )
    row = england.iloc[0]
    return float(row["gain"]), float(row["sd"])


def _columns(raw: pd.DataFrame, patterns: dict[str, str]) -> dict[str, str]:
    """Find each column by its header, the first that matches."""
    headers = {str(column): _plain(str(column)) for column in raw.columns}
    found: dict[str, str] = {}
    for name, pattern in patterns.items():
        for column, header in headers.items():
            if column not in found.values() and re.fullmatch(pattern, header):
                found[name] = column
                break
    return found


def _plain(text: str) -> str:
    """Write a header or name in lower case, punctuation as spaces, replacements in the singular."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    plain = re.sub(r"[^a-z0-9]+", " ", spaced.casefold()).strip()
    return re.sub(r"\breplacements\b", "replacement", plain)


def _key(text: str) -> str:
    """Key of a procedure or measure: the same whatever the order, the case and the spaces."""
    plain = re.sub(r"(?<=eq) (?=5d|vas)", "", _plain(text))
    return " ".join(sorted(_SHORT.get(plain, plain).split()))


def _numbers(values: pd.Series) -> pd.Series:
    """Numbers; what is withheld or not a number is missing."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("float64")
    text = values.astype("str").str.replace(",", "", regex=False).str.strip()
    return pd.to_numeric(text, errors="coerce").astype("float64")
