"""The methods of a comparison in a paragraph, and what it rests on, written from the spec."""

from __future__ import annotations

from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec, estimand_text
from outcomes.instruments import Instrument

# key, kind, and fields in the order in which they are written
_WORKS: dict[str, tuple[str, dict[str, str]]] = {
    "hernan2016": (
        "article",
        {
            "author": "Hernán, Miguel A. and Sauer, Brian C. and Hernández-Díaz, Sonia and "
            "Platt, Robert and Shrier, Ian",
            "title": "Specifying a target trial prevents immortal time bias and other "
            "self-inflicted injuries in observational analyses",
            "journal": "Journal of Clinical Epidemiology",
            "year": "2016",
            "volume": "79",
            "pages": "70--75",
            "doi": "10.1016/j.jclinepi.2016.04.014",
        },
    ),
    "cain2010": (
        "article",
        {
            "author": "Cain, Lauren E. and Robins, James M. and Lanoy, Emilie and Logan, Roger "
            "and Costagliola, Dominique and Hernán, Miguel A.",
            "title": "When to start treatment? A systematic approach to the comparison of dynamic "
            "regimes using observational data",
            "journal": "The International Journal of Biostatistics",
            "year": "2010",
            "volume": "6",
            "pages": "Article 18",
            "doi": "10.2202/1557-4679.1212",
        },
    ),
    "cole2008": (
        "article",
        {
            "author": "Cole, Stephen R. and Hernán, Miguel A.",
            "title": "Constructing inverse probability weights for marginal structural models",
            "journal": "American Journal of Epidemiology",
            "year": "2008",
            "volume": "168",
            "pages": "656--664",
            "doi": "10.1093/aje/kwn164",
        },
    ),
    "bang2005": (
        "article",
        {
            "author": "Bang, Heejung and Robins, James M.",
            "title": "Doubly robust estimation in missing data and causal inference models",
            "journal": "Biometrics",
            "year": "2005",
            "volume": "61",
            "pages": "962--973",
            "doi": "10.1111/j.1541-0420.2005.00377.x",
        },
    ),
    "bell2002": (
        "article",
        {
            "author": "Bell, Robert M. and McCaffrey, Daniel F.",
            "title": "Bias reduction in standard errors for linear regression with multi-stage "
            "samples",
            "journal": "Survey Methodology",
            "year": "2002",
            "volume": "28",
            "pages": "169--181",
        },
    ),
    "petersen2012": (
        "article",
        {
            "author": "Petersen, Maya L. and Porter, Kristin E. and Gruber, Susan and Wang, Yue "
            "and van der Laan, Mark J.",
            "title": "Diagnosing and responding to violations in the positivity assumption",
            "journal": "Statistical Methods in Medical Research",
            "year": "2012",
            "volume": "21",
            "pages": "31--54",
            "doi": "10.1177/0962280210386207",
        },
    ),
    "davison1997": (
        "book",
        {
            "author": "Davison, A. C. and Hinkley, D. V.",
            "title": "Bootstrap methods and their application",
            "publisher": "Cambridge University Press",
            "year": "1997",
        },
    ),
    "carpenter2013": (
        "article",
        {
            "author": "Carpenter, James R. and Roger, James H. and Kenward, Michael G.",
            "title": "Analysis of longitudinal trials with protocol deviation: a framework for "
            "relevant, accessible assumptions, and inference via multiple imputation",
            "journal": "Journal of Biopharmaceutical Statistics",
            "year": "2013",
            "volume": "23",
            "pages": "1352--1371",
            "doi": "10.1080/10543406.2013.834911",
        },
    ),
    "lin2004": (
        "article",
        {
            "author": "Lin, Haiqun and Scharfstein, Daniel O. and Rosenheck, Robert A.",
            "title": "Analysis of longitudinal data with irregular, outcome-dependent follow-up",
            "journal": "Journal of the Royal Statistical Society: Series B",
            "year": "2004",
            "volume": "66",
            "pages": "791--813",
        },
    ),
    "lipsitch2010": (
        "article",
        {
            "author": "Lipsitch, Marc and Tchetgen Tchetgen, Eric and Cohen, Ted",
            "title": "Negative controls: a tool for detecting confounding and bias in "
            "observational studies",
            "journal": "Epidemiology",
            "year": "2010",
            "volume": "21",
            "pages": "383--388",
        },
    ),
    "vanderweele2017": (
        "article",
        {
            "author": "VanderWeele, Tyler J. and Ding, Peng",
            "title": "Sensitivity analysis in observational research: introducing the E-value",
            "journal": "Annals of Internal Medicine",
            "year": "2017",
            "volume": "167",
            "pages": "268--274",
            "doi": "10.7326/M16-2607",
        },
    ),
}
_ALWAYS = ("hernan2016", "cain2010", "cole2008", "bang2005", "bell2002", "petersen2012")
_SENSITIVITY = ("carpenter2013", "lin2004", "lipsitch2010", "vanderweele2017")


