"""GARCH(1,1), symmetric or with falls that count more, by maximum likelihood."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ara.statistics.linear import products, solve_positive
from ara.statistics.minimum import minimise
from ara.statistics.special import digamma, logistic, logit
from ara.statistics.strides import Strides, followed

__all__ = ["Garch", "fit_garch"]

_Array = NDArray[np.float64]

_THIN, _HEAVY = 1 / 500.0, 1 / 2.05
_KEPT: Final = (0.5, 0.7, 0.9, 0.98)
_NEWS: Final = (0.01, 0.05, 0.1, 0.2)
_PAIRS: Final = tuple(product(_KEPT, _NEWS))
_FIRST_DEGREES: Final = 8.0
_ROUGH: Final = 1e-4
_UNHEARD: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Garch:
    """A variance that follows the squares of the returns: v[t+1] = omega + (alpha + gamma 1[e < 0]) e[t]² + beta v[t].

    Parameters
    ----------
    mu
        Mean of the returns; e = r - mu.
    omega, alpha, gamma, beta
        Of the formula; gamma is 0 where falls and rises count alike.
    degrees
        Of the Student-t of the steps; infinite where they are normal.
    before
        The variance, and the square, taken for the bar before the first.
    likelihood
        Log likelihood of the returns it was fitted to; 0 where it was not.
    """

    mu: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    degrees: float
    before: float
    likelihood: float = 0.0

    @property
    def persistence(self) -> float:
        """The share of a shock to variance that is there one bar later; at most 1."""
        return self.alpha + self.gamma / 2 + self.beta

    def variances(self, returns: _Array) -> _Array:
        """Give the variance of the next bar as known at each bar, from the first one on."""
        e = returns - self.mu
        news = self.omega + (self.alpha + self.gamma * (e < 0)) * e * e
        news[:1] += self.beta * (self.omega + self.persistence * self.before)
        return followed(news, self.beta)

    def summed(self, variance: _Array, horizons: Sequence[int]) -> _Array:
        """Give `[..., horizon]`: the variance of the return over so many bars, from that of the next one."""
        coming, total, found = variance, np.zeros_like(variance), {}
        for bars in range(1, max(horizons, default=0) + 1):
            found[bars] = total = total + coming
            coming = self.omega + self.persistence * coming
        return np.stack([found[horizon] for horizon in horizons], axis=-1)


def fit_garch(
    returns: _Array,
    *,
    mean: Literal["zero", "constant"] = "zero",
    steps: Literal["normal", "t"] = "t",
    falls: bool = False,
) -> Garch:
    """Fit by maximum likelihood; the pre-sample variance is the mean of the squares.

    All weights stay at or above 0, the persistence at or below 1 and the degrees of freedom within 2.05 and 500.

    Parameters
    ----------
    returns
        Finite, not all the same, ascending in time; in any unit, 0.01 for a hundredth.
    mean
        Whether the returns have a mean of their own.
    steps
        Their distribution, given the variance.
    falls
        Whether falls may count otherwise than rises: the model of Glosten, Jagannathan and Runkle.

    References
    ----------
    T. Bollerslev (1986), Journal of Econometrics 31, and (1987), Review of Economics and Statistics 69, for the t;
    L. R. Glosten, R. Jagannathan and D. E. Runkle (1993), Journal of Finance 48; the slopes as in G. Fiorentini,
    G. Calzolari and L. Panattoni (1996), Journal of Applied Econometrics 11.
    """
    middle = float(returns.mean()) if mean == "constant" else 0.0
    unit = math.sqrt(float(np.mean((returns - middle) ** 2)))
    if not (0 < unit < math.inf):
        raise ValueError("the returns do not move, or are not finite: there is no variance to follow")
    r = returns / unit
    shape = _Likelihood(r=r, mean=mean == "constant", heavy=steps == "t", falls=falls)
    start = shape.start(middle / unit)
    value, scores = shape.parts(start)
    metric = products(scores) / len(returns)
    metric[np.diag_indices_from(metric)] += 1e-6 + 1e-3 * np.diag(metric)
    inverse = solve_positive(metric, np.eye(len(start)))
    found = minimise(shape.loss, start, metric=inverse, begun=(value, _slope(scores)))
    return shape.told(found, unit)


class _Surprises(NamedTuple):
    """What the returns bring that was not expected.

    Parameters
    ----------
    e, squares
        Of each bar; and squared.
    before
        The pre-sample variance.
    news
        `[news, bar]`: squares of the bar before, by rises and falls if they differ.
    """

    e: _Array
    squares: _Array
    before: float
    news: _Array


class _At(NamedTuple):
    """What the likelihood has computed at one point, of which its slopes make use.

    Parameters
    ----------
    point
        The free variables.
    omega, shares
        Of the recursion.
    seen
        The surprises.
    h
        The variance of each bar.
    degrees
        Of the steps.
    far
        As `_far` gives it.
    """

    point: _Array
    omega: float
    shares: _Array
    seen: _Surprises
    h: _Array
    degrees: float
    far: tuple[_Array, _Array, _Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Likelihood:
    """Likelihood of returns of variance 1, over free variables.

    They are: the mean if there is one; ln omega; for each weight of the recursion its log odds against what is left
    of 1 (for news: each half of it if falls count otherwise; then the variance before); the tails if heavy.
    """

    r: _Array
    mean: bool
    heavy: bool
    falls: bool
    known: _Surprises | None = field(init=False)
    """What `_split` gives of the returns, where they have no mean that could move."""
    weights: slice = field(init=False)
    """Where among the variables those of the recursion's weights stand."""
    room: Strides[np.float64] = field(init=False)
    """Where the recursion is run: what it comes to is copied out before it is run again."""

    def __post_init__(self) -> None:
        first = int(self.mean) + 1
        end = first + (3 if self.falls else 2)
        object.__setattr__(self, "known", None if self.mean else _split(self.r, falls=self.falls))
        object.__setattr__(self, "weights", slice(first, end))
        object.__setattr__(self, "room", Strides(np.empty((end, len(self.r)))))

    def start(self, middle: float) -> _Array:
        """Give the likeliest of some usual models, the first of those that are equal.

        All are looked at roughly, at a fraction of what their likelihood takes; what may be the likeliest is measured.
        """
        squares = (self.r - middle) ** 2
        levels = 1.0, min(1.0, float(np.median(squares)) / 0.45) + 1e-6
        rough = self._roughly(squares, levels, falls_at=middle)
        able = np.flatnonzero(~(rough > rough.min() + _ROUGH)).tolist()
        usual = tuple(product(levels, _KEPT, _NEWS))
        points = [self._usual(middle, *usual[place]) for place in able]
        return points[0] if len(points) == 1 else min(points, key=self.value)

    def _usual(self, middle: float, level: float, kept: float, news: float) -> _Array:
        """Give the point of a model with this level of variance, and of what of it is kept, so much as news."""
        parts = [news / 4, 3 * news / 4, kept - news] if self.falls else [news, kept - news]
        odds = np.log(np.array(parts) / (1 - kept))
        tail = [logit((1 / _FIRST_DEGREES - _THIN) / (_HEAVY - _THIN))] if self.heavy else []
        return np.array([*([middle] if self.mean else []), math.log(level * (1 - kept)), *odds, *tail])

    def _roughly(self, squares: _Array, levels: tuple[float, float], *, falls_at: float) -> _Array:
        """Give minus the mean log likelihood of all usual models but for a constant, to a few digits.

        A variance is the sum of what the level, the news and the one before the first bar come to; so the recursion is
        run once for both levels, on numbers of half the length.
        """
        size, before = len(squares), float(squares.mean())
        small = squares.astype(np.float32)
        heard = np.where(self.r < falls_at, small * np.float32(1.5), small * np.float32(0.5)) if self.falls else small
        pairs = _PAIRS
        h, q = np.empty((2, len(pairs), len(levels), size), np.float32)
        came = np.empty((len(pairs), 1, size), np.float32)
        room = Strides(np.empty((1, size), np.float32), least=_UNHEARD)
        drive = room.rows[0]
        for place, (kept, news) in enumerate(pairs):
            drive[0] = kept * before
            np.multiply(heard[:-1], np.float32(news), out=drive[1:])
            room.follow(kept - news)
            came[place] = drive
        shares = np.array([1 - kept for kept, _ in pairs], np.float32)
        stills = _stills(1 << (size - 1).bit_length())[..., :size]
        np.multiply(stills, np.array(levels, np.float32)[:, None] * shares[:, None, None], out=h)
        h += came
        np.divide(small, h, out=q)
        np.log(h, out=h)
        if self.heavy:
            q /= np.float32(_FIRST_DEGREES - 2)
            np.log1p(q, out=q)
            q *= np.float32(_FIRST_DEGREES + 1)
        h += q
        return np.asarray(h.mean(axis=2).T.ravel() / 2)

    def value(self, point: _Array) -> float:
        """Give the mean of minus the log likelihood."""
        return self._at(point)[0]

    def _followed(self, omega: float, shares: _Array, seen: _Surprises) -> _Array:
        """Give the variance of each bar."""
        drive, beta = self.room.rows[0], float(shares[-1])
        if len(seen.news) == 1:
            np.multiply(seen.news[0], shares[0], out=drive)
        else:
            drive[:] = np.einsum("i,ij->j", shares[:-1], seen.news)
        drive += omega
        drive[0] += beta * seen.before
        self.room.follow(beta, count=1)
        return np.array(drive)

    def loss(self, point: _Array) -> tuple[float, Callable[[], _Array]]:
        """Give the mean of minus the log likelihood, and what gives its slope."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, at = self._at(point)
        return value, lambda: _slope(self._scores(at))

    def parts(self, point: _Array) -> tuple[float, _Array]:
        """Give the same value, and `[bar, variable]`: the slopes of each bar's log likelihood."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, at = self._at(point)
        return value, self._scores(at)

    def _at(self, point: _Array) -> tuple[float, _At]:
        """Give the value at a point, and what was computed on the way."""
        seen = self.known or _split(self.r - point[0], falls=self.falls)
        omega, shares, degrees = math.exp(point[self.weights.start - 1]), self._shares(point), self._degrees(point)
        h = self._followed(omega, shares, seen)
        far = _far(seen.squares, h, degrees)
        at = _At(point=point, omega=omega, shares=shares, seen=seen, h=h, degrees=degrees, far=far)
        return -float(np.add.reduce(_log(h, degrees, far[-1])) / len(h)), at

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")
    def _scores(self, at: _At) -> _Array:
        shares, first, last, slopes = at.shares, self.weights.start - 1, self.weights.stop, self.room.rows
        if self.mean:
            slopes[0] = self._mean_news(shares, at.seen.e)
        slopes[first], slopes[first + 1 : last - 1] = at.omega, at.seen.news
        slopes[last - 1, 0], slopes[last - 1, 1:] = at.seen.before, at.h[:-1]
        self.room.follow(float(shares[-1]))
        # a share's log odds move the other shares too
        bent = 0.0 - shares[:, None] * shares
        bent.ravel()[:: len(bent) + 1] += shares
        slopes[first + 1 :] = np.einsum("ij,jn->in", bent, slopes[first + 1 :])
        by_variance, by_mean, by_tail = self._slopes(at)
        slopes *= by_variance
        if self.mean:
            slopes[0] += by_mean
        scores = np.empty((len(self.r), len(at.point)))
        scores[:, :last] = slopes.T
        if self.heavy:
            scores[:, last] = by_tail
        return scores

    def told(self, point: _Array, unit: float) -> Garch:
        """Give the model in the unit of the returns."""
        value, at = self._at(point)
        shares = at.shares.tolist()
        rise, fall = (2 * shares[0], 2 * shares[1]) if self.falls else (shares[0], shares[0])
        return Garch(
            mu=float(point[0]) * unit if self.mean else 0.0,
            omega=at.omega * unit * unit,
            alpha=rise,
            gamma=fall - rise,
            beta=shares[-1],
            degrees=at.degrees,
            before=at.seen.before * unit * unit,
            likelihood=-len(self.r) * (value + math.log(unit)),
        )

    def _mean_news(self, shares: _Array, e: _Array) -> _Array:
        """Give how the drive of the recursion changes with the mean."""
        weight = np.where(e < 0, 2 * shares[1], 2 * shares[0]) if self.falls else shares[0]
        start = -2 * float(shares.sum()) * float(e.mean())
        return np.concatenate(([start], (-2 * weight * e)[:-1]))

    def _shares(self, point: _Array) -> _Array:
        top = max(0.0, float(point[self.weights].max()))
        odds = np.exp(point[self.weights] - top)
        return np.asarray(odds / (odds.sum() + math.exp(-top)))

    def _degrees(self, point: _Array) -> float:
        return 1 / (_THIN + (_HEAVY - _THIN) * logistic(float(point[-1]))) if self.heavy else math.inf

    def _slopes(self, at: _At) -> tuple[_Array, _Array, _Array]:
        """Give the slopes of each bar's log likelihood by its variance, by the mean, and by the tails' variable."""
        e, h, nu = at.seen.e, at.h, at.degrees
        if not self.heavy:
            return np.asarray((at.far[-1] - 1) / (2 * h)), np.asarray(e / h), np.empty(0)
        wide, q, logs = at.far
        share = logistic(float(at.point[-1]))
        beyond = 1 + q
        pull = (nu + 1) / beyond
        pull /= wide
        by_nu = np.subtract(digamma((nu + 1) / 2) - digamma(nu / 2) - 1 / (nu - 2), logs)
        by_nu *= 0.5
        tail = (nu + 1) / 2 * q
        tail /= beyond
        tail /= nu - 2
        by_nu += tail
        for factor in (-nu, nu, _HEAVY - _THIN, share, 1 - share):
            by_nu *= factor
        pull *= e
        by_variance = pull * e
        by_variance /= h
        by_variance -= np.divide(1, h, out=tail)
        by_variance *= 0.5
        return by_variance, pull, by_nu


