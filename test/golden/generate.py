"""Numbers for the core's tests, from libraries that know nothing of it.

Writes `golden.json` beside this file: every case holds its inputs and what NumPy, SciPy or scikit-learn makes of them.
The tests read the inputs from there too, so that both sides compute the same thing.

    python test/golden/generate.py && npx biome format --write test/golden
    python test/golden/generate.py --check    # recompute, and compare with the file

Needs numpy, scipy and scikit-learn; the versions used are in the file.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import optimize, stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

TARGET = Path(__file__).with_name("golden.json")
MASK = 0xFFFFFFFF

# The bounds of src/core/search/gp.ts.
AMPLITUDE = (0.1, 10.0)
LENGTH_SCALE = (0.1, 2.0)
NOISE = (1e-3, 1.0)
# The bounds of src/core/forecast/exponential.ts.
RATE = (1e-2, 1e3)


def main() -> int:
    golden = {
        "versions": {
            "python": sys.version.split()[0],
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "random": random_cases(),
        "matern": matern_cases(),
        "cholesky": cholesky_cases(),
        "gpFixed": gp_fixed_cases(),
        "gpFitted": gp_fitted_cases(),
        "expectedImprovement": expected_improvement_cases(),
        "exponential": exponential_cases(),
        "published": published_cases(),
    }
    if "--check" in sys.argv[1:]:
        return check(golden)
    TARGET.write_text(json.dumps(golden, indent=2, allow_nan=False) + "\n")
    return 0


def check(golden: dict) -> int:
    recorded = json.loads(TARGET.read_text())
    differences = list(compare(recorded, golden, ""))
    for line in differences:
        print(line)
    return 1 if differences else 0


def compare(recorded, computed, path: str):
    """Yields a line for everything but versions that differs by more than rounding."""
    if path == "/versions":
        return
    if isinstance(recorded, dict) and isinstance(computed, dict):
        for key in sorted(recorded.keys() | computed.keys()):
            yield from compare(recorded.get(key), computed.get(key), f"{path}/{key}")
    elif isinstance(recorded, list) and isinstance(computed, list):
        if len(recorded) != len(computed):
            yield f"{path}: {len(recorded)} recorded, {len(computed)} computed"
        for i, (left, right) in enumerate(zip(recorded, computed)):
            yield from compare(left, right, f"{path}/{i}")
    elif isinstance(recorded, (int, float)) and isinstance(computed, (int, float)):
        if not math.isclose(recorded, computed, rel_tol=1e-5, abs_tol=1e-9):
            yield f"{path}: {recorded} recorded, {computed} computed"
    elif recorded != computed:
        yield f"{path}: {recorded!r} recorded, {computed!r} computed"


# ---- random numbers ------------------------------------------------------------------------------


def rotate_left(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & MASK


def xoshiro(seed: int):
    """xoshiro128** (Blackman and Vigna), seeded by SplitMix32, in Python's unbounded integers."""
    mixed = (seed & MASK) ^ ((seed >> 32) * 0x9E3779B1 & MASK)
    state = []
    for _ in range(4):
        mixed = (mixed + 0x9E3779B9) & MASK
        word = mixed
        word = ((word ^ (word >> 16)) * 0x21F0AAAD) & MASK
        word = ((word ^ (word >> 15)) * 0x735A2D97) & MASK
        state.append(word ^ (word >> 15))
    s0, s1, s2, s3 = state
    while True:
        yield (rotate_left(s1 * 5 & MASK, 7) * 9) & MASK
        t = (s1 << 9) & MASK
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = rotate_left(s3, 11)


def random_cases() -> list:
    cases = []
    for seed in (0, 1, 42, 2**32, 2**53 - 1):
        words = xoshiro(seed)
        uniform = lambda: ((next(words) >> 5) * 2**26 + (next(words) >> 6)) / 2**53  # noqa: E731
        uniforms = [uniform() for _ in range(4)]
        normals = []
        for _ in range(3):
            radius = math.sqrt(-2 * math.log(1 - uniform()))
            normals.append(radius * math.cos(2 * math.pi * uniform()))
        cases.append({"seed": seed, "uniforms": uniforms, "normals": normals})
    return cases


# ---- Gaussian process ----------------------------------------------------------------------------


def matern_cases() -> list:
    cases = []
    for length_scale in (0.05, 0.3, 2.0):
        for distance in (0.0, 1e-6, 0.01, 0.2, 0.5, 1.0):
            kernel = Matern(length_scale=length_scale, nu=2.5)
            step = 1e-5
            wider = Matern(length_scale=length_scale * math.exp(step), nu=2.5)
            narrower = Matern(length_scale=length_scale * math.exp(-step), nu=2.5)
            at = lambda k: float(k(np.array([[0.0]]), np.array([[distance]]))[0, 0])  # noqa: E731
            value = at(kernel)
            cases.append(
                {
                    "distance": distance,
                    "lengthScale": length_scale,
                    "value": value,
                    "slope": (at(wider) - at(narrower)) / (2 * step),
                }
            )
    return cases


