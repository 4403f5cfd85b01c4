"""Every feature of many instruments once more, as its formula says it, value by value in plain Python."""

import math
from statistics import fmean, pstdev

import numpy as np

NAN = math.nan
GAP = 5


def known(value):
    return not math.isnan(value)


def move(close, t, i, bars=1):
    """The log move of the last bars, from the last price at or before, at most a short gap older."""
    if t - bars < 0 or not known(close[t][i]):
        return NAN
    for back in range(GAP + 1):
        if t - bars - back >= 0 and known(close[t - bars - back][i]):
            return math.log(close[t][i] / close[t - bars - back][i])
    return NAN


def column(close, i):
    return [move(close, t, i) for t in range(len(close))]


def table(close):
    return [[move(close, t, i) for i in range(len(close[0]))] for t in range(len(close))]


def others(rows, t, i):
    values = [value for j, value in enumerate(rows[t]) if j != i and known(value)]
    return fmean(values) if values else NAN


def least(window):
    return max(2, math.ceil(0.75 * window))


def pairs(x, y, t, window, start=1):
    """The last values where both are known; none if they are too few, or rows."""
    if t - window + 1 < start:
        return []
    both = [(a, b) for a, b in zip(x[t - window + 1 : t + 1], y[t - window + 1 : t + 1], strict=True) if known(a + b)]
    return both if len(both) >= least(window) else []


def tail(x, t, window, start=1):
    return [a for a, _ in pairs(x, x, t, window, start)]


def covariance(both):
    mean_x, mean_y = fmean(a for a, _ in both), fmean(b for _, b in both)
    return fmean((a - mean_x) * (b - mean_y) for a, b in both)


def correlation(both):
    if not both:
        return NAN
    sd_x, sd_y = pstdev(a for a, _ in both), pstdev(b for _, b in both)
    return covariance(both) / (sd_x * sd_y) if sd_x * sd_y > 1e-15 else 0.0


def slope(both):
    if not both:
        return NAN
    variance = pstdev(b for _, b in both) ** 2
    return covariance(both) / variance if variance > 0 else 0.0


def with_market(close, t, i, window):
    rows = table(close)
    own = [row[i] for row in rows]
    market = [others(rows, s, i) for s in range(len(rows))]
    return own, market, pairs(own, market, t, window)


def across(values, fewest=2):
    there = [value for value in values if known(value)]
    return (fmean(there), pstdev(there)) if len(there) >= fewest else (NAN, NAN)


def rank(values, i):
    there = [value for value in values if known(value)]
    if len(there) < 2 or not known(values[i]):
        return NAN
    below = sum(value < values[i] for value in there)
    same = sum(value == values[i] for value in there)
    return (below + (same - 1) / 2) / (len(there) - 1)


def score(values, i):
    mean, sd = across(values)
    return (values[i] - mean) / sd


def share(truths):
    there = [truth for truth in truths if truth is not None]
    return sum(there) / len(there) if len(there) >= 2 else NAN


def net(close, t):
    moves = [move(close, t, i) for i in range(len(close[0]))]
    up, down = sum(m > 0 for m in moves if known(m)), sum(m < 0 for m in moves if known(m))
    if sum(map(known, moves)) < 2:
        return NAN
    return (up - down) / (up + down) if up + down else 0.0


def ema(line, t, window):
    """TA-Lib's: begun with the mean of the first values."""
    start = next(s for s, value in enumerate(line) if known(value))
    found = fmean(line[start : start + window])
    for s in range(start + window, t + 1):
        found += 2 / (window + 1) * (line[s] - found)
    return found


def spreads(close, t, window):
    rows = table(close)
    tails = [tail([row[i] for row in rows], t, window) for i in range(len(close[0]))]
    return [pstdev(one) if one else NAN for one in tails]


def standard(close, t, window):
    """Standardised returns of the window, missing ones as usual ones: places, means, sizes, rows."""
    rows = table(close)
    places, centre, size, columns = [], [], [], []
    for i in range(len(close[0])):
        line = [rows[s][i] for s in range(t - window + 1, t + 1)]
        there = [value for value in line if known(value)]
        if len(there) < least(window) or pstdev(there) == 0:
            continue
        mean, sd = fmean(there), pstdev(there)
        places.append(i)
        centre.append(mean)
        size.append(sd)
        norm = math.sqrt(len(there)) * sd
        columns.append([(value - mean) / norm if known(value) else 0.0 for value in line])
    return places, centre, size, np.array(columns).T


def eigen(close, t, window):
    """Places, means, sizes, eigenvalues with the largest first, eigenvectors as rows: by NumPy's library."""
    places, centre, size, line = standard(close, t, window)
    values, vectors = np.linalg.eigh(line.T @ line)
    return places, np.array(centre), np.array(size), values[::-1], vectors.T[::-1]


def lagged(close, t, window, lag):
    places, _, _, line = standard(close, t, window)
    return places, line, line[: window - lag].T @ line[lag:]


def weights(close, t, decay):
    """The weights of each series' peers, from products of returns until the bar before."""
    rows = table(close)
    width = len(close[0])
    last = [max([s for s in range(t + 1) if known(rows[s][i])], default=-99) for i in range(width)]
    out = np.zeros((width, width))
    for i in range(width):
        for j in range(width):
            if i == j or t - last[j] > GAP or t - last[i] > GAP:
                continue
            sums = [0.0, 0.0, 0.0]
            seen = 0
            for s in range(t):
                a, b = rows[s][i], rows[s][j]
                for place, (x, y) in enumerate(((a, b), (a, a), (b, b))):
                    if known(x + y):
                        sums[place] = decay * sums[place] + x * y
                seen += known(a + b)
            if seen >= 20:
                out[i, j] = min(max(sums[0] / math.sqrt(sums[1] * sums[2]), 0.0), 1.0) + 0.01
    return out


def of_peers(close, values, t, i, decay):
    weight = weights(close, t, decay)[i]
    both = [(w, v) for w, v in zip(weight, values, strict=True) if known(v)]
    total = sum(w for w, _ in both)
    return sum(w * v for w, v in both) / total if total else NAN
