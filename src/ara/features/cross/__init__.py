"""What many instruments say together: breadth, factors, lead and lag."""

__all__: list[str] = []