def cholesky_cases() -> list:
    rng = np.random.default_rng(20260)
    cases = []
    for size in (1, 2, 5, 12):
        root = rng.normal(size=(size, size))
        matrix = root @ root.T + 0.1 * np.eye(size)
        right = rng.normal(size=size)
        lower = np.linalg.cholesky(matrix)
        cases.append(
            {
                "size": size,
                "matrix": matrix.ravel().tolist(),
                "right": right.tolist(),
                "solution": np.linalg.solve(matrix, right).tolist(),
                "lowerSolution": scipy.linalg.solve_triangular(lower, right, lower=True).tolist(),
                "inverse": np.linalg.inv(matrix).ravel().tolist(),
                "logDeterminant": float(np.linalg.slogdet(matrix)[1]),
            }
        )
    return cases


def standardise(y: np.ndarray) -> tuple[np.ndarray, float, float]:
    centre, scale = float(y.mean()), float(y.std())
    return (y - centre) / scale, centre, scale


def gp_data_sets() -> list:
    """Name, x, y, own variances."""
    rng = np.random.default_rng(7)
    curve = lambda x: 0.4 + 2.0 * (x - 0.6) ** 2  # noqa: E731
    sets = []
    for count in (2, 3, 5, 10, 20):
        x = np.sort(rng.uniform(size=count))
        sets.append((f"{count} points", x, curve(x) + 0.05 * rng.normal(size=count), None))
    x = rng.uniform(size=8)
    sets.append(
        ("8 unsorted points with noise of their own", x, curve(x), rng.uniform(0.001, 0.1, 8))
    )
    x = np.array([0.1, 0.1, 0.5, 0.5, 0.5, 0.9])
    sets.append(("repeated positions", x, curve(x) + 0.1 * rng.normal(size=6), None))
    x = np.linspace(0, 1, 10)
    sets.append(
        ("a cliff", x, np.where(x > 0.75, 9.0, curve(x)) + 0.02 * rng.normal(size=10), None)
    )
    sets.append(("pure noise", x, rng.normal(size=10), None))
    sets.append(("in units of 1e12", x, 1e12 * curve(x) + 1e10 * rng.normal(size=10), None))
    sets.append(("in units of 1e-12", x, 1e-12 * curve(x) + 1e-14 * rng.normal(size=10), None))
    return sets


def gp_fixed_cases() -> list:
    hyperparameters = (
        {"mean": 0.0, "amplitude": 1.0, "lengthScale": 0.3, "noise": 0.1},
        {"mean": 0.4, "amplitude": 2.5, "lengthScale": 0.8, "noise": 0.3},
        {"mean": -0.2, "amplitude": 0.5, "lengthScale": 0.1, "noise": 0.05},
    )
    at = [-0.2, 0.0, 0.05, 0.31, 0.5, 0.77, 1.0, 1.3]
    cases = []
    for name, x, y, variances in gp_data_sets():
        for h in hyperparameters:
            z, centre, scale = standardise(y)
            own = np.zeros(len(x)) if variances is None else variances / scale**2
            latent = ConstantKernel(h["amplitude"] ** 2) * Matern(h["lengthScale"], nu=2.5)
            noisy = latent + WhiteKernel(h["noise"] ** 2)
            # optimizer=None keeps the hyperparameters. The first, with the noise in alpha, predicts the latent function.
            smooth = GaussianProcessRegressor(latent, alpha=own + h["noise"] ** 2, optimizer=None)
            whole = GaussianProcessRegressor(noisy, alpha=own, optimizer=None)
            smooth.fit(x[:, None], z - h["mean"])
            whole.fit(x[:, None], z - h["mean"])
            mean, sd = smooth.predict(np.array(at)[:, None], return_std=True)
            cases.append(
                {
                    "name": name,
                    "points": as_points(x, y, variances),
                    "hyperparameters": h,
                    "at": at,
                    "mean": (centre + scale * (h["mean"] + mean)).tolist(),
                    "sd": (scale * sd).tolist(),
                    "logMarginalLikelihood": float(whole.log_marginal_likelihood_value_),
                }
            )
    return cases


def as_points(x: np.ndarray, y: np.ndarray, variances: np.ndarray | None) -> list:
    if variances is None:
        return [{"x": float(a), "y": float(b)} for a, b in zip(x, y)]
    return [
        {"x": float(a), "y": float(b), "variance": float(v)} for a, b, v in zip(x, y, variances)
    ]


