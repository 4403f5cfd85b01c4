"""Each feature of many instruments against its formula in plain Python, on clean panels and on ones with gaps."""

import math
from statistics import fmean, pstdev

import numpy as np
import pytest

from ara.features import cross
from tests.features.cross import plain
from tests.features.cross.panels import panel
from tests.features.cross.plain import NAN, known, move

GROUPS = ("a", "b", "a", "c", "b", "b")


def of_market(figure):
    return lambda p, t, i, window: (figure(plain.with_market(p["close"], t, i, window)[2]),)


def specific(p, t, i, window):
    _, _, both = plain.with_market(p["close"], t, i, window)
    if not both:
        return (NAN,)
    return (pstdev(a for a, _ in both) * math.sqrt(1 - plain.correlation(both) ** 2),)


def downside(p, t, i, window):
    own, market, last = plain.with_market(p["close"], t, i, window)
    if not last:
        return (NAN,)
    bad = []
    for s in range(t - window + 1, t + 1):
        both = plain.pairs(own, market, s, window)
        if both and known(own[s] + market[s]):
            bad.append((own[s], market[s]) if market[s] < fmean(b for _, b in both) else None)
    if t < 2 * window - 1 or len(bad) < plain.least(window):
        return (NAN,)
    bad = [one for one in bad if one is not None]
    return (plain.slope(bad) if len(bad) >= 5 else 0.0,)


def residual(p, t, i, window, formation, skip):
    own, market, _ = plain.with_market(p["close"], t, i, window)
    left = [NAN] * len(own)
    for s in range(1, t + 1):
        both = plain.pairs(own, market, s - 1, window)
        if both and known(own[s] + market[s]):
            b = plain.slope(both)
            a = fmean(x for x, _ in both) - b * fmean(y for _, y in both)
            left[s] = own[s] - a - b * market[s]
    there = plain.tail(left, t - skip, formation - skip, start=window + 1)
    return (fmean(there) / pstdev(there) * math.sqrt(formation - skip) if there else NAN,)


def delay(p, t, i, window):
    rows = plain.table(p["close"])
    own, market = [row[i] for row in rows], [plain.others(rows, s, i) for s in range(len(rows))]
    before = [NAN, *market[:-1]]
    pairs = [(o, m, b) for o, m, b in zip(own, market, before, strict=True)]
    if t - window + 1 < 2:
        return (NAN,)
    there = [one for one in pairs[t - window + 1 : t + 1] if known(sum(one))]
    if len(there) < plain.least(window):
        return (NAN,)
    y = np.array([one[0] for one in there])
    y = y - y.mean()

    def explained(*columns):
        x = np.array([[one[c] for c in columns] for one in there])
        x = x - x.mean(axis=0)
        fit = x @ np.linalg.lstsq(x, y, rcond=None)[0]
        return (fit @ fit) / (y @ y)

    return (1 - explained(1) / explained(1, 2),)


def moves(p, t, window):
    return [move(p["close"], t, i, window) for i in range(p["close"].shape[1])]


def group_mean(p, t, group, window):
    return plain.across([m for m, g in zip(moves(p, t, window), GROUPS, strict=True) if g == group], fewest=1)[0]


def strength(p, t, i, window):
    everyone = plain.across([group_mean(p, t, g, window) for g in dict.fromkeys(GROUPS)], fewest=1)[0]
    return (group_mean(p, t, GROUPS[i], window) - everyone,)


def places(values):
    return lambda p, t, i, **params: (plain.rank(values(p, t, **params), i), plain.score(values(p, t, **params), i))


def skipped(p, t, window, skip):
    return moves(p, t - skip, window - skip)


def stability(p, t, i, window):
    both = [
        (a, b) if known(a + b) else (NAN, NAN)
        for a, b in zip(moves(p, t, window), moves(p, t - window, window), strict=True)
    ]
    now, before = [a for a, _ in both], [b for _, b in both]
    there = [k for k, (a, _) in enumerate(both) if known(a)]
    return (plain.correlation([(plain.rank(now, k), plain.rank(before, k)) for k in there]),)


def above_mean(p, t, i, window):
    truths = []
    for j in range(p["close"].shape[1]):
        line = p["close"][:, j].tolist()
        there = plain.tail(line, t, window, start=0)
        truths.append(line[t] > fmean(there) if there and known(line[t]) else None)
    return (plain.share(truths),)


def balance(p, t, i, window):
    line = [plain.net(p["close"], s) for s in range(t + 1)]
    return (fmean(plain.tail(line, t, window)),)


def highs_lows(p, t, i, window):
    sides = []
    for name, sign in (("high", 1), ("low", -1)):
        truths = []
        for j in range(p[name].shape[1]):
            line = (sign * p[name][:, j]).tolist()
            there = plain.tail(line, t - 1, window, start=0)
            truths.append(line[t] > max(there) if there and known(line[t]) else None)
        sides.append(plain.share(truths))
    return (sides[0] - sides[1],)


