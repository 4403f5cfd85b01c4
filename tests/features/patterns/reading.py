"""The rules of candlesticks, read as they stand and judged bar by bar in plain Python: slow, and nobody's TA-Lib."""

from functools import cache

MEASURED = 10


@cache
def compiled(rule):
    return compile(rule, rule[:40], "eval")


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
    code, functions = compiled(rule), {"__builtins__": {}, "abs": abs, "max": max, **params}
    return [None if bar < warmup else eval(code, functions, one) for bar, one in enumerate(names)]
