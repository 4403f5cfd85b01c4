"""`python -m ara.workers`: a worker process, started by `Workers` and of no use by hand.

The pipes to the parent are moved away from standard input and output, so that nothing that a library prints or reads
comes between; what is printed goes to standard error.
"""

import os
import sys

from ara.workers.serve import Service


def _main() -> None:
    source = os.fdopen(os.dup(0), "rb", closefd=False)
    sink = os.fdopen(os.dup(1), "wb", closefd=False)  # open to the very end: by its closing the parent knows it
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    Service(source, sink).run()


if __name__ == "__main__":
    if sys.stdin.isatty():
        sys.exit("This is a part of Ara that it starts by itself. See: ara --help")
    _main()
