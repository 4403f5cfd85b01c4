"""`ara models export` and `import`."""

from pathlib import Path
from typing import Annotated

import typer

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import screen
from ara.cli.words import clean, wrapped

__all__ = ["export", "take_in"]


def export(
    model: Annotated[str, typer.Argument(metavar="NAME", help="har_t@1, the first characters of an id, or a family")],
    target: Annotated[str, typer.Argument(metavar="FILE", help="Where it goes")],
) -> None:
    """Write a model to one file that another machine can read, on any day.

    ::

        ara models export har_t@1 har.ara
        ara models export 3f9a2c ~/models/har.ara
        ara models export har_t har.ara --json
    """
    s = screen()
    goal = Path(target).expanduser()
    kept = with_registry(s, lambda registry: registry.find(model))
    size = with_registry(s, lambda registry: registry.export(kept, goal))
    data = {"schema": 1, "file": str(goal), "bytes": size, "model": kept.as_dict()}
    said = f"{kept.name} is in {clean(str(goal))}: {size:,} bytes. Elsewhere: ara models import {clean(goal.name)}"
    s.result(data, lambda: "\n".join(wrapped(said, s.width)))


def take_in(
    source: Annotated[str, typer.Argument(metavar="FILE", help="What ara models export wrote")],
    trust: Annotated[
        str, typer.Option("--trust", metavar="FINGERPRINT", help="Trust the key that signed it from now on")
    ] = "",
) -> None:
    """Take in a model that was exported, after every file, its card and its signature were checked.

    ::

        ara models import har.ara
        ara models import har.ara --trust 1f0c-77aa-b3d2-9e51-06bd-4c2f-8a90-e4d3
        ara models import har.ara --json

    A model of another installation is refused until its key is trusted once; compare the fingerprint with what its
    owner's `ara models keys` prints.
    """
    s = screen()
    kept, new = with_registry(s, lambda registry: registry.take_in(Path(source).expanduser(), trust=trust))
    data = {"schema": 1, "new": new, "model": kept.as_dict()}
    how = "is taken in as a candidate" if new else "was here already"
    said = f"{kept.name} ({kept.id[:8]}) {how}. See its scores: ara models show {kept.id[:8]}"
    s.result(data, lambda: "\n".join(wrapped(said, s.width)))
