"""Comparisons of a sample with a known law, or of two samples: each gives a p-value, and what effect it can find.

    Mean, Variance     against known ones; the law's moments where known, else the sample's (see `_normal`)
    Share              exact binomial tails
    Whole              a discrete law: chi-square, neighbouring values merged until each bin expects at least 20
    Continuous         a distribution function: Kolmogorov and Smirnov
    SameWhole, SameContinuous, SameShare    two samples against each other

`rules.check` makes assertions of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
LEAST_EXPECTED = 20.0


@dataclass(frozen=True)
class Comparison:
    """One comparison of the sample named `key`."""

    key: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The samples that it looks at."""
        return (self.key,)

    @property
    def stated(self) -> bool:
        """Whether another law is stated from which this comparison is to be told."""
        return getattr(self, "other", None) is not None

    def label(self) -> str:
        """What is compared, for the message."""
        return f"{type(self).__name__.lower()} of {' and '.join(self.keys)}"

    def p_value(self, data: tuple[Floats, ...]) -> float:
        """Probability of data at least as far off, were the law right."""
        raise NotImplementedError

    def seen(self, data: tuple[Floats, ...]) -> str:
        """What was found and what was expected, for the message."""
        return f"mean {', '.join(f'{values.mean():.6g}' for values in data)}"

    def power(self, n: int, level: float) -> float:
        """Probability of an alarm at a level when the sample follows `other`."""
        raise NotImplementedError

    def swapped(self) -> Comparison:
        """The comparison with `other`, which is to be told from what was right: the negative control."""
        raise NotImplementedError


@dataclass(frozen=True)
class Moments:
    """What a known law says of a mean of n values: mean, variance and skewness of one of them."""

    mean: float
    variance: float
    skewness: float = 0.0


@dataclass(frozen=True)
class Mean(Comparison):
    """The mean against a known one; its spread is the law's where `moments` are given, else the sample's.

    `allow` is an absolute bias that the engine may have (a leap's), derived where it is used.
    """

    moments: Moments | float = 0.0
    other: Moments | None = None
    allow: float = 0.0

    def p_value(self, data: tuple[Floats, ...]) -> float:
        return _normal(data[0], self.moments, self.allow)

    def seen(self, data: tuple[Floats, ...]) -> str:
        mean = self.moments.mean if isinstance(self.moments, Moments) else self.moments
        allowed = f" with a bias of at most {self.allow:.6g}" if self.allow else ""
        return f"got {data[0].mean():.8g}; expected {mean:.8g}{allowed}"

    def power(self, n: int, level: float) -> float:
        assert isinstance(self.moments, Moments)
        return _normal_power(self.moments, self.other, self.allow, n, level)

    def swapped(self) -> Mean:
        return replace(self, moments=self.other, other=self.moments)


@dataclass(frozen=True)
class Variance(Comparison):
    """The variance about a known mean: the mean of (x - mean)^2, with its own spread (the fourth moment).

    `squares` are the moments of (x - mean)^2 by the known law, or only the variance; then the sample's own are used.
    """

    mean: float = 0.0
    squares: Moments | float = 0.0
    other: tuple[float, Moments] | None = None
    allow: float = 0.0

    def p_value(self, data: tuple[Floats, ...]) -> float:
        return _normal((data[0] - self.mean) ** 2, self.squares, self.allow)

    def seen(self, data: tuple[Floats, ...]) -> str:
        variance = self.squares.mean if isinstance(self.squares, Moments) else self.squares
        return f"got {((data[0] - self.mean) ** 2).mean():.8g}; expected {variance:.8g}"

    def power(self, n: int, level: float) -> float:
        assert isinstance(self.squares, Moments)
        mean, squares = self.other
        about = squares.mean + (mean - self.mean) ** 2  # second moment of the other law about this one's mean
        return _normal_power(self.squares, replace(squares, mean=about), self.allow, n, level)

    def swapped(self) -> Variance:
        mean, squares = self.other
        return replace(self, mean=mean, squares=squares, other=(self.mean, self.squares))


def _normal(values: Floats, moments: Moments | float, allow: float) -> float:
    """Two-sided p-value of a mean, corrected for skewness to order 1/sqrt(n).

    A mean of skewed values is not yet normal four standard errors out. With known moments z - g (z^2 - 1) / (6 sqrt n)
    is normal to the next order (Cornish and Fisher), with those of the sample t + g (2 t^2 + 1) / (6 sqrt n) (Hall,
    J R Stat Soc B 54 (1992) 221; in its cubic form, which is monotone).
    """
    n, mean = values.size, float(values.mean())
    if isinstance(moments, Moments):
        if moments.variance == 0.0:
            return float(abs(mean - moments.mean) <= allow + 1e-12 * abs(moments.mean))
        distance = mean - moments.mean
        error, skew = np.sqrt(moments.variance / n), moments.skewness / (6.0 * np.sqrt(n))
        z = np.sign(distance) * max(0.0, abs(distance) - allow) / error
        # The quantile function of z is w + skew (w^2 - 1); w is found on its rising branch.
        root = 1.0 + 4.0 * skew * (z + skew)
        w = z if skew == 0.0 else (np.sqrt(max(root, 0.0)) - 1.0) / (2.0 * skew)
    else:
        spread = float(values.std())
        if spread == 0.0:
            return float(abs(mean - moments) <= allow)
        distance = mean - moments
        t = np.sign(distance) * max(0.0, abs(distance) - allow) / spread  # over sqrt(n): Hall's t n^(-1/2)
        g = float(((values - mean) ** 3).mean()) / spread**3
        w = np.sqrt(n) * (t + g * t * t / 3.0 + g * g * t**3 / 27.0 + g / (6.0 * n))
    return float(2.0 * stats.norm.sf(abs(w)))


