"""One file per family of models; each is registered under the entry points `ara.models`."""

__all__: list[str] = []
