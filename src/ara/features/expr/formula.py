"""The front of the room: a formula in, an indicator out."""

from functools import lru_cache

from ara.errors import FeatureEngineeringError
from ara.features.expr.grammar import Grammar
from ara.features.expr.program import Expression
from ara.features.indicator import IndicatorSpec

__all__ = ["expr"]


@lru_cache(maxsize=1024)
def expr(text: str) -> Expression:
    """Make an indicator of a formula.

    Parameters
    ----------
    text
        Columns (`open high low close volume other`), numbers, `+ - * / **`, comparisons (1 or 0), `and or not`, the
        functions `abs log sqrt sign min max where lag diff sum mean std highest lowest rank zscore`, and indicators:
        `rsi`, `rsi(7)`, `ema(close, 12)`, `ema(rsi(14), window=9)`, `macd(close, 12, 26).signal`. Of an indicator,
        figures come first, all that it is made of or none for those of the bars; then its parameters in their order,
        or by name.

    Returns
    -------
    Expression
        An indicator with one output, `value`, NaN where a figure isn't known, or has none as 1 / 0. Its warm-up and
        memory add up those of its parts. It is free of units only if it does not depend on those of its inputs.

    Raises
    ------
    FeatureEngineeringError
        It is no such formula; the message points at the place and says what is allowed.

    Examples
    --------
    >>> from ara.features.expr import expr
    >>> found = expr("ema(close,12) / ema(close,26) - 1")
    >>> found.text, found.spec.scale.value, found.warmup()
    ('ema(window=12) / ema(window=26) - 1', 'free', 25)
    """
    if not isinstance(text, str):
        raise FeatureEngineeringError(f"A formula is a text, not {type(text).__name__}.")
    grammar = Grammar(text)
    program, canonical = grammar.builder.finish(grammar.read())
    node = program.nodes[program.value[0]]
    warmup, memory = node.warmup, node.memory
    spec = IndicatorSpec(
        name="expression",
        inputs=program.inputs,
        outputs=("value",),
        warmup=lambda: warmup,
        memory=lambda: memory,
        scale=node.units[program.value[1]].scale,
        bounds={"value": node.bounds[program.value[1]]},
        formula=canonical,
        reference="a formula of the user's",
        words="What its formula says; see each of its parts.",
        step=program.step if memory is None else None,
    )
    used = tuple(grammar.builder.uses[text] for text in sorted(grammar.builder.uses))
    return Expression(text=canonical, program=program, spec=spec, uses=used)
