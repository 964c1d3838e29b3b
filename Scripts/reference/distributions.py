#!/usr/bin/env python3
"""Reference values for PushforwardModels/Distributions, written to Tests/Reference/distributions.json.

Every value is SciPy's where SciPy has the function and agrees with 50-digit arithmetic (mpmath, formulas of its own) to
1e-13; otherwise it is the 50-digit value, and the case says how many of SciPy's were replaced. Points x are the doubles
nearest to SciPy's quantiles at ordinary and extreme levels, plus the case's own extras. Nothing random is used.

    python3 Scripts/reference/distributions.py
"""
import functools, json, math, multiprocessing, os, platform, sys
import mpmath as mp
import numpy, scipy
from scipy import special, stats

mp.mp.dps = 50
LEVELS = [1e-200, 1e-50, 1e-15, 1e-6, 0.01, 0.1, 0.3, 0.5, 0.6, 0.8, 0.95]  # Lower levels; the same from above.
inf = mp.inf
MORE = 70  # Digits for complements; `case` raises it to 70 more than the smallest level has zeros.


def precise(function):
    def wrapped(*arguments):
        with mp.workdps(MORE):
            return function(*arguments)
    return wrapped


def cached(function):
    """Remembers values, for each working precision."""
    remembered = functools.lru_cache(None)(lambda precision, *arguments: function(*arguments))
    return lambda *arguments: remembered(mp.mp.prec, *arguments)


log_gamma = cached(mp.loggamma)


# 50-digit distributions: log_prob(x), tails(x) -> (lower, upper), mean, variance, entropy; x is an mpf.
class Normal:
    discrete = False
    def __init__(self, mean, standardDeviation): self.m, self.s = mp.mpf(mean), mp.mpf(standardDeviation)
    def log_prob(self, x): z = (x - self.m) / self.s; return -z * z / 2 - mp.log(self.s) - mp.log(2 * mp.pi) / 2
    def tails(self, x):
        z = (x - self.m) / self.s / mp.sqrt(2)
        return mp.erfc(-z) / 2, mp.erfc(z) / 2
    def moments(self): return self.m, self.s ** 2, mp.log(2 * mp.pi * mp.e * self.s ** 2) / 2
    def scipy(self): return stats.norm(float(self.m), float(self.s))


class Uniform:
    discrete = False
    def __init__(self, lower, upper): self.a, self.b = mp.mpf(lower), mp.mpf(upper)
    def log_prob(self, x): return -mp.log(self.b - self.a) if self.a <= x <= self.b else -inf
    def tails(self, x):
        p = (min(max(x, self.a), self.b) - self.a) / (self.b - self.a)
        return p, 1 - p
    def moments(self): w = self.b - self.a; return (self.a + self.b) / 2, w * w / 12, mp.log(w)
    def scipy(self): return stats.uniform(float(self.a), float(self.b) - float(self.a))


class StudentT:
    discrete = False
    def __init__(self, degreesOfFreedom, location=0, scale=1):
        self.n, self.l, self.s = mp.mpf(degreesOfFreedom), mp.mpf(location), mp.mpf(scale)
    def log_norm(self): return -mp.log(mp.sqrt(self.n) * self.s) - log_beta(self.n / 2, mp.mpf(1) / 2)
    def log_prob(self, x):
        t = (x - self.l) / self.s
        return self.log_norm() - (self.n + 1) / 2 * mp.log1p(t * t / self.n)
    @precise
    def tails(self, x):
        t = (x - self.l) / self.s
        outside, inside = beta_tails(self.n / 2, mp.mpf(1) / 2, self.n / (self.n + t * t))
        tail = outside / 2
        return (1 - tail, tail) if t > 0 else (tail, 1 - tail)
    @precise
    def moments(self):
        n = self.n
        mean = self.l if n > 1 else mp.nan
        variance = self.s ** 2 * n / (n - 2) if n > 2 else (inf if n > 1 else mp.nan)
        return mean, variance, (n + 1) / 2 * (mp.digamma((n + 1) / 2) - mp.digamma(n / 2)) - self.log_norm()
    def scipy(self): return stats.t(float(self.n), float(self.l), float(self.s))


class Logistic:
    discrete = False
    def __init__(self, location, scale): self.l, self.s = mp.mpf(location), mp.mpf(scale)
    def log_prob(self, x): z = abs(x - self.l) / self.s; return -z - 2 * mp.log1p(mp.exp(-z)) - mp.log(self.s)
    def tails(self, x): z = (x - self.l) / self.s; return 1 / (1 + mp.exp(-z)), 1 / (1 + mp.exp(z))
    def moments(self): return self.l, self.s ** 2 * mp.pi ** 2 / 3, 2 + mp.log(self.s)
    def scipy(self): return stats.logistic(float(self.l), float(self.s))


