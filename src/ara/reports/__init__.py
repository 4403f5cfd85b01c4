"""What people look at: charts, tables and files, of one design.

::

    from ara import reports

    reports.write(result, "momentum.pdf")         # or .html, .xlsx, .csv, .json
    reports.backtest_report(result, looks=12).write("momentum.html")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ara.reports.tables import Column, Form, Table
    from ara.reports.tearsheet import Report, Section
    from ara.reports.tearsheet_allocation import allocation_report
    from ara.reports.tearsheet_backtest import backtest_report, write
    from ara.reports.tearsheet_plain import track_report
    from ara.reports.tearsheet_track import Track

__all__ = [
    "Column",
    "Form",
    "Report",
    "Section",
    "Table",
    "Track",
    "allocation_report",
    "backtest_report",
    "track_report",
    "write",
]

_ROOMS: Final = {
    "tables": ("Column", "Form", "Table"),
    "tearsheet": ("Report", "Section"),
    "tearsheet_allocation": ("allocation_report",),
    "tearsheet_backtest": ("backtest_report", "write"),
    "tearsheet_plain": ("track_report",),
    "tearsheet_track": ("Track",),
}
_HOME: Final = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
