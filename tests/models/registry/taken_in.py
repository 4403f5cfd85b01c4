"""Takes in exported models and keeps what they answer: a program for another Python, or for one that lacks libraries.

`python -m tests.models.registry.taken_in HOME KEY OUT HIDDEN FILE...` imports each file into an installation at HOME
that trusts KEY, asks it about the made-up panel, and writes the quantiles to OUT/FAMILY.npy. HIDDEN names libraries,
parted by commas, that can't be imported. It prints the names of all packages that it had imported in the end.
"""

import asyncio
import json
import sys
from pathlib import Path


async def take_in(home: str, key: str, out: Path, files: list[str]) -> None:
    import numpy as np

    from ara import plugins
    from ara.desk import Desk
    from ara.models.checks import toy_panel
    from ara.models.inputs import attached
    from ara.models.registry import Registry, load_artefact
    from ara.settings import Settings
    from tests.models.panels import last_rows, ranged

    async with Desk.open(Settings.load({"home": home, "log.level": "error"}, environ={})) as desk:
        registry, panel = Registry(desk), ranged(toy_panel(bars=500, horizons=(1, 5)))
        for file in files:
            kept, _ = await registry.take_in(Path(file), trust=key)
            fitted = load_artefact(await registry.artefact(kept))
            seen = attached(panel, plugins.load("models", kept.family)())
            np.save(out / f"{kept.family}.npy", fitted.predict(seen, last_rows(seen)).values)


if __name__ == "__main__":
    _, HOME, KEY, OUT, HIDDEN, *FILES = sys.argv
    sys.modules.update(dict.fromkeys(name for name in HIDDEN.split(",") if name))  # type: ignore[arg-type]
    asyncio.run(take_in(HOME, KEY, Path(OUT), FILES))
    print(json.dumps(sorted({name.partition(".")[0] for name, module in sys.modules.items() if module is not None})))