class Laplace:
    discrete = False
    def __init__(self, location, scale): self.l, self.s = mp.mpf(location), mp.mpf(scale)
    def log_prob(self, x): return -abs(x - self.l) / self.s - mp.log(2 * self.s)
    def tails(self, x):
        z = (x - self.l) / self.s
        tail = mp.exp(-abs(z)) / 2
        return (1 - tail, tail) if z > 0 else (tail, 1 - tail)
    def moments(self): return self.l, 2 * self.s ** 2, 1 + mp.log(2 * self.s)
    def scipy(self): return stats.laplace(float(self.l), float(self.s))


class Cauchy:
    discrete = False
    def __init__(self, location, scale): self.l, self.s = mp.mpf(location), mp.mpf(scale)
    def log_prob(self, x): z = (x - self.l) / self.s; return -mp.log(mp.pi * self.s * (1 + z * z))
    def tails(self, x):
        z = (x - self.l) / self.s
        tail = mp.atan2(1, abs(z)) / mp.pi
        return (1 - tail, tail) if z > 0 else (tail, 1 - tail)
    def moments(self): return mp.nan, mp.nan, mp.log(4 * mp.pi * self.s)
    def scipy(self): return stats.cauchy(float(self.l), float(self.s))


class LogNormal:
    discrete = False
    def __init__(self, logMean, logStandardDeviation):
        self.m, self.s = mp.mpf(logMean), mp.mpf(logStandardDeviation)
    def log_prob(self, x): return Normal(self.m, self.s).log_prob(mp.log(x)) - mp.log(x) if x > 0 else -inf
    def tails(self, x): return Normal(self.m, self.s).tails(mp.log(x)) if x > 0 else (mp.mpf(0), mp.mpf(1))
    def moments(self):
        mean = mp.exp(self.m + self.s ** 2 / 2)
        return mean, mean ** 2 * mp.expm1(self.s ** 2), self.m + mp.log(2 * mp.pi * mp.e * self.s ** 2) / 2
    def scipy(self): return stats.lognorm(float(self.s), scale=math.exp(float(self.m)))


class Exponential:
    discrete = False
    def __init__(self, rate): self.r = mp.mpf(rate)
    def log_prob(self, x): return mp.log(self.r) - self.r * x if x >= 0 else -inf
    def tails(self, x): return (-mp.expm1(-self.r * x), mp.exp(-self.r * x)) if x > 0 else (mp.mpf(0), mp.mpf(1))
    def moments(self): return 1 / self.r, 1 / self.r ** 2, 1 - mp.log(self.r)
    def scipy(self): return stats.expon(scale=1 / float(self.r))


def smallest_complement(): return mp.mpf(10) ** (25 - mp.mp.dps)  # A complement below this has lost its digits.


def gamma_tails(a, y):
    """(P, Q) by the all-positive series of P, or by mpmath's Q where the complement would have no digits."""
    if y > a + 60 * mp.sqrt(a) + 300:
        q = mp.gammainc(a, y, inf, regularized=True)
        return 1 - q, q
    term = total = mp.mpf(1)
    n = 1
    while term > total * mp.eps / 10:
        term = term * y / (a + n)
        total += term
        n += 1
    p = mp.exp(a * mp.log(y) - y - log_gamma(a + 1)) * total
    return p, 1 - p if 1 - p > smallest_complement() else mp.gammainc(a, y, inf, regularized=True)


log_beta = cached(lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b))


def beta_tails(a, b, x):
    """(I_x, 1 - I_x) by the all-positive series in the smaller of x and 1 - x."""
    if x == 0: return mp.mpf(0), mp.mpf(1)
    if x == 1: return mp.mpf(1), mp.mpf(0)
    if x > mp.mpf(1) / 2: return tuple(reversed(beta_tails(b, a, 1 - x)))
    p = beta_series(a, b, x)
    return p, 1 - p if 1 - p > smallest_complement() else beta_series(b, a, 1 - x)


def beta_series(a, b, x):
    term = total = mp.mpf(1)
    n = 0
    while term > total * mp.eps / 10:
        term = term * x * (a + b + n) / (a + 1 + n)
        total += term
        n += 1
    return mp.exp(a * mp.log(x) + b * mp.log1p(-x) - log_beta(a, b)) / a * total


class Gamma:
    discrete = False
    def __init__(self, shape, rate): self.a, self.r = mp.mpf(shape), mp.mpf(rate)
    def log_prob(self, x):
        if x < 0: return -inf
        if x == 0: return inf if self.a < 1 else (mp.log(self.r) if self.a == 1 else -inf)
        return self.a * mp.log(self.r) + (self.a - 1) * mp.log(x) - self.r * x - log_gamma(self.a)
    @precise
    def tails(self, x): return gamma_tails(self.a, self.r * x) if x > 0 else (mp.mpf(0), mp.mpf(1))
    def moments(self):
        a = self.a
        return a / self.r, a / self.r ** 2, a - mp.log(self.r) + mp.loggamma(a) + (1 - a) * mp.digamma(a)
    def scipy(self): return stats.gamma(float(self.a), scale=1 / float(self.r))