def _far(squares: _Array, h: _Array, nu: float) -> tuple[_Array, _Array, _Array]:
    """Give what a square is held against, how far out each bar lies, and ln(1 + that); where steps are normal, that."""
    if nu == math.inf:
        q = squares / h
        return h, q, q
    wide = (nu - 2) * h
    q = squares / wide
    return wide, q, np.log1p(q)


def _log(h: _Array, nu: float, told: _Array) -> _Array:
    """Give each bar's log likelihood; `told` is the last of what `_far` gives."""
    logs = np.log(h)
    if nu == math.inf:
        return np.asarray(-0.5 * (math.log(2 * math.pi) + logs + told))
    logs *= 0.5
    np.subtract(math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(math.pi * (nu - 2)), logs, out=logs)
    logs -= (nu + 1) / 2 * told
    return logs


def _split(e: _Array, *, falls: bool) -> _Surprises:
    squares = e * e
    before = float(squares.mean())
    split = [2 * squares * (e >= 0), 2 * squares * (e < 0)] if falls else [squares]
    news = np.stack([np.concatenate(([before], one[:-1])) for one in split])
    return _Surprises(e=e, squares=squares, before=before, news=news)


def _slope(scores: _Array) -> _Array:
    """Give the slope of the mean of minus the log likelihood, from the slopes of each bar's."""
    return -np.asarray(np.einsum("ij->j", scores) / len(scores))


@lru_cache(maxsize=4)
def _stills(size: int) -> NDArray[np.float32]:
    """Give `[pair, 1, bar]`: what a constant drive of 1 comes to in each usual model, from the first bar on."""
    return np.stack([followed(np.ones((1, size)), kept - news).astype(np.float32) for kept, news in _PAIRS])
