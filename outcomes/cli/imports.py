"""``outcomes import``: bring records of another form in."""

from __future__ import annotations

import argparse
from pathlib import Path

from outcomes.cli.command import DONE, Commands, add_command


def add(commands: Commands) -> None:
    """Add the command ``import``, with its kinds of source, to a parser."""
    parser = add_command(commands, "import", None, "bring records of another form in")
    kinds = parser.add_subparsers(
        title="kinds of source", metavar="KIND", dest="kind", required=True
    )
    _add_files(add_command(kinds, "csv", run, "CSV files of any layout"))
    _add_files(add_command(kinds, "excel", run, "Excel workbooks of any layout"))
    _add_files(add_command(kinds, "parquet", run, "Parquet files of any layout"), drafts=False)
    _add_redcap(add_command(kinds, "redcap", run, "REDCap: flat exports, or the API of a project"))
    fhir = add_command(kinds, "fhir", run, "FHIR R4: Bundles in JSON, or bulk NDJSON")
    _add_files(fhir, drafts=False)
    _add_database(add_command(kinds, "sql", run, "a database, asked by queries in the mapping"))


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Add what every import asks for."""
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="TOML mapping")
    parser.add_argument("--out", type=Path, metavar="DATA", help="data set to make")
    parser.add_argument(
        "--format", choices=("csv", "parquet"), default="",
        help="files to write: as the data set that is there has them, else CSV, unless given",
    )  # fmt: skip
    parser.add_argument("--check", action="store_true", help="only say what would be done")


def _add_files(parser: argparse.ArgumentParser, *, drafts: bool = True, count: str = "+") -> None:
    """Add what imports of files ask for."""
    parser.add_argument("sources", nargs=count, type=Path, metavar="FILE", help="files or folders")
    _add_common(parser)
    if drafts:
        parser.add_argument(
            "--draft-mapping", action="store_true",
            help="propose a mapping from headers and values; written to --mapping, else shown",
        )  # fmt: skip


def _add_database(parser: argparse.ArgumentParser) -> None:
    """Add what an import from a database asks for."""
    parser.add_argument(
        "--url", default="", metavar="URL",
        help="address without a password; else OUTCOMES_SQL_URL, else that of the mapping. "
        "The password comes from OUTCOMES_SQL_PASSWORD",
    )  # fmt: skip
    _add_common(parser)


def _add_redcap(parser: argparse.ArgumentParser) -> None:
    """Add what an import from REDCap asks for."""
    _add_files(parser, count="*")
    parser.add_argument(
        "--url", default="", metavar="URL",
        help="address of the API, in place of files; the token comes from OUTCOMES_REDCAP_TOKEN",
    )  # fmt: skip
    parser.add_argument(
        "--dictionary", type=Path, metavar="FILE", help="data dictionary, to check the mapping by"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.io.kinds import DEFAULT_MAPPINGS, ImportOrder, import_as_ordered
    from outcomes.report.usage import UsageError

    if getattr(options, "draft_mapping", False):
        return _draft(options)
    mapping = options.mapping or DEFAULT_MAPPINGS.get(options.kind)
    if mapping is None or options.out is None:
        raise UsageError(
            "An import needs --mapping FILE and --out DATA.",
            "Let --draft-mapping propose a mapping if there is none yet.",
        )
    order = ImportOrder(
        kind=options.kind,
        mapping=mapping,
        sources=tuple(getattr(options, "sources", ())),
        url=getattr(options, "url", ""),
        dictionary=getattr(options, "dictionary", None),
        format=options.format,
    )
    print(import_as_ordered(order, options.out, check=options.check))
    return DONE


def _draft(options: argparse.Namespace) -> int:
    from outcomes.io.draft import draft_mapping
    from outcomes.report.usage import UsageError

    if not options.sources:
        raise UsageError("A mapping is drafted from files.", "Name an export to begin with.")
    if options.mapping is not None and options.mapping.exists():
        raise UsageError(f"{options.mapping} is there already.", "Name another file for the draft.")
    text = draft_mapping(options.sources)
    if options.mapping is None:
        print(text, end="")
    else:
        options.mapping.write_text(text, encoding="utf-8", newline="\n")
        print(options.mapping)
    return DONE