class Beta:
    discrete = False
    def __init__(self, alpha, beta): self.a, self.b = mp.mpf(alpha), mp.mpf(beta)
    def log_prob(self, x):
        if x < 0 or x > 1: return -inf
        if x == 0: return inf if self.a < 1 else (mp.log(self.b) if self.a == 1 else -inf)
        if x == 1: return inf if self.b < 1 else (mp.log(self.a) if self.b == 1 else -inf)
        return (self.a - 1) * mp.log(x) + (self.b - 1) * mp.log1p(-x) - log_beta(self.a, self.b)
    @precise
    def tails(self, x): return beta_tails(self.a, self.b, min(max(x, mp.mpf(0)), mp.mpf(1)))
    def moments(self):
        a, b = self.a, self.b
        s = a + b
        entropy = (log_beta(a, b) - (a - 1) * mp.digamma(a) - (b - 1) * mp.digamma(b) + (s - 2) * mp.digamma(s))
        return a / s, a * b / s ** 2 / (s + 1), entropy
    def scipy(self): return stats.beta(float(self.a), float(self.b))


class Discrete:
    """On whole numbers: moments by summation over `points()` unless overridden."""
    discrete = True
    def entropy(self):
        total = mp.mpf(0)
        for k in self.points():
            log_prob = self.log_prob(mp.mpf(k))
            if log_prob > -150: total -= mp.exp(log_prob) * log_prob
        return total


class Binomial(Discrete):
    def __init__(self, trials, probability): self.n, self.p = int(trials), mp.mpf(probability)
    def log_prob(self, x):
        n, p = self.n, self.p
        if not 0 <= x <= n or x != mp.floor(x): return -inf
        if p in (0, 1): return mp.mpf(0) if x == n * p else -inf
        return (mp.loggamma(n + 1) - mp.loggamma(x + 1) - mp.loggamma(n - x + 1)
                + x * mp.log(p) + (n - x) * mp.log1p(-p))
    @precise
    def tails(self, x):
        k = mp.floor(x)
        if k < 0: return mp.mpf(0), mp.mpf(1)
        if k >= self.n: return mp.mpf(1), mp.mpf(0)
        return beta_tails(self.n - k, k + 1, 1 - self.p)
    def points(self):
        spread = 30 * float(mp.sqrt(self.n * self.p * (1 - self.p))) + 200
        middle = float(self.n * self.p)
        return range(max(0, int(middle - spread)), min(self.n, int(middle + spread)) + 1)
    def moments(self): return self.n * self.p, self.n * self.p * (1 - self.p), self.entropy()
    def scipy(self): return stats.binom(self.n, float(self.p))


class Bernoulli(Binomial):
    def __init__(self, probability): super().__init__(1, probability)
    def scipy(self): return stats.bernoulli(float(self.p))


class Poisson(Discrete):
    def __init__(self, mean): self.m = mp.mpf(mean)
    def log_prob(self, x):
        if x < 0 or x != mp.floor(x): return -inf
        return x * mp.log(self.m) - self.m - mp.loggamma(x + 1)
    @precise
    def tails(self, x):
        return tuple(reversed(gamma_tails(mp.floor(x) + 1, self.m))) if x >= 0 else (mp.mpf(0), mp.mpf(1))
    def points(self):
        spread = 30 * math.sqrt(self.m) + 200
        return range(max(0, int(self.m - spread)), int(self.m + spread) + 1)
    def moments(self): return self.m, self.m, self.entropy()
    def scipy(self): return stats.poisson(float(self.m))


class Categorical(Discrete):
    def __init__(self, probabilities):
        total = mp.fsum(mp.mpf(p) for p in probabilities)
        self.p = [mp.mpf(p) / total for p in probabilities]
    def log_prob(self, x):
        if not 0 <= x < len(self.p) or x != mp.floor(x): return -inf
        return mp.log(self.p[int(x)]) if self.p[int(x)] > 0 else -inf
    def tails(self, x):
        k = int(mp.floor(x)) + 1
        return mp.fsum(self.p[:max(0, k)]), mp.fsum(self.p[max(0, k):])
    def points(self): return range(len(self.p))
    def moments(self):
        mean = mp.fsum(i * p for i, p in enumerate(self.p))
        return mean, mp.fsum((i - mean) ** 2 * p for i, p in enumerate(self.p)), self.entropy()
    def scipy(self): return stats.rv_discrete(values=(range(len(self.p)), [float(p) for p in self.p]))


