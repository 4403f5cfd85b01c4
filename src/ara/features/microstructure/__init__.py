"""What trading costs and who is pressing: spreads, price impact, order flow."""

__all__: list[str] = []
