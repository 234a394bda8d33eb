"""Random numbers of the laws that engines of chance need, from a stream of bits (see `streams`).

Counts are doubles holding whole numbers, exact to 2^53: never negative, never above n. Parameters outside their domain
(not a number, negative, a share above one, a count that is not whole or above 2^53) give not-a-number, never a loop
without end. A probability is met to 2^-53: an event rarer than that never happens in one draw.

    exponential         -log(u)
    normal              the inverse distribution function (AS241)
    gamma               d (1 + t)^3, t = x / sqrt(9 d), d = shape - 1/3, x normal, accepted where
                        log u < x^2 / 2 + 3 d (log(1 + t) - t - t^2 - t^3 / 3); below 1: gamma(shape + 1) u^(1/shape)
    Poisson, binomial   mean below 10: inversion, from zero upwards; else transformed rejection (PTRS, BTRS)
    negative binomial   Poisson of mean gamma(size) (1 - p) / p
    multinomial         binomials, each of what the shares before it left

Transformed rejection compares with the probability of k. Differences of log-gamma functions would lose it where counts
are large (at 1e12 they are near 3e13, so their last digit is 0.004), so Hoermann's form of Stirling's formula is used,

    log k! = log(2 pi) / 2 + (k + 1/2) log(k + 1) - (k + 1) + correction(k),

and the large terms are subtracted by hand, with j = k + 1, m the mode, d = k - m, r = p / (1 - p):

    Poisson:   log P(k) = j (log(1 + y) - y) - log(1 + y) - log(2 pi j) / 2 - correction(k),  y = (mean - j) / j
    binomial:  log P(k) / P(m) = d log(r (n - m + 1) / (m + 1)) - (k + 1/2) log(1 + d / (m + 1))
                                 - (n - k + 1/2) log(1 - d / (n - m + 1))
                                 + correction(m) + correction(n - m) - correction(k) - correction(n - k)

whose rounding error is about 2e-16 times the distance from the mode (1e-10 at 1e12).

Sources: Wichura, Applied Statistics 37 (1988) 477, AS241; Marsaglia and Tsang, ACM Trans. Math. Software 26 (2000) 363;
Hoermann, Insurance: Mathematics and Economics 12 (1993) 39 (PTRS); Hoermann, J. Statist. Comput. Simul. 46 (1993) 101
(BTRS). Own code; that hats and sure acceptance hold was checked numerically for the constants used here.
"""

import math

import numpy as np

from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.streams import open_uniform, uniform

LARGEST_COUNT = 2.0**53
INVERSION_BELOW = 10.0  # PTRS and BTRS are made for means from 10 on
LAST_INVERTED = 110.0  # of a mean below 10, larger counts have a probability below 1e-70
HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
TABULATED = 16
CORRECTIONS = np.array(
    [math.lgamma(k + 1.0) - HALF_LOG_TWO_PI - (k + 0.5) * math.log(k + 1.0) + (k + 1.0) for k in range(TABULATED)]
)


@kernel
def exponential(stream):
    """An exponential number of mean one."""
    return -math.log(open_uniform(stream))


@kernel
def normal(stream):
    """A standard normal number, from one draw."""
    return normal_quantile(open_uniform(stream))


@kernel
def normal_quantile(share):
    """The number below which a standard normal lies with probability `share`, in (0, 1), to about 1e-16 of it."""
    q = share - 0.5
    if math.fabs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _ratio_middle(r)
    r = math.sqrt(-math.log(share if q < 0.0 else 1.0 - share))
    size = _ratio_shoulder(r - 1.6) if r <= 5.0 else _ratio_tail(r - 5.0)
    return -size if q < 0.0 else size