class Composite:
    """Moments by quadrature or summation of its own log_prob."""
    def scipy(self): return None
    def moments(self):
        if self.discrete:
            points = list(self.points())
            masses = [mp.exp(self.log_prob(mp.mpf(x))) for x in points]
            mean = mp.fsum(x * p for x, p in zip(points, masses))
            return (mean, mp.fsum((x - mean) ** 2 * p for x, p in zip(points, masses)),
                    -mp.fsum(p * mp.log(p) for p in masses if p > 0))
        def integral(f):
            with mp.workdps(22): return mp.quad(f, self.breaks(), maxdegree=9)
        density = lambda x: mp.exp(self.log_prob(x))
        mean = integral(lambda x: x * density(x))
        variance = integral(lambda x: (x - mean) ** 2 * density(x))
        def plogp(x):
            log_prob = self.log_prob(x)
            return mp.exp(log_prob) * log_prob if -5000 < log_prob < inf else mp.mpf(0)
        return mean, variance, -integral(plogp)


class Mixture(Composite):
    def __init__(self, weights, components, at=None):
        total = mp.fsum(mp.mpf(w) for w in weights)
        self.w = [mp.mpf(w) / total for w in weights]
        self.c = [make(c) for c in components]
        self.discrete = self.c[0].discrete
        self.at = at
    def log_prob(self, x): return mp.log(mp.fsum(w * mp.exp(c.log_prob(x)) for w, c in zip(self.w, self.c)))
    def tails(self, x):
        parts = [c.tails(x) for c in self.c]
        return tuple(mp.fsum(w * p[i] for w, p in zip(self.w, parts)) for i in (0, 1))
    def points(self): return sorted(set().union(*[set(c.points()) for c in self.c]))
    def breaks(self): return self.at


class Truncated(Composite):
    def __init__(self, base, lower=-inf, upper=inf, at=None):
        self.b, self.lo, self.hi = make(base), mp.mpf(lower), mp.mpf(upper)
        self.discrete = self.b.discrete
        self.at = at
        with mp.workdps(MORE):
            self.below = self.b.tails(mp.ceil(self.lo) - 1 if self.discrete else self.lo) if lower != -inf else (
                mp.mpf(0), mp.mpf(1))
            self.above = self.b.tails(self.hi) if upper != inf else (mp.mpf(1), mp.mpf(0))
            self.mass = self.difference(self.below, self.above)
    @staticmethod
    def difference(a, b): return b[0] - a[0] if b[0] < a[1] else a[1] - b[1]
    def log_prob(self, x): return self.b.log_prob(x) - mp.log(self.mass) if self.lo <= x <= self.hi else -inf
    @precise
    def tails(self, x):
        if x < self.lo: return mp.mpf(0), mp.mpf(1)
        if x >= self.hi: return mp.mpf(1), mp.mpf(0)
        here = self.b.tails(x)
        return self.difference(self.below, here) / self.mass, self.difference(here, self.above) / self.mass
    def points(self): return [k for k in self.b.points() if self.lo <= k <= self.hi]
    def breaks(self): return self.at


class Affine:
    def __init__(self, base, shift, scale):
        self.b, self.shift, self.scale = make(base), mp.mpf(shift), mp.mpf(scale)
        self.discrete = self.b.discrete
    def back(self, y):
        x = (y - self.shift) / self.scale
        return mp.nint(x) if self.discrete and abs(x - mp.nint(x)) < 1e-9 else x
    def log_prob(self, y):
        return self.b.log_prob(self.back(y)) - (0 if self.discrete else mp.log(abs(self.scale)))
    def tails(self, y):
        if self.scale > 0: return self.b.tails(self.back(y))
        return tuple(reversed(self.b.tails(mp.ceil(self.back(y)) - 1 if self.discrete else self.back(y))))
    def moments(self):
        mean, variance, entropy = self.b.moments()
        return (self.shift + self.scale * mean, self.scale ** 2 * variance,
                entropy + (0 if self.discrete else mp.log(abs(self.scale))))
    def scipy(self): return None


KINDS = {"normal": Normal, "uniform": Uniform, "student-t": StudentT, "logistic": Logistic, "laplace": Laplace,
         "cauchy": Cauchy, "log-normal": LogNormal, "gamma": Gamma, "beta": Beta, "exponential": Exponential,
         "bernoulli": Bernoulli, "binomial": Binomial, "poisson": Poisson, "categorical": Categorical,
         "mixture": Mixture, "truncated": Truncated, "affine": Affine}


def spec(kind, **parameters):
    if kind == "student-t": parameters = {"location": 0.0, "scale": 1.0, **parameters}
    return {"kind": kind, "parameters": parameters}


def make(s, **more): return KINDS[s["kind"]](**s["parameters"], **more)