def oscillator(p, t, i, fast, slow):
    line = [plain.net(p["close"], s) for s in range(t + 1)]
    return (plain.ema(line, t, fast) - plain.ema(line, t, slow),)


def thrust(p, t, i, window):
    return (plain.ema([(plain.net(p["close"], s) + 1) / 2 for s in range(t + 1)], t, window),)


def rising(p, t, i, window):
    return (plain.share([m > 0 if known(m) else None for m in moves(p, t, window)]),)


def arms(p, t, i, window, usual):
    sums = {1: [0.0, 0], -1: [0.0, 0]}
    for s in range(t - window + 1, t + 1):
        for j in range(p["close"].shape[1]):
            m, line = move(p["close"], s, j), p["volume"][:, j].tolist()
            there = plain.tail(line, s, usual, start=0)
            if known(m) and m and there and known(line[s]):
                side = sums[1 if m > 0 else -1]
                side[0] += line[s] / fmean(there)
                side[1] += 1
    up, down = (total / count for total, count in sums.values())
    return ((up - down) / (up + down),)


def skewness(p, t, i, bars):
    there = [m for m in moves(p, t, bars) if known(m)]
    return (fmean(((m - fmean(there)) / pstdev(there)) ** 3 for m in there),)


def dispersed(p, s):
    return plain.across(moves(p, s, 1))[1]


def ratio(p, t, i, window):
    return (dispersed(p, t) / fmean(plain.tail([dispersed(p, s) for s in range(t + 1)], t, window)),)


def index_sd(p, t, window):
    return pstdev(plain.tail([plain.across(moves(p, s, 1))[0] for s in range(t + 1)], t, window))


def implied(p, t, i, window):
    sizes = [s for s in plain.spreads(p["close"], t, window) if known(s)]
    squares = sum(s * s for s in sizes)
    found = (len(sizes) ** 2 * index_sd(p, t, window) ** 2 - squares) / (sum(sizes) ** 2 - squares)
    return (min(max(found, -1.0), 1.0),)


def unlike(p, t, i, window):
    mean, sd = plain.across(plain.spreads(p["close"], t, window))
    return (sd / mean,)


def together(p, t, window):
    there, _, _, line = plain.standard(p["close"], t, window)
    matrix = line.T @ line
    return there, matrix


def mean_pairs(p, t, window):
    there, matrix = together(p, t, window)
    return (matrix.sum() - len(there)) / (len(there) * (len(there) - 1))


def with_peers(p, t, i, window):
    there, matrix = together(p, t, window)
    return ((matrix[there.index(i)].sum() - 1) / (len(there) - 1) if i in there else NAN,)


def shift_of_pairs(p, t, i, window, slow):
    line = [mean_pairs(p, s, window) for s in range(t - slow + 1, t + 1)]
    return ((line[-1] - fmean(line)) / pstdev(line),)


def leads(p, t, i, window, lag):
    there, line, ahead = plain.lagged(p["close"], t, window, lag)
    if i not in there:
        return NAN, NAN, NAN
    k = there.index(i)
    rest = [j for j in range(len(there)) if j != k]
    newest = line[-1] * math.sqrt(window)
    return (
        fmean(ahead[k, j] - ahead[j, k] for j in rest),
        max(abs(ahead[j, k]) for j in rest) * math.sqrt(window),
        fmean(ahead[j, k] * newest[j] for j in rest),
    )


def of_leader(figure, lag=0):
    def found(p, t, i, window):
        own, ahead = plain.column(p["close"], i), plain.column(p["other"], i)
        ahead = [NAN] * lag + ahead[: len(ahead) - lag]
        return (figure(plain.pairs(own, ahead, t, window, start=1 + lag)),)

    return found


def pull(p, t, i, window):
    return (of_leader(plain.slope, lag=1)(p, t, i, window)[0] * move(p["other"], t, i),)


def gap(p, t, i, window, bars):
    own, ahead = plain.column(p["close"], i), plain.column(p["other"], i)
    both = plain.pairs(own, ahead, t - bars, window)
    if not both:
        return (NAN,)
    b = plain.slope(both)
    left = pstdev(x for x, _ in both) * math.sqrt(1 - plain.correlation(both) ** 2)
    return ((move(p["close"], t, i, bars) - b * move(p["other"], t, i, bars)) / (left * math.sqrt(bars)),)


def dominance(p, t, i, window):
    each = [of_leader(plain.correlation)(p, t, j, window)[0] for j in range(p["close"].shape[1])]
    return (fmean(c * c for c in each if known(c)),)


def peers(values):
    return lambda p, t, i, decay, **params: (plain.of_peers(p["close"], values(p, t, **params), t, i, decay),)


