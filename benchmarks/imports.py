"""What it costs to begin: `import ara`, and `ara --help` against a plain Typer app with as many commands."""

import sys

from benchmarks.measure import cpu_seconds, show

__all__ = ["figures"]

_RUNS = 12
_HEAVY = ("numpy", "polars", "pandas", "torch", "sklearn", "scipy", "sqlalchemy", "pyarrow", "duckdb")
_LOADED = f"""
import sys
import ara
print(sum(name in sys.modules for name in {_HEAVY!r}))
"""
_TYPER = """
import sys
import typer
app = typer.Typer()
for number in range(int(sys.argv.pop(1))):
    def command(symbol: str, days: int = 5) -> None:
        print(symbol, days)
    command.__doc__ = f"Command {number}"
    app.command(f"c{number}")(command)
app()
"""


def figures() -> dict[str, float]:
    """Measure: milliseconds of `import ara`, heavy modules it loads, and help's time over Typer's."""
    import subprocess

    from ara.cli.app import COMMANDS

    python = sys.executable
    commands = str(sum(map(len, COMMANDS.values())))
    least = cpu_seconds(
        {
            "interpreter": (python, "-c", "pass"),
            "import": (python, "-c", "import ara"),
            "help": (python, "-m", "ara", "--help"),
            "typer": (python, "-c", _TYPER, commands, "--help"),
        },
        runs=_RUNS,
    )
    loaded = subprocess.run((python, "-c", _LOADED), capture_output=True, text=True, check=True).stdout
    return {
        "import_ara_ms": 1e3 * max(least["import"] - least["interpreter"], 0.0),
        "heavy_modules_count": float(loaded),
        "help_over_typer": least["help"] / least["typer"],
    }


if __name__ == "__main__":
    show(figures())