def quantile(d, p, upper, low, high):
    """Smallest x with P(X <= x) >= p (or P(X > x) <= p): bisection, then Newton in 50 digits."""
    def short(x): t = d.tails(x); return t[1] > p if upper else t[0] < p
    with mp.workdps(MORE):
        p = mp.mpf(p)
        low, high = mp.mpf(low), mp.mpf(high)
        if d.discrete:
            while high - low > 1:
                middle = mp.floor((low + high) / 2)
                low, high = (middle, high) if short(middle) else (low, middle)
            return high
        # Newton from SciPy's value, if that converges; else bisection first.
        x = (low + high) / 2
        for attempt in range(2):
            step = inf
            for _ in range(5):
                t = d.tails(x)
                density = mp.exp(d.log_prob(x))
                step = ((p - t[1]) if upper else (t[0] - p)) / density if density > 0 else inf
                if not mp.isfinite(step) or not low <= x - step <= high: step = inf; break
                x -= step
                if abs(step) <= abs(x) * mp.mpf(10) ** -25: return x
            if attempt: return x
            low, high, x = bisected(low, high, short)


def bisected(low, high, short):
    for _ in range(60):
        middle = (low + high) / 2
        if low > 0 and high / low > 4: middle = mp.sqrt(low * high)
        if high < 0 and low / high > 4: middle = -mp.sqrt(low * high)
        low, high = (middle, high) if short(middle) else (low, middle)
    return low, high, (low + high) / 2


def bracket(d, guess, level, upper):
    """Two points enclosing the quantile, from SciPy's guess or from the distribution's hint."""
    def short(x): t = d.tails(mp.mpf(x)); return t[1] > level if upper else t[0] < level
    if d.discrete:
        width = 1
        low, high = math.floor(guess) - 1, math.floor(guess) + 1
    else:
        width = max(abs(guess) * 1e-6, 1e-12 if abs(guess) > 1e-3 else abs(guess) * 1e-3 + 5e-324)
        low, high = guess - width, guess + width
    while not short(low) and width < 1e300: width *= 4; low = guess - width
    width = max(1 if d.discrete else 0, high - guess)
    while short(high) and width < 1e300: width *= 4; high = guess + width
    return low, high


def number(v):
    v = float(v)
    return "nan" if math.isnan(v) else ("inf" if v == math.inf else ("-inf" if v == -math.inf else v))


def close(a, b):
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b): return math.isnan(a) and math.isnan(b)
    return a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= 1e-13 * abs(b))


def case(name, s, extra=(), levels=None, hint=0.0, at=None, points=None, moments=True):
    global MORE
    levels = LEVELS if levels is None else levels
    MORE = 70 - round(math.log10(min(levels, default=1)))
    d = make(s, **({"at": [mp.mpf(x) for x in at]} if at else {}))
    peer = d.scipy()
    replaced, total = {}, {}
    def choose(field, exact, theirs):
        total[field] = total.get(field, 0) + 1
        if theirs is not None and close(theirs, exact): return number(theirs)
        if theirs is not None: replaced[field] = replaced.get(field, 0) + 1
        return number(exact)
    out = {"name": name, "distribution": s, "x": [], "logProb": [], "lower": [], "upper": [], "logLower": [],
           "logUpper": [], "level": [], "quantile": [], "upperQuantile": []}
    xs = list(extra)
    for level in levels:
        for upper in (False, True):
            guess = None
            if peer is not None: guess = float((peer.isf if upper else peer.ppf)(level))
            start = guess if guess is not None and math.isfinite(guess) else hint
            x = quantile(d, level, upper, *bracket(d, start, level, upper))
            if abs(x) < 1e-30 and d.log_prob(mp.mpf(-1)) > -inf: x = mp.mpf(0)  # The median of a symmetric one.
            if upper: out["upperQuantile"].append(choose("upperQuantile", x, guess))
            else: out["level"].append(level); out["quantile"].append(choose("quantile", x, guess))
            xs.append(float(x))
    xs = sorted(set(points if points is not None else xs))
    for x in xs:
        exact = mp.mpf(x)
        lower, upper = d.tails(exact)
        out["x"].append(x)
        theirs = lambda f: None if peer is None else float(f(x))
        log_prob = None if peer is None else (peer.logpmf if d.discrete else peer.logpdf)
        with numpy.errstate(all="ignore"):
            out["logProb"].append(choose("logProb", d.log_prob(exact), log_prob and theirs(log_prob)))
            out["lower"].append(choose("lower", lower, peer and theirs(peer.cdf)))
            out["upper"].append(choose("upper", upper, peer and theirs(peer.sf)))
            with mp.workdps(MORE):
                logs = [mp.log(t) if t > 0 else -inf for t in (lower, upper)]
            out["logLower"].append(choose("logLower", logs[0], peer and theirs(peer.logcdf)))
            out["logUpper"].append(choose("logUpper", logs[1], peer and theirs(peer.logsf)))
    if moments:
        mean, variance, entropy = d.moments()
        out["mean"] = choose("mean", mean, peer and peer.mean())
        out["variance"] = choose("variance", variance, peer and peer.var())
        out["entropy"] = choose("entropy", entropy, peer and float(peer.entropy()))
    out["replacedOfSciPy"] = {k: f"{v} of {total[k]}" for k, v in replaced.items()}
    print(f"{name}: {len(xs)} points, replaced {out['replacedOfSciPy']}", file=sys.stderr, flush=True)
    return out


