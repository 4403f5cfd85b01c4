"""The old command `meridianalgo`."""

import sys

from ara.cli.app import main as ara

__all__ = ["main"]


def main() -> int:
    """Run the command `ara` with the same words, after a notice."""
    sys.stderr.write("meridianalgo is now called ara; this name goes with Ara 7.\n")
    return ara()
