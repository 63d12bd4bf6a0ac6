"""Names that columns have elsewhere, and what they most likely mean."""

from __future__ import annotations

import re

NAMES: dict[str, tuple[str, ...]] = {
    "patients.patient_id": (
        "patient id", "patientid", "client id", "client number", "client no", "patient number",
        "patient no", "client", "patient", "record id", "subject id", "usubjid", "participant id",
        "patient guid", "client guid", "study id", "participant", "record", "subject", "person",
        "person id", "patientennummer", "patienten nr", "patientennr", "patienten id",
        "kundennummer", "kunden nr", "numero patient", "id paciente", "id", "pid", "code",
    ),
    "patients.clinic": (
        "clinic", "location", "site", "practice", "branch", "business", "standort", "praxis",
        "redcap data access group",
    ),
    "patients.sex": ("sex", "gender", "geschlecht", "sexe", "sexo"),
    "patients.birth_year": ("birth year", "year of birth", "yob", "geburtsjahr", "jahrgang"),
    "patients.onset_date": ("onset date", "date of onset", "complaint since"),
    "patients.onset": ("onset", "stage", "chronicity"),
    "patients.headache_type": ("headache type", "type of headache"),
    "patients.whiplash": ("whiplash", "whiplash injury"),
    "patients.anticoagulants": ("anticoagulants", "blood thinners"),
    "patients.osteoporosis": ("osteoporosis",),
    "patients.desk_hours": ("desk hours", "hours at desk"),
    "patients.index_date": ("index date", "randomisation date", "date of randomisation"),
    "sessions.session_id": (
        "session id", "appointment id", "appointment number", "appointment no", "appointment",
        "visit id", "visit number", "visit no", "booking id", "terminnummer",
        "termin nr", "termin id", "id",
    ),
    "sessions.date": (
        "date", "visit date", "appointment date", "session date", "start", "start date",
        "start at", "starts at", "start time", "appointment start", "day", "visit dt",
        "visit datetime", "datum", "termin", "beginn", "fecha",
    ),
    "sessions.booked_on": ("booked on", "booked at", "created at", "booking date", "date booked"),
    "sessions.status": (
        "status", "state", "appointment status", "visit status", "outcome", "attendance",
    ),
    "sessions.therapist_id": (
        "therapist id", "therapist", "practitioner", "practitioner id", "staff member", "provider",
        "therapeut", "therapeutin", "behandler",
    ),
    "sessions.minutes": ("minutes", "duration", "length", "duration minutes", "dauer"),
    "sessions.visit_type": ("visit type",),
    "sessions.discipline": ("discipline", "treatment type", "service", "appointment type"),
    "sessions.fee": ("fee", "price", "amount", "charged", "preis", "betrag", "honorar"),
    "assessments.date": (
        "date", "assessment date", "visit date", "completed", "completed at", "answered on",
        "day", "start", "start date", "session date", "appointment date", "visit dt",
        "visit datetime", "datum", "termin", "beginn", "fecha",
    ),
    "assessments.session_id": ("session id", "appointment id", "visit id"),
    "headache_diary.date": ("date", "day", "diary date"),
    "headache_diary.headache": (
        "headache", "headache today", "headache day", "diary ha", "diary headache",
    ),
    "headache_diary.intensity": ("intensity", "headache intensity", "worst headache"),
    "headache_diary.medication": ("medication", "medication taken", "painkiller"),
    "plans.date": ("date", "plan date", "recommended on", "day"),
    "plans.plan": ("plan", "schedule", "recommended schedule", "care plan", "treatment plan"),
}  # fmt: skip
"""Names by table and column of the contract, the likeliest first, as `plain` writes them."""

INSTRUMENTS: tuple[tuple[str, str], ...] = (
    (r"\bndi\b|neck disability", "ndi"),
    (r"\bnpq\b|northwick", "npq"),
    (r"\bnbq\b|bournemouth", "nbq"),
    (r"\bhit ?6\b|headache impact", "hit6"),
    (r"\bmidas\b", "midas"),
    (r"\bpeg\b", "peg"),
    (r"\bpsfs\b", "psfs"),
    (r"\bpgic\b", "pgic"),
    (r"\bgroc\b|global rating", "groc"),
    (r"craniovertebral|\bcva\b", "craniovertebral_angle"),
    (r"\bppt\b|pressure pain", "ppt_kpa"),
    (r"left.*(lateral|side)|(lateral|side).*left", "rom_left_lateral_flexion"),
    (r"right.*(lateral|side)|(lateral|side).*right", "rom_right_lateral_flexion"),
    (r"left rotation|rotation (l|left)\b", "rom_left_rotation"),
    (r"right rotation|rotation (r|right)\b", "rom_right_rotation"),
    (r"\bflexion\b", "rom_flexion"),
    (r"\bextension\b", "rom_extension"),
    (r"\bvas\b", "vas_pain"),
    (r"\bnrs\b|\bnprs\b|\bpain\b|schmerz", "nrs_pain"),
)
"""Patterns of names of columns that hold scores of an instrument, the narrowest first."""

PERSONAL = re.compile(
    r"\b(name|surname|first name|last name|phone|mobile|telephone|fax|e ?mail|mail|address|street|"
    r"city|post ?code|zip|ssn|nhs|medicare|insurance|passport|birthday|dob|date of birth|"
    r"birth ?date|emergency contact|occupation|employer|notes?|comments?|remarks?|photo)\b"
)
"""Columns that a data set has no use for and that may say who a patient is."""

STATUS = {
    "attended": r"attended|arrived|completed?|checked ?(in|out)|done|show|present|paid|finished"
    r"|erschienen|wahrgenommen",
    "no_show": r"no[- _]?show|did not (attend|arrive)|dna|missed|absent|fta|nicht erschienen",
    "cancelled": r"cancell?ed.*|late cancel.*|rescheduled|storniert|abgesagt",
    "booked": r"booked|scheduled|confirmed|upcoming|pending|reserved|gebucht|geplant",
}
SEX = {
    "female": r"f|female|woman|w|weiblich",
    "male": r"m|male|man|männlich",
    "other": r"x|other|d|diverse",
}
FLAG = {"1": r"1|yes|y|true|ja|oui|si", "0": r"0|no|n|false|nein|non"}
PLAN = {
    "weekly": r"weekly|every week|once a week",
    "twice_monthly": r"twice[ _-]?monthly|fortnightly|bi-?weekly|every (2|two) weeks",
    "monthly": r"monthly|every month|every (4|four) weeks",
    "on_demand": r"on[ _-]?demand|as needed|prn|when needed",
    "discharged": r"discharged?|finished|none",
}
MEANINGS: dict[str, dict[str, str]] = {
    "patients.sex": SEX,
    "sessions.status": STATUS,
    "plans.plan": PLAN,
}


def plain(name: str) -> str:
    """Write the name of a column in small letters with single spaces.

    Parameters
    ----------
    name : str
        As it stands in the source.

    Returns
    -------
    str
        Letters and digits only, camel case taken apart.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\W_]+", " ", apart).lower().split())


def meaning_of(text: str, patterns: dict[str, str]) -> str:
    """Guess what a code means.

    Parameters
    ----------
    text : str
        The code as it stands in the source.
    patterns : dict of str to str
        Patterns by meaning.

    Returns
    -------
    str
        The meaning; empty where none fits.
    """
    spelt = text.strip().lower()
    return next((word for word, how in patterns.items() if re.fullmatch(how, spelt)), "")