NEAR = [1e-30, 1e-12, 1e-4, 0.02, 0.2, 0.5, 0.7]  # For shapes whose 1e-200 quantile is no Double.
n01 = spec("normal", mean=0.0, standardDeviation=1.0)


def cases():
    yield later("normal standard", n01, [0.0, -37.0, 37.0, 1e-10, -1e-300, 1e10])
    yield later("normal", spec("normal", mean=-3.5, standardDeviation=0.125), [-3.5])
    yield later("normal wide", spec("normal", mean=1e6, standardDeviation=1e4), levels=[1e-15, 1e-6, 0.01, 0.3, 0.5])
    yield later("uniform", spec("uniform", lower=-2.0, upper=6.0), [-3.0, -2.0, 6.0, 7.0], NEAR[1:])
    for nu in (0.1, 0.5, 1.0, 2.5, 7.0, 30.0, 1e3):
        yield later(f"student-t {nu:g}", spec("student-t", degreesOfFreedom=nu), [0.0, 1e-8, -1e3],
                   levels=[1e-12, 1e-4, 0.02, 0.2, 0.5, 0.7] if nu < 1 else None)
    yield later("student-t scaled", spec("student-t", degreesOfFreedom=4.0, location=2.0, scale=0.25), [2.0])
    yield later("student-t 1e8", spec("student-t", degreesOfFreedom=1e8), [0.0, -6.0, 0.125, 3.0],
               levels=[1e-12, 1e-4, 0.02, 0.2, 0.5, 0.7])
    yield later("logistic", spec("logistic", location=0.0, scale=1.0), [0.0, -700.0, 700.0, 1e-9])
    yield later("logistic scaled", spec("logistic", location=-1.5, scale=0.25), [-1.5])
    yield later("laplace", spec("laplace", location=0.0, scale=1.0), [0.0, -700.0, 700.0, 1e-9])
    yield later("laplace scaled", spec("laplace", location=2.5, scale=4.0), [2.5])
    yield later("cauchy", spec("cauchy", location=0.0, scale=1.0), [0.0, 1e-9, -1e9, 1e160])
    yield later("cauchy scaled", spec("cauchy", location=-0.5, scale=8.0), [-0.5])
    yield later("log-normal", spec("log-normal", logMean=0.0, logStandardDeviation=1.0), [0.0, -1.0, 1.0, 1e-12])
    yield later("log-normal narrow", spec("log-normal", logMean=-2.0, logStandardDeviation=0.125), [0.125])
    yield later("exponential", spec("exponential", rate=1.0), [0.0, -1.0, 1e-300, 700.0])
    yield later("exponential fast", spec("exponential", rate=250.0), [1e-9])
    for shape in (1e-3, 0.1, 0.5, 1.0, 2.5, 17.0, 300.0, 1e4):
        yield later(f"gamma {shape:g}", spec("gamma", shape=shape, rate=1.0), [-1.0, 0.0, 1e-6, 0.5, 1.0, 4.0],
                   levels=[0.6, 0.8, 0.95, 0.999] if shape < 0.01 else (NEAR[1:] if shape < 1 else None))
    yield later("gamma 1e7", spec("gamma", shape=1e7, rate=1.0), levels=[1e-15, 1e-6, 0.01, 0.3, 0.5])
    yield later("gamma scaled", spec("gamma", shape=3.0, rate=0.125), [8.0])
    for a, b in ((0.5, 0.5), (0.1, 3.0), (1.0, 1.0), (1.0, 4.0), (2.5, 7.0), (40.0, 0.75), (300.0, 200.0), (1e4, 2e5)):
        yield later(f"beta {a:g} {b:g}", spec("beta", alpha=a, beta=b), [-0.5, 0.0, 1e-9, 0.25, 0.75, 1.0, 2.0],
                   levels=NEAR[1:] if min(a, b) < 1 else LEVELS[1:])
    whole = [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0]
    for p in (0.25, 1e-9, 1.0 - 2.0 ** -20):
        yield later(f"bernoulli {p:g}", spec("bernoulli", probability=p), whole, levels=[])
    for n, p in ((1, 0.5), (10, 0.25), (40, 0.9), (1000, 0.01), (100000, 0.375)):
        yield later(f"binomial {n} {p:g}", spec("binomial", trials=n, probability=p),
                   whole + [float(n), n + 1.0], levels=NEAR[1:])
    yield later("binomial 1e7", spec("binomial", trials=10 ** 7, probability=0.3), levels=[1e-6, 0.5],
               moments=False)
    for m in (1e-3, 0.75, 4.5, 30.0, 1000.0, 1e6):
        yield later(f"poisson {m:g}", spec("poisson", mean=m), whole, levels=NEAR, moments=m < 1e5)
    yield later("categorical", spec("categorical", probabilities=[0.125, 0.0, 0.5, 0.25, 0.125]), whole + [4.0],
               levels=[0.1, 0.3, 0.6])
    yield later("mixture of normals", spec("mixture", weights=[0.25, 0.75], components=[
        spec("normal", mean=-2.0, standardDeviation=0.5), spec("normal", mean=3.0, standardDeviation=1.5)]),
        [-2.0, 0.0], at=[-inf, -2, 0, 3, inf], levels=LEVELS[1:])
    yield later("mixture of kinds", spec("mixture", weights=[0.5, 0.25, 0.25], components=[
        spec("student-t", degreesOfFreedom=3.0, location=0.0, scale=1.0), spec("gamma", shape=2.0, rate=0.5),
        spec("laplace", location=1.0, scale=2.0)]), [0.0, 1.0],
        at=[-inf, -20, -3, 0, 1, 4, 20, inf], levels=NEAR[1:])
    yield later("mixture of counts", spec("mixture", weights=[0.5, 0.5], components=[
        spec("poisson", mean=3.0), spec("binomial", trials=50, probability=0.75)]), whole, levels=NEAR[1:], hint=20)
    yield later("truncated normal", spec("truncated", base=n01, lower=-1.0, upper=2.5), [-1.5, -1.0, 0.0, 2.5, 3.0],
               at=[-1, 0, 2.5], levels=NEAR[1:], hint=0.5)
    yield later("truncated normal tail", spec("truncated", base=n01, lower=8.0), [8.0, 9.0], at=[8, 8.25, 9, 12, 30],
               levels=NEAR[1:], hint=8.1)
    yield later("truncated normal far tail", spec("truncated", base=n01, lower=-41.0, upper=-40.0),
               [-41.0, -40.5, -40.0], at=[-41, -40.2, -40.05, -40], levels=NEAR[2:], hint=-40.02)
    yield later("truncated normal sliver", spec("truncated", base=n01, lower=1.0, upper=1.0 + 2.0 ** -20),
               [1.0 + 2.0 ** -22], at=[1, 1 + 2.0 ** -20], levels=[0.02, 0.2, 0.5], hint=1.0 + 2.0 ** -21)
    yield later("truncated gamma", spec("truncated", base=spec("gamma", shape=0.5, rate=2.0), lower=0.125, upper=4.0),
               [0.125, 1.0, 4.0], at=[0.125, 0.5, 1, 4], levels=NEAR[1:], hint=0.5)
    yield later("truncated student-t", spec("truncated", base=spec("student-t", degreesOfFreedom=1.5, location=0.0,
               scale=1.0), lower=-2.0, upper=50.0), [-2.0, 0.0, 50.0], at=[-2, 0, 2, 10, 50], levels=NEAR[1:])
    yield later("truncated poisson", spec("truncated", base=spec("poisson", mean=4.5), lower=2.0, upper=9.0),
               whole + [9.0, 10.0], levels=NEAR[2:], hint=4)
    yield later("affine gamma reversed", spec("affine", base=spec("gamma", shape=2.5, rate=1.0), shift=3.0, scale=-0.5),
               [3.0, 4.0, 2.0], levels=NEAR[1:], hint=1.0)
    yield later("affine binomial reversed", spec("affine", base=spec("binomial", trials=10, probability=0.25),
               shift=10.0, scale=-1.0), [float(k) for k in range(-1, 12)], levels=NEAR[2:], hint=7)