def moved_by(p, t, bars):
    return moves(p, t, bars)


def ahead_of_peers(p, t, i, decay, bars):
    return (move(p["close"], t, i, bars) - plain.of_peers(p["close"], moves(p, t, bars), t, i, decay),)


def wilder_than_peers(p, t, i, decay, window):
    sizes = plain.spreads(p["close"], t, window)
    theirs = plain.of_peers(p["close"], sizes, t, i, decay)
    return (sizes[i] / (sizes[i] + theirs),)


def parts_of(p, t, i, decay):
    weight = plain.weights(p["close"], t, decay)[i]
    return weight / weight.sum() if weight.sum() else weight * NAN


def count_of_peers(p, t, i, decay):
    weight = parts_of(p, t, i, decay)
    return (1 / (np.count_nonzero(weight) * (weight @ weight)),)


def change_of_peers(p, t, i, decay, bars):
    return (np.abs(parts_of(p, t, i, decay) - parts_of(p, t - bars, i, decay)).sum() / 2,)


def eigen(p, t, window):
    return plain.eigen(p["close"], t, window)


def sized(p, t, i, window):
    there, _, _, values, vectors = eigen(p, t, window)
    if i not in there:
        return (NAN,)
    return (1 - sum(values[k] * vectors[k, there.index(i)] ** 2 for k in range(3)),)


def turned(p, t, i, window, shift):
    planes = []
    for s in (t, t - shift):
        there, _, _, _, vectors = eigen(p, s, window)
        plane = np.zeros((3, p["close"].shape[1]))
        plane[:, there] = vectors[:3]
        planes.append(plane)
    return (1 - ((planes[0] @ planes[1].T) ** 2).sum() / 3,)


def absorbed(p, t, window):
    values = eigen(p, t, window)[3]
    return values[: math.ceil(len(values) / 5)].sum() / values.sum()


def absorption_moved(p, t, i, window, fast, slow):
    line = [absorbed(p, s, window) for s in range(t - slow + 1, t + 1)]
    return ((fmean(line[-fast:]) - fmean(line)) / pstdev(line),)


def effective(p, t, i, window):
    part = eigen(p, t, window)[3]
    part = part / part.sum()
    return (math.exp(-sum(x * math.log(x) for x in part)) / len(part),)


def stretched(p, t, i, window, path):
    there, centre, size, _, vectors = eigen(p, t, window)
    if i not in there:
        return (NAN,)
    rows = np.array([[move(p["close"], s, j) for j in there] for s in range(t - path + 1, t + 1)])
    z = np.nan_to_num((rows - centre) / size)
    plane = vectors[:3]
    walk = np.cumsum(z - z @ plane.T @ plane, axis=0)[:, there.index(i)]
    return ((walk[-1] - walk.mean()) / walk.std(),)


def distances(p, t, window, shrinkage):
    there, centre, size, values, vectors = eigen(p, t - 1, window)
    z = (np.array([move(p["close"], t, j) for j in there]) - centre) / size
    count = np.isfinite(z).sum()
    z = np.nan_to_num(z)
    usual = (1 - shrinkage) * vectors.T @ np.diag(values) @ vectors + shrinkage * np.eye(len(there))
    expected = np.trace(np.linalg.solve(usual, vectors.T @ np.diag(values) @ vectors)) * count / len(there)
    return z @ np.linalg.solve(usual, z) / expected, z @ z / count


