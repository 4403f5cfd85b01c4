"""Hostile input from a checker outside of the repository: `python -m tests.load.abuse --with PATH/TO/http_abuse.py`.

The checker is asked as `CHECKER URL FOLDER --token TOKEN`, where FOLDER holds what it sends (JSON that is none, naughty
strings). Both can be named by the variable `ARA_CONFORMANCE`, the folder that has `checks/http_abuse.py` and `hostile`.
The service runs as `ara serve` does with nothing set up, but for limits that are higher than what is asked. Prints what
the checker prints and one JSON document; the exit status is the checker's, or 1 where the service told of a fault.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.load.soak import begin


def main() -> None:
    """Serve, have the checker ask, and tell what it found."""
    known = os.environ.get("ARA_CONFORMANCE", "")
    asks = argparse.ArgumentParser(description=__doc__)
    asks.add_argument("--with", dest="checker", default=f"{known}/checks/http_abuse.py" if known else None)
    asks.add_argument("--folder", default=f"{known}/hostile" if known else None)
    given = asks.parse_args()
    if given.checker is None or not Path(given.checker).is_file():
        asks.error("name the checker: --with PATH/TO/http_abuse.py")
    folder = given.folder or Path(given.checker).parents[1] / "hostile"
    with tempfile.TemporaryDirectory() as home:
        process, url, key = begin(Path(home), ARA_ACCOUNTS_ENTERPRISE_PER_DAY="1000000")
        began = time.monotonic()
        try:
            done = subprocess.run(
                [sys.executable, given.checker, url, str(folder), "--token", key],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        lines = (Path(home) / "said.txt").read_text("utf-8").splitlines()
    faults = [line for line in lines if " 500 " in line or "Traceback" in line]
    print(done.stdout, done.stderr, sep="")
    found = {"status": done.returncode, "faults": len(faults), "seconds": round(time.monotonic() - began)}
    print(json.dumps({**found, "load": round(os.getloadavg()[0], 1)}))
    sys.exit(done.returncode or bool(faults))


if __name__ == "__main__":
    main()
