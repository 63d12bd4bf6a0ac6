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
Derivatives = tuple[Array, Array, Array]


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
    shape : callable
        (phi, number of visits) to P, its first derivatives (k, T, T) and second ones (k, k, T, T).
    shape_start : callable or None
        Correlation matrix (T, T) to values of phi near it; None where phi is a Cholesky factor.
    """

    name: str
    heterogeneous: bool
    n_shape: Callable[[int], int]
    shape: Callable[[Array, int], Derivatives]
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

    def derivatives(self, theta: Array, n_visits: int) -> Derivatives:
        """Sigma (T, T), its first derivatives (k, T, T) and second ones (k, k, T, T)."""
        n_scale = n_visits if self.heterogeneous else 1
        sd = np.broadcast_to(np.exp(theta[:n_scale]), n_visits)
        scale = np.outer(sd, sd)
        P, dP, d2P = self.shape(theta[n_scale:], n_visits)
        # A log standard deviation multiplies entry (a, b) once for a and once for b.
        if self.heterogeneous:
            unit = np.eye(n_visits)
            power = unit[:, :, None] + unit[:, None, :]
        else:
            power = np.full((1, n_visits, n_visits), 2.0)
        sigma = scale * P
        d_shape = scale * dP
        k = len(theta)
        first = np.concatenate([power * sigma, d_shape])
        second = np.empty((k, k, n_visits, n_visits))
        second[:n_scale, :n_scale] = power[:, None] * power[None, :] * sigma
        second[:n_scale, n_scale:] = power[:, None] * d_shape[None, :]
        second[n_scale:, :n_scale] = np.swapaxes(second[:n_scale, n_scale:], 0, 1)
        second[n_scale:, n_scale:] = scale * d2P
        return sigma, first, second


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

    def derivatives(self, theta: Array, distance: Array) -> Derivatives:
        """Sigma, its first derivatives (2, ...) and second ones (2, 2, ...)."""
        sigma = self.covariance(theta, distance)
        rest = np.exp(-np.logaddexp(0.0, theta[1]))  # 1 - rho
        slope = distance * rest
        first = np.stack([2.0 * sigma, slope * sigma])
        cross = 2.0 * first[1]
        bend = (slope**2 - slope * (1.0 - rest)) * sigma
        return sigma, first, np.stack([np.stack([4.0 * sigma, cross]), np.stack([cross, bend])])


def _pair(
    name: str,
    n_shape: Callable[[int], int],
    shape: Callable[[Array, int], Derivatives],
    start: Callable[[Array], Array],
) -> list[Structure]:
    return [
        Structure(name, False, n_shape, shape, start),
        Structure(f"heterogeneous-{name}", True, n_shape, shape, start),
    ]


AnyStructure = Structure | SpatialExponential
_ALL: list[AnyStructure] = [
    Structure("unstructured", True, lambda n: n * (n - 1) // 2, shapes.cholesky, None),
    *_pair("compound-symmetry", lambda n: 1, shapes.exchangeable, shapes.start_exchangeable),
    *_pair("ar1", lambda n: 1, shapes.autoregressive, shapes.start_autoregressive),
    *_pair("toeplitz", lambda n: n - 1, shapes.toeplitz, shapes.start_toeplitz),
    *_pair("ante-dependence", lambda n: n - 1, shapes.ante_dependent, shapes.start_ante_dependent),
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