REFERENCES = {
    "absorption_ratio": ({"window": 30}, lambda p, t, i, window: (absorbed(p, t, window),)),
    "absorption_shift": ({"window": 30, "fast": 5, "slow": 20}, absorption_moved),
    "advance_decline": ({"window": 10}, balance),
    "arms_index": ({"window": 10, "usual": 20}, arms),
    "breadth": ({"window": 20}, above_mean),
    "breadth_thrust": ({"window": 10}, thrust),
    "correlation_shift": ({"window": 20, "slow": 12}, shift_of_pairs),
    "correlation_surprise": (
        {"window": 30, "shrinkage": 0.3},
        lambda p, t, i, **q: (np.divide(*distances(p, t, **q)),),
    ),
    "cross_momentum": ({"window": 40, "skip": 5}, places(skipped)),
    "cross_reversal": ({"window": 5}, places(lambda p, t, window: [-m for m in moves(p, t, window)])),
    "cross_skew": ({"bars": 2}, skewness),
    "cross_volatility": ({"window": 20}, places(lambda p, t, window: plain.spreads(p["close"], t, window))),
    "dispersion_ratio": ({"window": 20}, ratio),
    "diversification_ratio": (
        {"window": 20},
        lambda p, t, i, window: (plain.across(plain.spreads(p["close"], t, window))[0] / index_sd(p, t, window),),
    ),
    "downside_beta": ({"window": 20}, downside),
    "effective_factors": ({"window": 30}, effective),
    "implied_correlation": ({"window": 20}, implied),
    "index_volatility": ({"window": 20}, lambda p, t, i, window: (index_sd(p, t, window),)),
    "lead_score": ({"window": 30, "lag": 2}, lambda *a, **q: leads(*a, **q)[:1]),
    "lead_signal": ({"window": 30, "lag": 2}, lambda *a, **q: leads(*a, **q)[2:]),
    "lead_strength": ({"window": 30, "lag": 1}, lambda *a, **q: leads(*a, **q)[1:2]),
    "leader_beta": ({"window": 20}, of_leader(plain.slope)),
    "leader_correlation": ({"window": 20}, of_leader(plain.correlation)),
    "leader_dominance": ({"window": 20}, dominance),
    "leader_gap": ({"window": 20, "bars": 4}, gap),
    "leader_pull": ({"window": 20}, pull),
    "leader_return": ({"bars": 3}, lambda p, t, i, bars: (move(p["other"], t, i, bars),)),
    "market_beta": ({"window": 20}, of_market(plain.slope)),
    "market_correlation": ({"window": 20}, of_market(plain.correlation)),
    "market_momentum": ({"window": 20}, lambda p, t, i, window: (plain.across(moves(p, t, window))[0],)),
    "mcclellan": ({"fast": 7, "slow": 15}, oscillator),
    "mean_correlation": ({"window": 20}, lambda p, t, i, window: (mean_pairs(p, t, window),)),
    "new_highs_lows": ({"window": 20}, highs_lows),
    "panel_volatility": (
        {"window": 20},
        lambda p, t, i, window: (plain.across(plain.spreads(p["close"], t, window))[0],),
    ),
    "pca_specific": ({"window": 30}, sized),
    "pca_rotation": ({"window": 30, "shift": 10}, turned),
    "peer_change": ({"decay": 0.9, "bars": 5}, change_of_peers),
    "peer_correlation": ({"window": 20}, with_peers),
    "peer_count": ({"decay": 0.9}, count_of_peers),
    "peer_gap": ({"decay": 0.9, "bars": 10}, ahead_of_peers),
    "peer_momentum": ({"decay": 0.9, "bars": 10}, peers(moved_by)),
    "peer_return": ({"decay": 0.9}, peers(lambda p, t: moves(p, t, 1))),
    "peer_volatility": ({"decay": 0.9, "window": 10}, wilder_than_peers),
    "price_delay": ({"window": 30}, delay),
    "rank_stability": ({"window": 20}, stability),
    "residual_momentum": ({"window": 25, "formation": 25, "skip": 5}, residual),
    "residual_score": ({"window": 30, "path": 15}, stretched),
    "return_dispersion": ({"bars": 3}, lambda p, t, i, bars: (plain.across(moves(p, t, bars))[1],)),
    "rising_share": ({"window": 15}, rising),
    "sector_momentum": ({"window": 20}, lambda p, t, i, window: (group_mean(p, t, GROUPS[i], window),)),
    "sector_relative": (
        {"window": 20},
        lambda p, t, i, window: (move(p["close"], t, i, window) - group_mean(p, t, GROUPS[i], window),),
    ),
    "sector_strength": ({"window": 20}, strength),
    "specific_volatility": ({"window": 20}, specific),
    "turbulence": ({"window": 30, "shrinkage": 0.3}, lambda p, t, i, **q: (distances(p, t, **q)[0],)),
    "volatility_dispersion": ({"window": 20}, unlike),
}
"""Small parameters, and the outputs at one row of one series. Named factors are tested in test_factors."""


def test_every_formula_is_there():
    assert {*REFERENCES, "pca_loading", "pca_return", "pca_share"} == set(cross.names())


@pytest.mark.parametrize("gaps", [False, True], ids=["clean", "gaps"])
@pytest.mark.parametrize("name", REFERENCES)
def test_a_feature_is_what_its_formula_says(name, gaps):
    params, reference = REFERENCES[name]
    feature = cross.get(name)
    inputs = panel(gaps=gaps, seed=5)
    found = feature.compute_panel(inputs, groups=GROUPS, **params)
    rows = len(inputs["close"])
    warm = feature.warmup(**params)
    compared = 0
    for t in sorted({warm, warm + 3, rows - 18, rows - 1}):
        for i in (0, 1, 3, 4):
            if t < warm:
                continue
            expected = reference(inputs, t, i, **params) if known(inputs["close"][t, i]) else (NAN,) * len(found)
            values = [one[t, i] for one in found]
            assert np.allclose(values, expected, rtol=1e-7, atol=1e-10, equal_nan=True), (t, i)
            compared += known(values[0])
    assert compared >= 8
