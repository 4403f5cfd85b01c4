"""Shapes as the books draw them, with as much noise as asked; and what no shape is in."""

import numpy as np

CORNERS = {
    "double_top": [(0, 0), (0.15, 1), (0.5, 0), (0.85, 1), (1, 0.1)],
    "triple_top": [(0, 0), (0.1, 1), (0.3, 0.1), (0.5, 1.02), (0.7, 0.05), (0.9, 0.98), (1, 0.1)],
    "head_and_shoulders": [(0, -0.1), (0.15, 0.6), (0.3, 0), (0.5, 1), (0.7, 0), (0.85, 0.6), (1, -0.05)],
    "ascending_triangle": [
        (0, -0.2), (0.1, 1), (0.3, 0), (0.48, 1), (0.63, 0.38), (0.76, 1), (0.87, 0.65), (0.95, 1), (1, 0.8)
    ],
    "symmetrical_triangle": [
        (0, 0), (0.1, 1), (0.3, -0.8), (0.48, 0.64), (0.64, -0.45), (0.77, 0.36), (0.88, -0.2), (0.96, 0.15), (1, 0)
    ],
    "rising_wedge": [
        (0, 0.6), (0.07, 0), (0.22, 1), (0.38, 0.6), (0.54, 1.35), (0.68, 1.1), (0.8, 1.6), (0.9, 1.5), (1, 1.75)
    ],
    "channel_up": [(0, 0.5), (0.08, 0), (0.24, 1.2), (0.4, 0.6), (0.56, 1.8), (0.72, 1.2), (0.88, 2.4), (1, 1.7)],
    "rectangle": [(0, -0.3), (0.1, 1), (0.25, 0), (0.4, 1), (0.55, 0), (0.7, 1), (0.85, 0), (1, 0.7)],
}  # fmt: skip
CURVES = ("cup_and_handle", "rounding_bottom", "bull_flag", "bull_pennant")
NAMES = (*CORNERS, *CURVES)
MIRROR = {
    "double_top": "double_bottom",
    "triple_top": "triple_bottom",
    "head_and_shoulders": "inverse_head_and_shoulders",
    "ascending_triangle": "descending_triangle",
    "symmetrical_triangle": "symmetrical_triangle",
    "rising_wedge": "falling_wedge",
    "channel_up": "channel_down",
    "rectangle": "rectangle",
    "cup_and_handle": "inverse_cup_and_handle",
    "rounding_bottom": "rounding_top",
    "bull_flag": "bear_flag",
    "bull_pennant": "bear_pennant",
}


def polyline(corners, count, lead=-1.5):
    """Straight lines through corners (share of the time, height), after a straight way there from `lead` below."""
    times, heights = zip(*corners, strict=True)
    line = np.interp(np.linspace(0, 1, count), times, heights)
    return np.concatenate([np.linspace(line[0] + lead, line[0], max(count // 4, 5), endpoint=False), line])


def ideal(name, count):
    """The middle of a shape 1 high, and how many bars lead up to it."""
    if name in CORNERS:
        line = polyline(CORNERS[name], count, 0.6 if name in {"rising_wedge", "channel_up"} else -1.5)
    elif name == "cup_and_handle":
        cup, handle = np.linspace(-1, 1, int(count * 0.7)) ** 2, count - int(count * 0.7)
        back = np.linspace(1, 0.7, handle // 2, endpoint=False), np.linspace(0.7, 0.98, handle - handle // 2)
        line = np.concatenate([np.linspace(-0.3, 1, max(count // 3, 6), endpoint=False), cup, back[0][1:], back[1]])
    elif name == "rounding_bottom":
        line = np.concatenate([np.linspace(1.3, 1, count // 4, endpoint=False), np.linspace(-1, 1, count) ** 2])
    else:
        pole = max(count // 3, 5)
        time = np.linspace(0, 1, count - pole)
        wave = np.sin(time * 4 * np.pi)
        pause = 0.92 - 0.2 * time + 0.06 * wave if name == "bull_flag" else 0.88 + 0.11 * wave * (1 - 0.9 * time)
        line = np.concatenate([np.zeros(max(count // 2, 8)), np.linspace(0, 1, pole), pause])
    return line, len(line) - count


def bars(line, noise, rng, *, down=False, height=0.1, price=100.0):
    """High, low, close along a line, off it by `noise` times its height."""
    line = -line if down else line
    close = price * (1 + height * (line + noise * rng.normal(0, 1, len(line))))
    wide = price * height * (0.015 + 0.5 * noise) * np.abs(rng.normal(1, 0.4, (2, len(line))))
    return close + wide[0], close - wide[1], close


def walk(count, rng, *, size=0.01):
    """High, low, close of a random walk: whatever is seen in it, nothing is there."""
    close = 100 * np.exp(np.cumsum(rng.normal(0, size, count)))
    wide = np.abs(rng.normal(0, 0.6 * size, (2, count)))
    return close * (1 + wide[0]), close * (1 - wide[1]), close
