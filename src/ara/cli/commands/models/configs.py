"""`ara models configs`: how models were trained, as versions that can be compared and gone back to."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from ara.models.registry import Kept, Registry
    from ara.models.registry.configs import Config

__all__ = ["command", "compare", "listing", "rollback", "show"]

command = typer.Typer(
    help="""Show how models were trained, compare that, and go back to it.

    ara models configs list

    ara models configs compare har_t@c1 har_t@c2

    ara models configs rollback har_t@c1

    A configuration is what a training was told: the family's parameters, the period, the bars ahead, the share held
    out. It is named as har_t@c2, by the first characters of its id, or by a model that was trained by it. The one that
    a family was rolled back to is used by every `ara models train` that says nothing else.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara models configs`."""

_NAME = "har_t@c2, the first characters of an id, or a model's name"


@command.command("list")
def listing(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Only of this family")] = "",
) -> None:
    """List the configurations by which models were trained, with how the best model of each did.

    ::

        ara models configs list
        ara models configs list har_t
        ara models configs list --json
    """
    from ara.cli.render.model_configs import table_of
    from ara.models.registry.configs import configs_of, used_config

    async def ask(registry: "Registry") -> "list[tuple[Config, list[Kept], bool]]":
        found = []
        for one in await configs_of(registry, family=family.strip().lower()):
            used = await used_config(registry.desk.store, one.family)
            found.append((one, await _models(registry, one), used is not None and used.id == one.id))
        return found

    s = screen()
    found = with_registry(s, ask)
    data = {"schema": 1, "configs": [_facts(one, models, used=used) for one, models, used in found]}
    s.result(data, lambda: table_of(found, s, family=family))


@command.command("show")
def show(config: Annotated[str, typer.Argument(metavar="NAME", help=_NAME)]) -> None:
    """Show what a configuration says, and the models that were trained by it.

    ::

        ara models configs show har_t@c1
        ara models configs show har_t@1
        ara models configs show 3f9a2c --json
    """
    from ara.cli.render.model_configs import config_of
    from ara.models.registry.configs import find_config, used_config

    async def ask(registry: "Registry") -> "tuple[Config, list[Kept], bool]":
        one = await find_config(registry, config)
        used = await used_config(registry.desk.store, one.family)
        return one, await _models(registry, one), used is not None and used.id == one.id

    s = screen()
    one, models, used = with_registry(s, ask)
    data = {"schema": 1, **_facts(one, models, used=used), "trained": [kept.as_dict() for kept in models]}
    s.result(data, lambda: config_of(one, models, s, used=used))


@command.command("compare")
def compare(
    config: Annotated[str, typer.Argument(metavar="NAME", help=_NAME)],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Another one")],
) -> None:
    """Say what two configurations say otherwise, and how the best model of each did.

    ::

        ara models configs compare har_t@c1 har_t@c2
        ara models configs compare har_t@1 har_t@4
        ara models configs compare lightgbm@c1 lightgbm@c3 --json
    """
    from ara.cli.render.model_configs import differences_of
    from ara.models.registry.configs import differences, find_config

    async def ask(registry: "Registry") -> "list[tuple[Config, list[Kept]]]":
        pair = [await find_config(registry, name) for name in (config, other)]
        return [(one, await _models(registry, one)) for one in pair]

    s = screen()
    pair = with_registry(s, ask)
    apart = differences(pair[0][0], pair[1][0])
    data = {
        "schema": 1,
        "configs": [_facts(one, models) for one, models in pair],
        "differences": [{"name": name, "one": mine, "other": theirs} for name, mine, theirs in apart],
    }
    s.result(data, lambda: differences_of(pair, apart, s))


@command.command("rollback")
def rollback(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"{_NAME}; or a family: what it used before")],
) -> None:
    """Train a family by an earlier configuration from now on, wherever a training says nothing else.

    ::

        ara models configs rollback har_t@c1
        ara models configs rollback har_t
        ara models configs rollback 3f9a2c --json

    No model is changed by it. With the family's name alone it goes back by one step; what was before the first step are
    the family's own parameters. `ara models rollback` brings the champion before back instead.
    """
    from ara.models.registry.configs import roll_back

    s = screen()
    family, now, was = with_registry(s, lambda registry: roll_back(registry, name))
    data = {"schema": 1, "family": family, "used": now and _facts(now), "before": was and _facts(was)}
    told = now.name if now else "its own parameters"
    instead = "as before" if now == was else f"instead of {was.name if was else 'its own parameters'}"
    words = f"{family} is trained by {told} from now on, {instead}. Train it: ara models train SYMBOL --model {family}"
    s.result(data, lambda: "\n".join(wrapped(words, s.width)))


async def _models(registry: "Registry", config: "Config") -> "list[Kept]":
    """Give the models that were trained by a configuration, the newest first."""
    import msgspec

    from ara.models.registry.configs import config_id

    found = await registry.all(family=config.family)
    return [one for one in found if config_id(msgspec.to_builtins(one.card)) == config.id]


def _facts(config: "Config", models: "list[Kept] | None" = None, *, used: bool | None = None) -> dict[str, Any]:
    from ara.cli.render.data_table import instant, plain_value

    told: dict[str, Any] = {
        "id": config.id,
        "name": config.name,
        "family": config.family,
        "version": config.version,
        "params": plain_value(config.params),
        "settings": plain_value(config.settings),
        "since": instant(config.since),
    }
    if models is not None:
        told["models"] = [one.name for one in models]
    return told if used is None else {**told, "used": used}
