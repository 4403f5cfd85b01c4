"""The rules of candlesticks, read as they stand and judged bar by bar in plain Python: slow, and nobody's TA-Lib."""

import ast
import operator
from functools import cache

MEASURED = 10

SIGNS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Not: operator.not_,
    ast.USub: operator.neg,
}
FUNCTIONS = {"abs": abs, "max": max}


@cache
def compiled(rule):
    """A rule as a function of the names that it uses: arithmetic, comparisons, and, or, not, if and two functions."""
    return meaning(ast.parse(rule, mode="eval").body)


def meaning(node):
    match node:
        case ast.Constant(value=value):
            return lambda names: value
        case ast.Name(id=name):
            return lambda names: names[name]
        case ast.UnaryOp(op=op, operand=one):
            sign, inner = SIGNS[type(op)], meaning(one)
            return lambda names: sign(inner(names))
        case ast.BinOp(left=left, op=op, right=right):
            sign, first, second = SIGNS[type(op)], meaning(left), meaning(right)
            return lambda names: sign(first(names), second(names))
        case ast.IfExp(test=test, body=body, orelse=other):
            asked, then, otherwise = meaning(test), meaning(body), meaning(other)
            return lambda names: then(names) if asked(names) else otherwise(names)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            function, given = FUNCTIONS[name], [meaning(one) for one in args]
            return lambda names: function(*(one(names) for one in given))
        case ast.BoolOp(op=op, values=values):
            return either([meaning(one) for one in values], isinstance(op, ast.Or))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return compared(
                meaning(left), [(SIGNS[type(op)], meaning(one)) for op, one in zip(ops, others, strict=True)]
            )
    raise ValueError(f"a rule says {ast.unparse(node)}, which no rule may")


def either(parts, stop):
    """`or` where it stops at what is true, else `and`; as Python, it gives the part that decides."""

    def decided(names):
        for part in parts:
            value = part(names)
            if bool(value) is stop:
                break
        return value

    return decided


def compared(first, others):
    """A chain of comparisons, each part read once."""

    def held(names):
        left = first(names)
        for sign, part in others:
            right = part(names)
            if not sign(left, right):
                return False
            left = right
        return True

    return held


def figures(bars, bar):
    """What the rules call a bar: its prices, its parts, and what is usual in the bars before it."""
    o, h, l, c = bars[bar]  # noqa: E741
    before = bars[max(bar - MEASURED, 0) : bar]
    five = before[-5:]
    ten_ranges, five_ranges = sum(b[1] - b[2] for b in before), sum(b[1] - b[2] for b in five)
    shadows = sum((b[1] - max(b[0], b[3])) + (min(b[0], b[3]) - b[2]) for b in before)
    white = c >= o
    return {
        "o": o,
        "h": h,
        "l": l,
        "c": c,
        "white": white,
        "black": not white,
        "colour": 1 if white else -1,
        "body": abs(c - o),
        "top": max(o, c),
        "bottom": min(o, c),
        "upper": h - max(o, c),
        "lower": min(o, c) - l,
        "usual": sum(abs(b[3] - b[0]) for b in before) / 10,
        "tiny": 0.1 * (ten_ranges / 10),
        "shade": shadows / 10 / 2,
        "same": 0.05 * (five_ranges / 5),
        "near": 0.2 * (five_ranges / 5),
        "far": 0.6 * (five_ranges / 5),
    }


def named(bars):
    """Figures of every bar, and of the four before it with their number behind the name."""
    own = [figures(bars, bar) for bar in range(len(bars))]
    for bar in range(len(bars)):
        names = dict(own[bar])
        for back in range(1, min(5, bar + 1)):
            names |= {f"{name}{back}": value for name, value in own[bar - back].items()}
        yield names


def judged(rule, warmup, names, **params):
    """What a rule says of each bar, None while it warms up."""
    found = compiled(rule)
    return [None if bar < warmup else found(params | one) for bar, one in enumerate(names)]