def divergences():
    def g(a, r): return spec("gamma", shape=a, rate=r)
    pairs = [
        (n01, spec("normal", mean=1.5, standardDeviation=2.0), [-inf, -2, 0, 2, inf]),
        (n01, spec("normal", mean=2.0 ** -20, standardDeviation=1.0), [-inf, -2, 0, 2, inf]),
        (spec("log-normal", logMean=0.5, logStandardDeviation=0.5), spec("log-normal", logMean=0.0,
         logStandardDeviation=1.0), [0, 0.5, 1, 2, 5, 20, 100]),
        (spec("uniform", lower=0.0, upper=1.0), spec("uniform", lower=-1.0, upper=3.0), [0, 1]),
        (spec("exponential", rate=2.0), spec("exponential", rate=0.5), [0, 1, 5, inf]),
        (spec("laplace", location=0.0, scale=1.0), spec("laplace", location=1.5, scale=2.0),
         [-inf, -5, 0, 1.5, 5, inf]),
        (spec("cauchy", location=0.0, scale=1.0), spec("cauchy", location=3.0, scale=0.5), [-inf, -9, 0, 3, 9, inf]),
        (g(2.5, 1.0), g(4.0, 3.0), [0, 1, 3, 10, inf]), (g(0.5, 1.0), g(0.75, 1.0), [0, 0.01, 1, 3, inf]),
        (g(200.0, 10.0), g(201.0, 10.0), [0, 15, 20, 25, 40, 80]),
        (spec("beta", alpha=2.5, beta=3.0), spec("beta", alpha=1.0, beta=4.0), [0, 0.25, 0.5, 0.75, 1]),
        (spec("beta", alpha=30.0, beta=40.0), spec("beta", alpha=31.0, beta=40.0), [0, 0.3, 0.45, 0.6, 1]),
        (spec("bernoulli", probability=0.25), spec("bernoulli", probability=0.75), None),
        (spec("binomial", trials=12, probability=0.25), spec("binomial", trials=12, probability=0.5), None),
        (spec("poisson", mean=4.5), spec("poisson", mean=3.0), None),
        (spec("categorical", probabilities=[0.25, 0.75, 0.0]),
         spec("categorical", probabilities=[0.5, 0.25, 0.25]), None),
    ]
    for s, t, at in pairs:
        p, q = make(s), make(t)
        def term(x):
            lp = p.log_prob(mp.mpf(x))
            return mp.exp(lp) * (lp - q.log_prob(mp.mpf(x))) if -3000 < lp < inf else mp.mpf(0)
        with mp.workdps(30):
            value = mp.fsum(term(k) for k in p.points()) if at is None else mp.quad(term, at, maxdegree=10)
        yield {"from": s, "to": t, "value": number(value)}


