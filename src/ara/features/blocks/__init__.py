"""What `ara.features.build` works with: prepared inputs, and panels put side by side."""

__all__: list[str] = []
