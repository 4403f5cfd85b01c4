"""`python -m ara` is the command `ara`."""

import sys

from ara.cli.app import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
