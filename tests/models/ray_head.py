"""A Ray cluster of two processors, as long as somebody holds the other end of its standard input.

Its ports are chosen here: Ray gives its agents half a minute to choose their own, which a busy machine can miss.
"""

import socket
import subprocess
import sys
from pathlib import Path

PORTS = (
    "port",
    "dashboard-agent-grpc-port",
    "dashboard-agent-listen-port",
    "runtime-env-agent-port",
    "metrics-export-port",
)


def free() -> list[int]:
    sockets = [socket.socket() for _ in PORTS]
    try:
        for one in sockets:
            one.bind(("", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def begun() -> subprocess.Popen[str] | None:
    """Begin the cluster and tell its address; None where it did not come up in the time that Ray gives it."""
    words = [str(Path(sys.executable).parent / "ray"), "start", "--head", "--block", "--num-cpus=2"]
    words += ["--include-dashboard=false", "--disable-usage-stats", "--object-store-memory=100000000"]
    words += [f"--{name}={port}" for name, port in zip(PORTS, free(), strict=True)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout or ():
        if "--address=" in line:
            print("at", line.partition("--address=")[2].strip().strip("'"), flush=True)
            return process
    process.wait()
    return None


if __name__ == "__main__":
    for _ in range(10):
        if (cluster := begun()) is not None:
            sys.stdin.read()
            cluster.terminate()
            break
