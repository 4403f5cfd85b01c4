"""What the jobs of a machine may use of it together."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ara.errors import ValidationError
from ara.jobs.job import Needs, bytes_of
from ara.jobs.memory import whole
from ara.settings import Settings

__all__ = ["Machine"]

_SHARE: Final = 0.8
_G: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the jobs of a machine may use of it together.

    Parameters
    ----------
    host
        Its name.
    cpus, memory, gpus
        Processors, bytes, graphics cards.
    """

    host: str
    cpus: int
    memory: int
    gpus: int

    @classmethod
    def of(cls, settings: Settings) -> "Machine":
        """Give what the settings `jobs.cpus`, `jobs.memory` and `jobs.gpus` allow of this machine."""
        asked = settings.jobs
        cards = len([one for one in Path("/dev").glob("nvidia*") if one.name.removeprefix("nvidia").isdecimal()])
        return cls(
            host=platform.node(),
            cpus=asked.cpus or os.cpu_count() or 1,
            memory=bytes_of(asked.memory, what="jobs.memory") or int(_SHARE * whole()),
            gpus=cards if asked.gpus < 0 else asked.gpus,
        )

    def check(self, needs: Needs) -> None:
        """Refuse what could never run here."""
        for name, wanted, there in (
            ("cpus", needs.cpus, self.cpus),
            ("gpus", needs.gpus, self.gpus),
        ):
            if wanted > there:
                raise ValidationError(
                    f"The job asks for {wanted} {name}, jobs may have {there} here.",
                    hint=f"Ask for less, or raise the setting jobs.{name}.",
                )
        if needs.memory > self.memory:
            raise ValidationError(
                f"The job asks for {needs.memory / _G:.3g} GB of memory, jobs may have {self.memory / _G:.3g} GB here.",
                hint="Ask for less, or raise the setting jobs.memory.",
            )

    def fits(self, needs: Needs) -> bool:
        """Tell whether a job could run here at all."""
        return needs.cpus <= self.cpus and needs.memory <= self.memory and needs.gpus <= self.gpus

    def left(self, running: "list[Needs]") -> "Machine":
        """Give what those that run leave."""
        return Machine(
            host=self.host,
            cpus=self.cpus - sum(one.cpus for one in running),
            memory=self.memory - sum(one.memory for one in running),
            gpus=self.gpus - sum(one.gpus for one in running),
        )
