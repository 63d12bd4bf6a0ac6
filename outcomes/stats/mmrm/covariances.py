"""Covariance structures over visits, each in the parameters of R's mmrm.

A structure is a scale times a shape, Sigma = D P D. The scale is one log standard deviation, or
one a visit. The shape P(phi) is a correlation matrix, or for the unstructured case M M' with a unit
lower triangle M. First and second derivatives are written out, because Kenward-Roger inference on
a structure's own parameters needs both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import EstimationError
from . import shapes

Array = NDArray[np.float64]
Slopes = tuple[Array, Array]
# A step changes the log of no variance by more.
LONGEST = 3.0


@dataclass(frozen=True)
class Structure:
    """A covariance structure on a grid of visits.

    Parameters
    ----------
    name : str
        Name used by `fit_mmrm`.
    heterogeneous : bool
        One standard deviation a visit (True) or one for all.
    n_shape : callable
        Number of visits to number of shape parameters.
    shape, shape_bend : callable
        (phi, number of visits) to P and its first derivatives (k, T, T), and to the second ones
        (k, k, T, T).
    shape_start : callable or None
        Correlation matrix (T, T) to values of phi near it; None where phi is a Cholesky factor.
    """

    name: str
    heterogeneous: bool
    n_shape: Callable[[int], int]
    shape: Callable[[Array, int], Slopes]
    shape_bend: Callable[[Array, int], Array]
    shape_start: Callable[[Array], Array] | None

    def n_parameters(self, n_visits: int) -> int:
        """Count the parameters for a number of visits."""
        return (n_visits if self.heterogeneous else 1) + self.n_shape(n_visits)

    def start(self, covariance: Array) -> Array:
        """Parameters whose covariance is near a positive definite one (T, T)."""
        if self.shape_start is None:
            factor = np.linalg.cholesky(covariance)
            sd = np.diag(factor)
            return np.concatenate(
                [np.log(sd), (factor / sd[:, None])[np.tril_indices(len(sd), -1)]]
            )
        variance = np.diag(covariance)
        sd = np.sqrt(variance)
        log_sd = np.log(sd) if self.heterogeneous else np.array([np.log(variance.mean()) / 2])
        return np.concatenate([log_sd, self.shape_start(covariance / np.outer(sd, sd))])

    def covariance(self, theta: Array, n_visits: int) -> Array:
        """Covariance matrix Sigma (T, T)."""
        n_scale = n_visits if self.heterogeneous else 1
        sd = np.broadcast_to(np.exp(theta[:n_scale]), n_visits)
        return np.outer(sd, sd) * self.shape(theta[n_scale:], n_visits)[0]

    def derivatives(self, theta: Array, n_visits: int) -> Slopes:
        """Sigma (T, T) and its first derivatives (k, T, T)."""
        scale, power, phi = self._parts(theta, n_visits)
        P, dP = self.shape(phi, n_visits)
        sigma = scale * P
        return sigma, np.concatenate([power * sigma, scale * dP])

    def second_derivatives(self, theta: Array, n_visits: int) -> Array:
        """Second derivatives of Sigma (k, k, T, T)."""
        scale, power, phi = self._parts(theta, n_visits)
        P, dP = self.shape(phi, n_visits)
        m, k = len(power), len(theta)
        second = np.empty((k, k, n_visits, n_visits))
        second[:m, :m] = power[:, None] * power[None, :] * (scale * P)
        second[:m, m:] = power[:, None] * (scale * dP)[None, :]
        second[m:, :m] = np.swapaxes(second[:m, m:], 0, 1)
        second[m:, m:] = scale * self.shape_bend(phi, n_visits)
        return second

    def _parts(self, theta: Array, n_visits: int) -> tuple[Array, Array, Array]:
        """Products of standard deviations (T, T), how often each one enters them, and phi."""
        n_scale = n_visits if self.heterogeneous else 1
        sd = np.broadcast_to(np.exp(theta[:n_scale]), n_visits)
        # A log standard deviation multiplies entry (a, b) once for a and once for b.
        if self.heterogeneous:
            unit = np.eye(n_visits)
            power = unit[:, :, None] + unit[:, None, :]
        else:
            power = np.full((1, n_visits, n_visits), 2.0)
        return np.outer(sd, sd), power, theta[n_scale:]

    def move(self, theta: Array, change: Array, n_visits: int) -> Array:
        """Parameters a step away.

        An unstructured Sigma moves along a line in the regression of each visit on the ones before
        and the log of what that leaves unexplained (Pourahmadi 1999, Biometrika 86:677-690). To
        first order that is theta + change; but there the valleys of near-singular problems are
        straight, which bend in a Cholesky factor and stall the search.
        """
        if self.shape_start is not None:
            return theta + change
        sigma, first = self.derivatives(theta, n_visits)
        factor = np.linalg.cholesky(sigma)
        sd = np.diag(factor)
        seen = np.linalg.solve(factor, np.tensordot(change, first, axes=1))
        half = np.tril(np.linalg.solve(factor, seen.T), -1)
        log_sd = np.clip(np.diag(np.linalg.solve(factor, seen.T)) / 2.0, -LONGEST, LONGEST)
        # The factor moves by L (half + diag(log_sd)), M = L / sd by L half / sd, and its inverse by
        # the negative of half as M^-1 sees it.
        onward = np.linalg.inv(factor / sd)
        onward = onward - (sd[:, None] * half / sd) @ onward
        moved = np.linalg.inv(onward) * (sd * np.exp(log_sd))
        scale = np.diag(moved)
        return np.concatenate(
            [np.log(scale), (moved / scale[:, None])[np.tril_indices(n_visits, -1)]]
        )


@dataclass(frozen=True)
class SpatialExponential:
    """Correlation rho ** distance in time, for visits at dates of each subject's own.

    Parameters are log standard deviation and logit of rho, the correlation at distance one.
    """

    name: str = "spatial-exponential"

    def n_parameters(self, n_visits: int) -> int:
        """Count the parameters, whatever the visits."""
        return 2

    def covariance(self, theta: Array, distance: Array) -> Array:
        """Covariances at an array of distances, same shape."""
        with np.errstate(over="ignore"):
            # log rho written so that it does not lose digits where rho is near one.
            return np.exp(2.0 * theta[0] - distance * np.logaddexp(0.0, -theta[1]))

    def move(self, theta: Array, change: Array, n_visits: int) -> Array:
        """Parameters a step away."""
        return theta + change

    def derivatives(self, theta: Array, distance: Array) -> Slopes:
        """Sigma and its first derivatives (2, ...)."""
        sigma = self.covariance(theta, distance)
        rest = np.exp(-np.logaddexp(0.0, theta[1]))  # 1 - rho
        return sigma, np.stack([2.0 * sigma, distance * rest * sigma])

    def second_derivatives(self, theta: Array, distance: Array) -> Array:
        """Second derivatives of Sigma (2, 2, ...)."""
        sigma, (_, slope) = self.derivatives(theta, distance)
        rest = np.exp(-np.logaddexp(0.0, theta[1]))
        bend = (distance * rest - (1.0 - rest)) * slope
        return np.stack([np.stack([4.0 * sigma, 2.0 * slope]), np.stack([2.0 * slope, bend])])


AnyStructure = Structure | SpatialExponential
_ALL: list[AnyStructure] = [
    Structure(
        "unstructured",
        True,
        lambda n: n * (n - 1) // 2,
        shapes.cholesky,
        shapes.cholesky_bend,
        None,
    ),
    *(
        Structure(prefix + name, bool(prefix), count, shape, bend, start)
        for name, count, shape, bend, start in [
            (
                "compound-symmetry",
                lambda n: 1,
                shapes.exchangeable,
                shapes.exchangeable_bend,
                shapes.start_exchangeable,
            ),
            (
                "ar1",
                lambda n: 1,
                shapes.autoregressive,
                shapes.autoregressive_bend,
                shapes.start_autoregressive,
            ),
            (
                "toeplitz",
                lambda n: n - 1,
                shapes.toeplitz,
                shapes.toeplitz_bend,
                shapes.start_toeplitz,
            ),
            (
                "ante-dependence",
                lambda n: n - 1,
                shapes.ante_dependent,
                shapes.ante_dependent_bend,
                shapes.start_ante_dependent,
            ),
        ]
        for prefix in ("", "heterogeneous-")
    ),
    SpatialExponential(),
]
STRUCTURES: dict[str, AnyStructure] = {structure.name: structure for structure in _ALL}

# The short names of R's mmrm and of SAS, and the usual other spellings.
_ALIASES = {
    "us": "unstructured",
    "un": "unstructured",
    "cs": "compound-symmetry",
    "csh": "heterogeneous-compound-symmetry",
    "exchangeable": "compound-symmetry",
    "ar": "ar1",
    "ar(1)": "ar1",
    "autoregressive": "ar1",
    "ar1h": "heterogeneous-ar1",
    "arh1": "heterogeneous-ar1",
    "arh(1)": "heterogeneous-ar1",
    "toep": "toeplitz",
    "toeph": "heterogeneous-toeplitz",
    "ad": "ante-dependence",
    "adh": "heterogeneous-ante-dependence",
    "ante(1)": "heterogeneous-ante-dependence",
    "antedependence": "ante-dependence",
    "sp-exp": "spatial-exponential",
    "exponential": "spatial-exponential",
}


def find_structure(name: str) -> AnyStructure:
    """Structure of a name such as "toeplitz", "heterogeneous-toeplitz" or R's "toeph"."""
    word = re.sub(r"[\s_]+", "-", name.strip().lower())
    heterogeneous = "heterogeneous" in word
    plain = re.sub(r"-?heterogeneous-?", "", word)
    plain = _ALIASES.get(plain, plain)
    found = f"heterogeneous-{plain}" if heterogeneous else plain
    if found not in STRUCTURES:
        raise EstimationError(f"No covariance named {name!r}.", f"Choose from {list(STRUCTURES)}.")
    return STRUCTURES[found]
