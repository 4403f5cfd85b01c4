"""The command line. Its door is `ara.cli.app.main`; nothing is imported here, so that the door opens at once."""

__all__: list[str] = []