def _normal_power(null: Moments, truth: Moments | None, allow: float, n: int, level: float) -> float:
    assert truth is not None
    edge = stats.norm.isf(level / 2.0) * np.sqrt(null.variance / n) + allow
    shift, error = truth.mean - null.mean, np.sqrt(truth.variance / n)
    if error == 0.0:
        return float(abs(shift) > edge)
    return float(stats.norm.sf((edge - shift) / error) + stats.norm.cdf((-edge - shift) / error))


@dataclass(frozen=True)
class Share(Comparison):
    """How many courses have a property (values 0 and 1) against its probability, by exact binomial tails."""

    probability: float = 0.5
    other: float | None = None
    side: str = "both"  # "above": an alarm only where there are too many

    def p_value(self, data: tuple[Floats, ...]) -> float:
        values = data[0]
        assert np.isin(values, (0.0, 1.0)).all(), f"{self.key!r}: a share needs zeros and ones"
        count, n = int(values.sum()), values.size
        above, below = self._tails(count, n)
        return above if self.side == "above" else min(1.0, 2.0 * min(above, below))

    def _tails(self, count: int, n: int) -> tuple[float, float]:
        law = stats.binom(n, self.probability)
        return float(law.sf(count - 1)), float(law.cdf(count))

    def seen(self, data: tuple[Floats, ...]) -> str:
        return f"got {int(data[0].sum())} of {data[0].size}; expected a share of {self.probability:.8g}"

    def power(self, n: int, level: float) -> float:
        tail = level if self.side == "above" else level / 2.0
        null, truth = stats.binom(n, self.probability), stats.binom(n, self.other)
        many = null.isf(tail) + 1.0  # P(X >= many) <= tail
        few = null.ppf(tail) - 1.0 if self.side == "both" else -1.0
        return float(truth.sf(many - 1.0) + truth.cdf(few))

    def swapped(self) -> Share:
        return replace(self, probability=self.other, other=self.probability)


@dataclass(frozen=True)
class Whole(Comparison):
    """A whole discrete law: `pmf[k]` is the probability of k; what lies beyond its end is one more value."""

    pmf: Any = ()
    other: Any = None

    def p_value(self, data: tuple[Floats, ...]) -> float:
        values = data[0]
        if (values != np.floor(values)).any() or (values < 0).any():
            return 0.0  # no count
        law, n = closed(self.pmf), values.size
        if (law[np.minimum(values, law.size - 1).astype(np.int64)] < 1e-300).any():
            return 0.0  # impossible under the law
        edges = bins(law, n)
        if len(edges) < 2:
            return 1.0
        counts = np.bincount(np.minimum(values, law.size - 1).astype(np.int64), minlength=law.size)
        seen, expected = np.add.reduceat(counts, edges), n * np.add.reduceat(law, edges)
        statistic = float(((seen - expected) ** 2 / expected).sum())
        return float(stats.chi2.sf(statistic, len(edges) - 1))

    def seen(self, data: tuple[Floats, ...]) -> str:
        law = closed(self.pmf)
        mean = float(law @ np.arange(law.size))
        return f"got mean {data[0].mean():.6g}, zeros {np.mean(data[0] == 0):.6g}; expected {mean:.6g}, {law[0]:.6g}"

    def power(self, n: int, level: float) -> float:
        size = max(len(self.pmf), len(self.other)) + 1
        null, truth = closed(self.pmf, size), closed(self.other, size)
        edges = bins(null, n)
        if len(edges) < 2:
            return 0.0
        p, q = np.add.reduceat(null, edges), np.add.reduceat(truth, edges)
        # Mean and variance of the statistic when the bins follow q (the delta method); its law taken as normal there,
        # and never better than the noncentral chi-square.
        slope, freedom = 2.0 * n * (q - p) / p, len(edges) - 1
        shift = n * float(((q - p) ** 2 / p).sum())
        mean = shift + float((q * (1.0 - q) / p).sum())
        variance = float((slope**2 * q).sum() - (slope * q).sum() ** 2) / n + 2.0 * freedom
        edge = float(stats.chi2.isf(level, freedom))
        return float(min(stats.norm.sf((edge - mean) / np.sqrt(variance)), stats.ncx2.sf(edge, freedom, shift)))

    def swapped(self) -> Whole:
        return replace(self, pmf=self.other, other=self.pmf)


