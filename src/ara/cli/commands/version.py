"""`ara version`."""

from importlib.metadata import version

from ara.cli.screen import screen

__all__ = ["command"]


def command() -> None:
    """Print the version of Ara.

    ::

        ara version
        ara version --json
        ara --version
    """
    import platform

    s = screen()
    facts = {"schema": 1, "version": version("ara-ai"), "python": platform.python_version()}
    s.result(facts, lambda: f"ara {facts['version']}")
