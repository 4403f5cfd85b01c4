"""The few tests that failed beside thousands of others, run once more, alone: they are wrong, or they lean on others.

A test that fails twice fails. One that passes alone leans on speed or on what ran beside it, and is named, to be
mended.
"""

import json
import subprocess
import sys
from pathlib import Path

__all__ = ["failed", "verdict"]

_KEPT = Path(".pytest_cache/v/cache/lastfailed")
_MOST = 3
_FAILED = 1
"""pytest's status where tests failed, and nothing else went wrong."""


def failed(root: Path) -> list[str]:
    """Give the tests that the last run under `root` left as failed."""
    kept = root / _KEPT
    return sorted(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else []


def verdict(root: Path, status: int) -> int:
    """Give the status of a run that ended with `status`, after its failures, if few, were run alone."""
    names = failed(root)
    if status != _FAILED or not 0 < len(names) <= _MOST:
        return status
    print(f"Once more, alone: {', '.join(names)}", flush=True)
    if again := subprocess.run([sys.executable, "-m", "pytest", *names], cwd=root, check=False).returncode:
        return again
    print("Passed alone, failed beside others: mend what leans on speed or on other tests:", *names, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(verdict(Path.cwd(), int(sys.argv[1])))