def methods_paragraph(
    spec: MaintenanceSchedulesSpec,
    instrument: Instrument,
    *,
    planned: bool = True,
    resampled: str = "patients",
    left_out: tuple[str, ...] = (),
    version: str = "",
) -> str:
    """Write the methods from the choices.

    Parameters
    ----------
    spec : MaintenanceSchedulesSpec
        The choices, with the instrument filled in.
    instrument : Instrument
        The pain instrument.
    planned : bool
        Whether plans told who followed what.
    resampled : {"patients", "clinics"}
        Unit of the bootstrap.
    left_out : tuple of str
        Confounders asked for that are not recorded or do not vary.
    version : str
        Version of the program.

    Returns
    -------
    str
        Plain text, with keys of `bibliography` in brackets.
    """
    first, *others = spec.horizons
    used = [name for name in spec.confounders if name not in left_out]
    against = "; ".join(f"{a} with {b}".replace("_", " ") for a, b in spec.contrasts)
    parts = [
        "We emulated a target trial of maintenance schedules from routine records [hernan2016].",
        estimand_text(spec, first, instrument, planned),
        f"The contrasts, in the order in which they were tested, were {against}; each was tested "
        "only if those before it were clear. The first was primary.",
        "A clone of every patient was begun under each schedule and censored when the records no "
        "longer agreed with it [cain2010]. Clones that remained were weighted with the inverse "
        "probability of keeping to the schedule, of staying in care and of answering [cole2008], "
        "given the last score, its trend and age, the schedule before"
        + (", and what was known at the start: " + ", ".join(used) if used else "")
        + ". Weights were not truncated.",
        "Beside it stands a doubly robust weighted sequential regression [bang2005]; differences "
        "of more than two standard errors between the two are reported as model-dependent.",
    ]
    if left_out:
        parts.append("Not adjusted for, as not recorded: " + ", ".join(left_out) + ".")
    if spec.bootstraps:
        parts.append(
            f"The standard error was the larger of a sandwich with leverage and that of a "
            f"bootstrap of {spec.bootstraps} resamples of {resampled} in which every model was "
            f"refitted (seed {spec.seed}) [davison1997]; {100 * spec.conf_level:g} % intervals "
            "used t with degrees of freedom from the weights [bell2002]."
        )
    else:
        parts.append(
            f"Standard errors took the weights as known; {100 * spec.conf_level:g} % intervals "
            "used t with degrees of freedom from the weights [bell2002]."
        )
    parts.append(
        f"A schedule with fewer than {spec.min_ess:g} effective patients was not reported, one "
        f"with fewer than {spec.warn_ess:g} with a warning; nor was one to which more than "
        f"{100 * spec.max_without:g} % of patients had less than {100 * spec.min_chance:g} % "
        "chance of keeping in some block [petersen2012]."
    )
    if others:
        parts.append("Secondary: " + ", ".join(h.name for h in others) + ".")
    if spec.sensitivity:
        parts.append(
            "Sensitivity analyses truncated the weights, varied grace and the age of the "
            "confounder, shifted the outcome of those who left care and let them jump to the "
            "reference [carpenter2013], used scores at visits weighted for their intensity "
            "[lin2004], a negative control [lipsitch2010] and the E-value [vanderweele2017]."
        )
    if not planned:
        parts.append(
            "Plans were not recorded: intention is unmeasured, and differences are associations."
        )
    if version:
        parts.append(f"Computed with outcomes {version}.")
    return " ".join(parts)


def bibliography(spec: MaintenanceSchedulesSpec) -> str:
    """Write the works that the methods of a comparison rest on.

    Parameters
    ----------
    spec : MaintenanceSchedulesSpec
        The choices.

    Returns
    -------
    str
        BibTeX, an entry for each key in `methods_paragraph`.
    """
    keys = list(_ALWAYS)
    keys += ["davison1997"] if spec.bootstraps else []
    keys += _SENSITIVITY if spec.sensitivity else []
    entries = []
    for key in keys:
        kind, fields = _WORKS[key]
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        entries.append(f"@{kind}{{{key},\n{lines}\n}}\n")
    return "\n".join(entries)