def gp_fitted_cases() -> list:
    cases = []
    for name, x, y, variances in gp_data_sets():
        z, _, scale = standardise(y)
        own = np.zeros(len(x)) if variances is None else variances / scale**2
        kernel = ConstantKernel(1.0, (AMPLITUDE[0] ** 2, AMPLITUDE[1] ** 2)) * Matern(
            0.3, LENGTH_SCALE, nu=2.5
        ) + WhiteKernel(0.01, (NOISE[0] ** 2, NOISE[1] ** 2))
        model = GaussianProcessRegressor(
            kernel, alpha=own, n_restarts_optimizer=20, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an optimum on a bound
            model.fit(x[:, None], z)
        cases.append(
            {
                "name": name,
                "points": as_points(x, y, variances),
                "sklearn": float(model.log_marginal_likelihood_value_),
                "profiled": profiled_optimum(x, z, own),
            }
        )
    return cases


def profiled_optimum(x: np.ndarray, z: np.ndarray, own: np.ndarray) -> float:
    """The greatest log marginal likelihood with a constant mean by generalised least squares."""
    distance = np.abs(x[:, None] - x[None, :])

    def negative(logs: np.ndarray) -> float:
        amplitude, length_scale, noise = np.exp(logs)
        s = math.sqrt(5) * distance / length_scale
        covariance = amplitude**2 * (1 + s + s**2 / 3) * np.exp(-s) + np.diag(noise**2 + own)
        inverse = np.linalg.inv(covariance)
        mean = inverse.sum(axis=0) @ z / inverse.sum()
        return -stats.multivariate_normal(np.full(len(z), mean), covariance).logpdf(z)

    bounds = np.log([AMPLITUDE, LENGTH_SCALE, NOISE])
    rng = np.random.default_rng(0)
    starts = rng.uniform(bounds[:, 0], bounds[:, 1], size=(40, 3))
    results = [optimize.minimize(negative, s, bounds=bounds, method="L-BFGS-B") for s in starts]
    return -float(min(r.fun for r in results))


def expected_improvement_cases() -> list:
    cases = []
    for mean, sd, best in (
        (1.0, 0.5, 1.2), (1.0, 0.5, 1.0), (1.0, 0.5, 0.2), (2.0, 1.0, 0.0), (0.0, 1e-3, 0.01),
        (3.0, 0.5, 1.0), (3.0, 0.5, 0.5), (6.0, 1.0, 0.0), (10.0, 1.0, 0.0), (30.0, 1.0, 0.0),
        (-1e6, 1e5, 0.0), (1e-9, 1e-9, 0.0),
    ):  # fmt: skip
        z = (best - mean) / sd
        value = sd * improvement(z)
        cases.append({"mean": mean, "sd": sd, "best": best, "value": float(value)})
    return cases


def improvement(z: float) -> float:
    """`z Φ(z) + φ(z)`; in the tail as an integral of Φ, because the sum cancels there."""
    if z > -3:
        return z * stats.norm.cdf(z) + stats.norm.pdf(z)
    scale = stats.norm.logcdf(z)
    integral, _ = scipy.integrate.quad(
        lambda t: math.exp(stats.norm.logcdf(t) - scale),
        z - 12,
        z,
        epsabs=0,
        epsrel=1e-12,
        limit=200,
    )
    return math.exp(scale) * integral


# ---- forecast ------------------------------------------------------------------------------------


def exponential(u: np.ndarray, a: float, log_rate: float, c: float) -> np.ndarray:
    return a * np.exp(-np.exp(log_rate) * u) + c


def exponential_cases() -> list:
    rng = np.random.default_rng(11)
    cases = []
    for name, count, a, rate, c, noise in (
        ("clean", 100, 1.8, 1.0, 0.5, 0.0),
        ("clean and slow", 100, 1.8, 0.1, 0.5, 0.0),
        ("clean and fast", 100, 1.8, 20.0, 0.5, 0.0),
        ("clean and rising", 50, -0.7, 3.0, 2.0, 0.0),
        ("noisy", 100, 1.8, 3.0, 0.5, 0.1),
        ("very noisy", 100, 1.8, 5.0, 0.5, 0.5),
        ("noisy and long", 1000, 1.8, 4.0, 0.5, 0.2),
        ("sixteen points", 16, 1.8, 3.0, 0.5, 0.02),
        ("in units of 1e-9", 60, 1.8e-9, 3.0, 0.5e-9, 1e-11),
        ("in units of 1e9", 60, 1.8e9, 3.0, 0.5e9, 1e7),
    ):
        steps = 6.0 * np.arange(count)
        u = steps / steps[-1]
        y = a * np.exp(-rate * u) + c + noise * rng.normal(size=count)
        fits = []
        for start in (0.3, 1.0, 3.0, 10.0, 30.0):
            unit = np.abs(y).max()
            parameters, _ = optimize.curve_fit(
                exponential, u, y / unit, p0=((y[0] - y[-1]) / unit, math.log(start), y[-1] / unit),
                bounds=([-np.inf, math.log(RATE[0]), -np.inf], [np.inf, math.log(RATE[1]), np.inf]),
                xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=20000,
            )  # fmt: skip
            residual = unit**2 * float(((exponential(u, *parameters) - y / unit) ** 2).sum())
            fits.append((residual, unit, parameters))
        residual, unit, (fit_a, log_rate, fit_c) = min(fits, key=lambda fit: fit[0])
        cases.append(
            {
                "name": name,
                "steps": steps.tolist(),
                "losses": y.tolist(),
                "ratePerStep": math.exp(log_rate) / steps[-1],
                "asymptote": unit * fit_c,
                "sumOfSquares": residual,
                "atTwiceTheEnd": unit * float(exponential(np.array(2.0), fit_a, log_rate, fit_c)),
            }
        )
    return cases


def published_cases() -> list:
    rng = np.random.default_rng(13)
    cases = []
    for name, steps, rounds, noise, spikes, curve in (
        ("100 training losses", np.arange(100), 10, 0.1, 0, "exponential"),
        ("100 training losses with spikes", np.arange(100), 10, 0.1, 6, "exponential"),
        ("16 validation losses", 6 * np.arange(1, 17), 1, 0.01, 0, "exponential"),
        ("16 validation losses with a spike", 6 * np.arange(1, 17), 1, 0.01, 1, "exponential"),
        ("a noisy linear descent", np.arange(100), 10, 0.1, 0, "line"),
        ("a rising series", np.arange(60), 10, 0.05, 0, "rise"),
        ("1000 training losses", np.arange(1000), 10, 0.2, 20, "exponential"),
    ):
        steps = steps.astype(float)
        u = (steps - steps[0]) / (steps[-1] - steps[0])
        y = {"exponential": 1.8 * np.exp(-3 * u) + 0.5, "line": 2.3 - 0.4 * u, "rise": 1 + u**2}[
            curve
        ]
        y = y + noise * rng.normal(size=len(y))
        y[rng.integers(0, len(y), spikes)] += 5.0
        kept = keep_inliers(steps, y, rounds)
        smoothed = np.polyval(np.polyfit(steps[kept], y[kept], 2), steps)
        at = 10 * steps[-1]
        cases.append(
            {
                "name": name,
                "steps": steps.tolist(),
                "losses": y.tolist(),
                "rounds": rounds,
                "kept": [int(i) for i in kept],
                "smoothed": smoothed.tolist(),
                "atStep": at,
                "forecast": extrapolate(steps, smoothed, at),
            }
        )
    return cases


def keep_inliers(steps: np.ndarray, losses: np.ndarray, rounds: int) -> np.ndarray:
    """Per round: a global quadratic; the ceil(3 %) largest residuals; of those the first half's go."""
    kept = np.arange(len(losses))
    for _ in range(rounds):
        coefficients = np.polyfit(steps[kept], losses[kept], 2)
        residuals = np.abs(losses[kept] - np.polyval(coefficients, steps[kept]))
        marked = np.argsort(residuals, kind="stable")[-math.ceil(0.03 * len(kept)) :]
        early = [m for m in marked if kept[m] < (len(losses) - 1) / 2]
        kept = np.delete(kept, early)
    return kept


def extrapolate(steps: np.ndarray, smoothed: np.ndarray, at: float) -> float:
    """The exponential of least squares, by brute force over the rate, at a step."""
    span = steps[-1] - steps[0]
    u = (steps - steps[0]) / span

    def solve(log_rate: float) -> tuple[float, np.ndarray]:
        design = np.vstack([np.exp(-np.exp(log_rate) * u), np.ones(len(u))]).T
        solution = np.linalg.lstsq(design, smoothed, rcond=None)[0]
        return float(((design @ solution - smoothed) ** 2).sum()), solution

    grid = np.linspace(math.log(RATE[0]), math.log(RATE[1]), 2001)
    best = int(np.argmin([solve(g)[0] for g in grid]))
    low, high = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
    refined = optimize.minimize_scalar(
        lambda g: solve(g)[0], bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    candidates = (refined.x, grid[best])
    log_rate = min(candidates, key=lambda g: solve(g)[0])
    a, c = solve(log_rate)[1]
    return float(a * math.exp(-math.exp(log_rate) * (at - steps[0]) / span) + c)


if __name__ == "__main__":
    sys.exit(main())