@kernel
def _ratio_middle(r):
    above = 2509.0809287301226727 * r + 33430.575583588128105
    above = ((above * r + 67265.770927008700853) * r + 45921.953931549871457) * r + 13731.693765509461125
    above = ((above * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608
    below = 5226.495278852854561 * r + 28729.085735721942674
    below = ((below * r + 39307.89580009271061) * r + 21213.794301586595867) * r + 5394.1960214247511077
    below = ((below * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0
    return above / below


@kernel
def _ratio_shoulder(r):
    above = 7.7454501427834140764e-4 * r + 0.0227238449892691845833
    above = ((above * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504
    above = ((above * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734
    below = 1.05075007164441684324e-9 * r + 5.475938084995344946e-4
    below = ((below * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455
    below = ((below * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0
    return above / below


@kernel
def _ratio_tail(r):
    above = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
    above = ((above * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r + 0.29656057182850489123
    above = ((above * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772
    below = 2.04426310338993978564e-15 * r + 1.4215117583164458887e-7
    below = ((below * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525
    below = ((below * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0
    return above / below


@kernel
def gamma(stream, shape):
    """A gamma number of scale one; zero for a shape of zero."""
    apart()
    if not 0.0 <= shape < math.inf:
        return math.nan
    if shape == 0.0:
        return 0.0
    if shape >= 1.0:
        return _gamma_from_one(stream, shape)
    # A power of a uniform number, by its logarithm: for small shapes most results are tiny, down to zero.
    return _gamma_from_one(stream, shape + 1.0) * math.exp(-exponential(stream) / shape)


@kernel
def _gamma_from_one(stream, shape):
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal(stream)
        t = c * x
        if t <= -1.0:
            continue
        u = open_uniform(stream)
        square = x * x
        accepted = u < 1.0 - 0.0331 * square * square
        if not accepted:
            accepted = math.log(u) < 0.5 * square + 3.0 * d * (math.log1p(t) - t * (1.0 + t * (1.0 + t / 3.0)))
        if accepted:
            return d * (1.0 + t) * (1.0 + t) * (1.0 + t)


@kernel
def correction(k):
    """What Stirling's formula above leaves of log k!; k whole. The series' next term is below 6e-17 from 16 on."""
    if k < TABULATED:
        return CORRECTIONS[np.int64(k)]
    j = 1.0 / (k + 1.0)
    s = j * j
    return j * (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0))))


@kernel
def poisson(stream, mean):
    """A Poisson count; means up to 2^53."""
    apart()
    if not 0.0 <= mean <= LARGEST_COUNT:
        return math.nan
    if mean == 0.0:
        return 0.0
    if mean < INVERSION_BELOW:
        return _invert(stream, math.exp(-mean), LAST_INVERTED, 0.0, mean)
    return _poisson_rejected(stream, mean)


@kernel
def _invert(stream, none, last, factor, summand):
    """Count by inversion: P(0) = none, P(k) = P(k - 1) (summand / k - factor), up to `last`."""
    while True:
        left, chance, k = uniform(stream), none, 0.0
        while left >= chance and k < last:
            left -= chance
            k += 1.0
            chance *= summand / k - factor
        if left < chance:
            return k
        # The sum of all chances fell short of the draw by rounding, once in 1e16: draw again.


@kernel
def _poisson_rejected(stream, mean):
    """PTRS, with a hat 0.7 % higher and a smaller region of sure acceptance than usual.

    With the usual constants (those of NumPy; 1.1239 + 1.1328 / (b - 3.4) and 0.9277) the chance of acceptance exceeds
    one by up to 0.6 % beside the shoulders, which misses about 5e-7 of the law; with these it stays below 0.999, and
    0.0045 above what is surely accepted, at 1600 means from 10 to 1e11.
    """
    apart()
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    scale = 1.007 * (1.1239 + 1.1328 / (b - 3.4))
    surely = 0.915 - 3.6224 / (b - 2.0)
    while True:
        u, v = open_uniform(stream) - 0.5, open_uniform(stream)
        edge = 0.5 - math.fabs(u)
        k = np.floor((2.0 * a / edge + b) * u + mean + 0.43)
        if edge >= 0.07 and v <= surely:
            return k
        if k < 0.0 or (edge < 0.013 and v > edge):
            continue
        if math.log(v * scale / (a / (edge * edge) + b)) <= _log_poisson(mean, k):
            return k


@kernel
def _log_poisson(mean, k):
    """Logarithm of the chance of k."""
    j = k + 1.0
    y = (mean - j) / j
    log_ratio = math.log1p(y)
    return j * (log_ratio - y) - log_ratio - 0.5 * math.log(j) - HALF_LOG_TWO_PI - correction(k)


@kernel
def binomial(stream, n, p):
    """A binomial count of n trials, each of chance p."""
    apart()
    if not (0.0 <= n <= LARGEST_COUNT and 0.0 <= p <= 1.0 and np.floor(n) == n):
        return math.nan
    rarer = p if p <= 0.5 else 1.0 - p  # exact
    if n == 0.0 or rarer == 0.0:
        k = 0.0
    elif n * rarer < INVERSION_BELOW:
        odds = rarer / (1.0 - rarer)
        none = math.exp(n * math.log1p(-rarer))
        k = _invert(stream, none, min(n, LAST_INVERTED), odds, (n + 1.0) * odds)
    else:
        k = _binomial_rejected(stream, n, rarer)
    return k if p <= 0.5 else n - k


@kernel
def _binomial_rejected(stream, n, p):
    """BTRS, for p up to one half; its hat holds with the usual constants (3000 pairs of n and p, n p to 1e9)."""
    apart()
    odds = p / (1.0 - p)
    spread = math.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    scale = (2.83 + 5.1 / b) * spread
    surely = 0.92 - 4.2 / b
    while True:
        u, v = open_uniform(stream) - 0.5, open_uniform(stream)
        edge = 0.5 - math.fabs(u)
        k = np.floor((2.0 * a / edge + b) * u + n * p + 0.5)
        if edge >= 0.07 and v <= surely:
            return k
        if k < 0.0 or k > n:
            continue
        if math.log(v * scale / (a / (edge * edge) + b)) <= _log_below_mode(n, p, odds, k):
            return k


@kernel
def _log_below_mode(n, p, odds, k):
    """Logarithm of the chance of k over that of the mode."""
    mode = np.floor((n + 1.0) * p)
    above, below, d = mode + 1.0, n - mode + 1.0, k - mode
    leading = d * math.log(odds * below / above)
    leading -= (k + 0.5) * math.log1p(d / above) + (n - k + 0.5) * math.log1p(-d / below)
    return leading + correction(mode) + correction(n - mode) - correction(k) - correction(n - k)


@kernel
def negative_binomial(stream, size, p):
    """Failures before `size` successes (any number from zero on), each trial a success with chance p above zero."""
    if not (0.0 <= size < math.inf and 0.0 < p <= 1.0):
        return math.nan
    return poisson(stream, gamma(stream, size) * ((1.0 - p) / p))


@kernel
def multinomial(stream, n, shares, count, out):
    """Share n among `count` places, into `out` (not the same memory as `shares`); what nobody gets is returned.

    Shares that sum to less than one leave the rest to nobody; a sum within rounding of one (count x 2^-52) counts as
    one, so that no cell is lost to rounding. A negative share, or a sum above one, makes all of it not-a-number.
    """
    # Sums from the end, kept in `out`: one minus the shares so far would lose the digits of the small ones at the end.
    total, sound = 0.0, True
    for i in range(count - 1, -1, -1):
        sound = sound and shares[i] >= 0.0
        total += shares[i]
        out[i] = total
    nobody, rounding = 1.0 - total, count * 2.0**-52
    sound = sound and nobody >= -rounding
    nobody = nobody if nobody > rounding else 0.0
    left = n if sound else math.nan
    for i in range(count):
        if left == 0.0 or shares[i] == 0.0:
            out[i] = 0.0 * left  # not-a-number stays so
        else:
            out[i] = binomial(stream, left, min(shares[i] / (out[i] + nobody), 1.0))
            left -= out[i]
    return left


@kernel
def whole(stream, amount):
    """A whole number of cells around an amount, which is its mean; a whole amount draws nothing."""
    below = np.floor(amount)
    if below == amount:
        return amount
    return below + 1.0 if uniform(stream) < amount - below else below
