"""A Ray cluster: the one at an address, or one that is begun on this machine for a piece of work."""

import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, Final

from ara.errors import ConfigurationError, WorkerError

__all__ = ["cluster", "lost"]

_PATIENCE: Final = 10.0
_TRIES: Final = 5
_HINT: Final = "What was done is kept. Ask again to go on, or go on without --on ray."
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would tell its makers of each use
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "15",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


@contextmanager
def cluster(address: str = "", *, cpus: int | None = None) -> Iterator[ModuleType]:
    """Give the library, connected: to the cluster that this process uses already, the one at the address, or a new one.

    Parameters
    ----------
    address
        Of a cluster; empty for a new one on this machine, which ends with the block.
    cpus
        How many processors the new one may use; all if None.

    Raises
    ------
    ConfigurationError
        It is not installed.
    WorkerError
        There is no cluster at the address, or it was lost on the way.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray = _library()
        if ray.is_initialized():
            yield ray
            return
        _connect(ray, address, cpus)
        try:
            yield ray
        finally:
            ray.shutdown()


def lost(error: Exception, *, hint: str = _HINT) -> WorkerError:
    """Give the error for a cluster that went away in the middle of its work."""
    return WorkerError(
        f"The Ray cluster was lost: {(str(error) or type(error).__name__).splitlines()[0]:.200}",
        hint=hint,
    )


def _connect(ray: ModuleType, address: str, cpus: int | None) -> None:
    """Connect; a cluster of its own that did not come up in time, on a machine with much to do, is begun again."""
    _reach(address)
    before = _children()
    for left in reversed(range(1 if address else _TRIES)):
        try:
            ray.init(
                address=address or "local",
                num_cpus=None if address else cpus,
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="ERROR",
            )
        except Exception as error:  # it raises what it likes, plain exceptions too
            ray.shutdown()
            _sweep(before)
            if not left:
                raise _missing(address, error) from error
        else:
            return


def _reach(address: str) -> None:
    """Refuse an address where nobody listens: Ray would end this process over it."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _missing(address, error) from error


def _missing(address: str, error: Exception) -> WorkerError:
    where = f"at {address}" if address else "on this machine"
    return WorkerError(
        f"There is no Ray cluster {where}: {(str(error) or type(error).__name__).splitlines()[0]:.200}",
        hint="Begin one with: ray start --head; or leave the setting workers.ray empty. "
        "One that asks for a token is reached with RAY_AUTH_MODE=token.",
    )


def _children() -> set[Any]:
    import psutil  # type: ignore[import-untyped] # Ray brings it

    return set(psutil.Process().children(recursive=True))


def _sweep(before: set[Any]) -> None:
    """Kill what a beginning that failed has left behind: it would hold the processor against the next."""
    import psutil

    for one in _children() - before:
        with suppress(psutil.NoSuchProcess):
            if "ray" in " ".join(one.cmdline()):
                one.kill()


def _library() -> ModuleType:
    try:
        import ray
    except ImportError as error:
        raise ConfigurationError(
            "a cluster needs the package ray, which is not installed", hint="pip install 'ara-ai[ray]'"
        ) from error
    found: ModuleType = ray
    return found
