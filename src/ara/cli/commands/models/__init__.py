"""`ara models`: train models, hold them against the baseline, and let those that beat it answer."""

import typer

from ara.cli.commands.models import compared, configs, exchange, learn, look, remove, review, share, stages, whole

__all__ = ["command"]

command = typer.Typer(
    help="""Train models, compare them, and choose which answer.

    ara models train AAPL --model har_t --period 5y

    ara models list

    ara models deploy har_t@1

    A model is named as har_t@1, by the first characters of its id, or by its family, which means the champion. The
    champion of a family answers where `ara predict --model` names that family.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara models`."""

command.command("list")(look.listing)
command.command("show")(look.show)
command.command("train")(learn.learn)
command.command("compare")(compared.compare)
command.command("deploy")(stages.deploy)
command.command("rollback")(stages.rollback)
command.command("archive")(stages.archive)
command.command("delete")(remove.delete)
command.command("review")(review.review)
command.command("export")(exchange.export)
command.command("import")(exchange.take_in)
command.command("share")(share.share)
command.command("verify")(whole.verify)
command.command("keys")(whole.keys)
command.add_typer(configs.command, name="configs")
