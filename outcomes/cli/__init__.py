"""The command line."""

from outcomes.cli.main import main

__all__ = ["main"]
