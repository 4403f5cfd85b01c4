"""The European Central Bank on this machine: its two archives of reference rates, made of real rates."""

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

from ara.testing import FakeVenue, Reply

RATES = Path(__file__).parents[1] / "data" / "providers" / "payloads" / "ecb" / "eurofxref-hist.csv"


def archive(text, name="eurofxref-hist.csv", method=zipfile.ZIP_DEFLATED):
    """Zip a table as the bank does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        made.writestr(name, text)
    return packed.getvalue()


class EcbVenue(FakeVenue):
    """Serves the rates up to a date; `table` and `newest` are the texts in the archives. Scripts come first."""

    def __init__(self, until=date(2023, 12, 29)):
        super().__init__()
        self.publish(until)
        self.down = False
        self.on("/stats/eurofxref/eurofxref-hist.zip", handler=lambda request: self._served(request, self.table))
        self.on("/stats/eurofxref/eurofxref.zip", handler=lambda request: self._served(request, self.newest))

    def publish(self, until):
        """Have the rates up to a date and no others."""
        with RATES.open(encoding="ascii", newline="") as file:
            header, *rows = csv.reader(file)
        self.rows = [row for row in rows if row[0] <= until.isoformat()]
        self.table = "\n".join(",".join(row) for row in (header, *self.rows)) + "\n"
        first = self.rows[0]
        day = f"{date.fromisoformat(first[0]):%d %B %Y}"
        self.newest = f"{', '.join(header)}\n{', '.join([day, *first[1:]])}\n"
        self.tag = f'"{until}"'

    def _served(self, request, text):
        if self.down:
            page = b"<html><body><h1>Our website is being maintained</h1></body></html>"
            return Reply(status=503, headers={"Content-Type": "text/html", "Retry-After": "0"}, body=page)
        if request.headers.get("if-none-match") == self.tag:
            return Reply(status=304, headers={"ETag": self.tag})
        return Reply(headers={"Content-Type": "application/zip", "ETag": self.tag}, body=archive(text))
