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
    fhir = add_command(kinds, "fhir", run, "FHIR R4: Bundles in JSON, or bulk NDJSON")
    _add_files(fhir, drafts=False)


def _add_files(parser: argparse.ArgumentParser, *, drafts: bool = True) -> None:
    """Add what imports of files ask for."""
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE", help="files or folders")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="TOML mapping")
    parser.add_argument("--out", type=Path, metavar="DATA", help="data set to make")
    parser.add_argument("--check", action="store_true", help="only say what would be done")
    if drafts:
        parser.add_argument(
            "--draft-mapping", action="store_true",
            help="propose a mapping from headers and values; written to --mapping, else shown",
        )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    from outcomes.io import import_csv, import_excel, import_fhir, import_parquet
    from outcomes.report.usage import UsageError

    if getattr(options, "draft_mapping", False):
        return _draft(options)
    if options.kind == "fhir" and options.out is not None:
        # codes say what a resource is, so there is a mapping that fits every source
        print(
            import_fhir(
                options.sources, options.out, options.mapping or "fhir", check=options.check
            )
        )
        return DONE
    if options.mapping is None or options.out is None:
        raise UsageError(
            "An import needs --mapping FILE and --out DATA.",
            "Let --draft-mapping propose a mapping if there is none yet.",
        )
    readers = {"csv": import_csv, "excel": import_excel, "parquet": import_parquet}
    read = readers[options.kind]
    print(read(options.sources, options.mapping, options.out, check=options.check))
    return DONE


def _draft(options: argparse.Namespace) -> int:
    from outcomes.io.draft import draft_mapping
    from outcomes.report.usage import UsageError

    if options.mapping is not None and options.mapping.exists():
        raise UsageError(f"{options.mapping} is there already.", "Name another file for the draft.")
    text = draft_mapping(options.sources)
    if options.mapping is None:
        print(text, end="")
    else:
        options.mapping.write_text(text, encoding="utf-8", newline="\n")
        print(options.mapping)
    return DONE
