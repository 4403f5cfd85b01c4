"""One file per source of data; each is registered under the entry points `ara.providers`."""

__all__: list[str] = []