def special_functions():
    xs = [1e-10, 1e-4, 0.03, 0.2, 0.25, 0.7, 1.0, 1.3, 1.5, 2.0, 3.7, 4.0, 7.25, 9.99, 10.0, 14.9, 15.0, 40.0, 1e3, 1e8]
    exact = lambda f, points: [number(f(mp.mpf(x))) for x in points]
    with mp.workdps(60):
        return {
            "positive": xs,
            "digamma": exact(mp.digamma, xs),
            "logGammaOnePlus": exact(lambda x: mp.loggamma(1 + x), xs),
            "stirlingError": exact(
                lambda x: mp.loggamma(x) - (x - mp.mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2, xs),
            "real": [-26.0, -5.0, -1.0, -1e-9, 0.0, 0.3, 1.0, 4.0, 12.5, 24.9, 25.0, 26.5, 60.0, 1e5, 1e200],
            "erfcx": exact(lambda x: mp.exp(x * x) * mp.erfc(x) if x < 1e3 else 1 / (x * mp.sqrt(mp.pi)) * (
                1 - 1 / (2 * x * x)), [-26.0, -5.0, -1.0, -1e-9, 0.0, 0.3, 1.0, 4.0, 12.5, 24.9, 25.0, 26.5, 60.0, 1e5,
                                       1e200]),
        }


def multivariate():
    mean, covariance = [1.0, -2.0, 0.5], [[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]]
    other_mean, other = [0.0, -1.0, 0.0], [[1.0, 0.2, 0.0], [0.2, 2.0, -0.4], [0.0, -0.4, 1.5]]
    d = stats.multivariate_normal(mean, covariance)
    rows = [[1.0, -2.0, 0.5], [0.0, 0.0, 0.0], [3.0, -1.0, 2.0], [-10.0, 12.0, 7.0]]
    a, b = mp.matrix(covariance), mp.matrix(other)
    inverse, shift = b ** -1, mp.matrix(other_mean) - mp.matrix(mean)
    product = inverse * a
    kl = (sum(product[i, i] for i in range(3)) - 3 + (shift.T * inverse * shift)[0]
          + mp.log(mp.det(b) / mp.det(a))) / 2
    flat = lambda m: [float(v) for row in m for v in row]
    # Coordinates 0 and 1 given coordinate 2 = 1.25, by the textbook formula.
    c = numpy.array(covariance)
    gain = c[:2, 2] / c[2, 2]
    return {"mean": mean, "covariance": flat(covariance), "otherMean": other_mean, "otherCovariance": flat(other),
            "rows": flat(rows), "logProb": [float(d.logpdf(r)) for r in rows], "entropy": float(d.entropy()),
            "klDivergence": number(kl), "conditionalValue": 1.25,
            "conditionalMean": list(map(float, numpy.array(mean[:2]) + gain * (1.25 - mean[2]))),
            "conditionalCovariance": flat(c[:2, :2] - numpy.outer(gain, c[2, :2]))}


def later(*arguments, **options): return functools.partial(case, *arguments, **options)
def run(call): return call()


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        made = list(pool.imap(run, cases()))
    result = {"madeBy": "Scripts/reference/distributions.py", "seed": "none: nothing random",
              "versions": {"python": platform.python_version(), "scipy": scipy.__version__,
                           "numpy": numpy.__version__, "mpmath": mp.__version__},
              "cases": made, "divergences": list(divergences()), "specialFunctions": special_functions(),
              "multivariateNormal": multivariate()}
    path = os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "Reference", "distributions.json")
    with open(path, "w") as file:
        json.dump(result, file, indent=None, separators=(",", ":"))
        file.write("\n")
    print(f"{len(result['cases'])} cases, {os.path.getsize(path)} bytes", file=sys.stderr)