@dataclass(frozen=True)
class Continuous(Comparison):
    """A continuous law by its distribution function, by the largest distance of Kolmogorov and Smirnov."""

    cdf: Callable[[Floats], Floats] = np.asarray  # of the uniform law
    other: Callable[[Floats], Floats] | None = None
    grid: Any = ()  # where the two laws are compared for the power

    def p_value(self, data: tuple[Floats, ...]) -> float:
        values = np.sort(data[0])
        heights, n = np.asarray(self.cdf(values)), values.size
        steps = np.arange(n + 1) / n
        distance = max(float((steps[1:] - heights).max()), float((heights - steps[:-1]).max()))
        return float(stats.kstwo.sf(distance, n))

    def seen(self, data: tuple[Floats, ...]) -> str:
        values = np.sort(data[0])
        heights = np.asarray(self.cdf(values))
        worst = int(np.abs(heights - (np.arange(values.size) + 0.5) / values.size).argmax())
        got = (worst + 0.5) / values.size
        return f"largest distance at {values[worst]:.6g}: got {got:.6g}; expected {heights[worst]:.6g}"

    def power(self, n: int, level: float) -> float:
        """By the one place where the laws differ most: there the empirical height is binomial."""
        points = np.asarray(self.grid, dtype=np.float64)
        null, truth = np.asarray(self.cdf(points)), np.asarray(self.other(points))
        place = int(np.abs(null - truth).argmax())
        edge, law = float(stats.kstwo.isf(level, n)), stats.binom(n, truth[place])
        return float(law.sf(np.floor(n * (null[place] + edge))) + law.cdf(np.ceil(n * (null[place] - edge)) - 1.0))

    def swapped(self) -> Continuous:
        return replace(self, cdf=self.other, other=self.cdf)


@dataclass(frozen=True)
class Same(Comparison):
    """A second sample `against` which the first is compared: one engine against another."""

    against: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key, self.against)


@dataclass(frozen=True)
class SameWhole(Same):
    """Two samples of one law: chi-square on common bins of the pooled sample that expect at least 20 in each."""

    most_bins: int = 20

    def p_value(self, data: tuple[Floats, ...]) -> float:
        first, second = data
        pooled, places = np.unique(np.concatenate(data), return_inverse=True)
        counts = np.stack([np.bincount(part, minlength=pooled.size) for part in np.split(places, [first.size])])
        both, least = counts.sum(axis=0), min(first.size, second.size)
        share = both / both.sum()
        edges = bins(share, least, max(LEAST_EXPECTED, least / self.most_bins))
        if len(edges) < 2:
            return 1.0
        seen = np.add.reduceat(counts, edges, axis=1)
        expected = np.array([[first.size], [second.size]]) * np.add.reduceat(share, edges)
        statistic = float(((seen - expected) ** 2 / expected).sum())
        return float(stats.chi2.sf(statistic, len(edges) - 1))


@dataclass(frozen=True)
class SameContinuous(Same):
    """Two samples of one law, by the largest distance of their distribution functions; ties make it cautious."""

    def p_value(self, data: tuple[Floats, ...]) -> float:
        return float(stats.ks_2samp(*data, method="asymp").pvalue)


@dataclass(frozen=True)
class SameShare(Same):
    """Two shares (values 0 and 1) by Fisher's exact test."""

    def p_value(self, data: tuple[Floats, ...]) -> float:
        table = [[int(values.sum()), int(values.size - values.sum())] for values in data]
        return float(stats.fisher_exact(table)[1])


def closed(pmf: Any, size: int = 0) -> Floats:
    """A law whose last value stands for all beyond: the probabilities then add up to one."""
    law = np.zeros(max(size, len(pmf) + 1))
    law[: len(pmf)] = np.maximum(pmf, 0.0)
    law[-1] = max(0.0, 1.0 - float(law.sum()))
    return law / law.sum()


def bins(law: Floats, n: int, least: float = LEAST_EXPECTED) -> list[int]:
    """First values of bins of neighbours, each expecting at least `least` of n; the last takes what is left over."""
    edges, start, inside = [], 0, 0.0
    for k, probability in enumerate(law):
        inside += n * float(probability)
        if inside >= least:
            edges.append(start)
            start, inside = k + 1, 0.0
    return edges  # a remainder below `least` belongs to the last bin, which reaches to the end


def moments_of(pmf: Any) -> Moments:
    """Mean, variance and skewness of a discrete law."""
    law, values = np.asarray(pmf), np.arange(len(pmf), dtype=np.float64)
    mean = float(law @ values)
    return _moments(law, values - mean, mean)


def squares_of(pmf: Any) -> tuple[float, Moments]:
    """The mean of a discrete law, and the moments of its squared distance from there."""
    law, values = np.asarray(pmf), np.arange(len(pmf), dtype=np.float64)
    mean = float(law @ values)
    squares = (values - mean) ** 2
    variance = float(law @ squares)
    return mean, _moments(law, squares - variance, variance)


def _moments(law: Floats, centred: Floats, mean: float) -> Moments:
    variance = float(law @ centred**2)
    if variance <= 1e-24 * max(1.0, mean * mean):
        return Moments(mean, 0.0)
    return Moments(mean, variance, float(law @ centred**3) / variance**1.5)
