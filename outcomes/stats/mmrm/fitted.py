"""An optimum together with the way back to the coefficients asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .likelihood import Likelihood
from .optimise import Optimum

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """An optimum, and the way back from centred columns to the coefficients asked for.

    A combination L b of the coefficients is L T b~ + L shift in the centred ones. Variances are
    worked out from L T: where covariates are far from zero, those of b itself have lost digits.
    """

    likelihood: Likelihood
    optimum: Optimum
    transform: Array
    shift: Array

    @property
    def beta(self) -> Array:
        """Coefficients (p,)."""
        return self.transform @ self.optimum.point.beta + self.shift

    @property
    def phi(self) -> Array:
        """Model-based covariance of the coefficients (p, p)."""
        return self.transform @ self.optimum.point.phi @ self.transform.T

    def combine(self, L: Array) -> Array:
        """L b, for combinations of the coefficients asked for."""
        return L @ self.transform @ self.optimum.point.beta + L @ self.shift

    def variance(self, L: Array, covariance: Array) -> Array:
        """Covariance of L b, from that of the centred coefficients."""
        centred = L @ self.transform
        return np.asarray(centred @ covariance @ centred.T)

    @cached_property
    def theta_covariance(self) -> Array:
        """Inverse observed information of the covariance parameters (k, k).

        Directions in which the likelihood is flat or falls are left out; the fit says so.
        """
        H = self.optimum.hessian / 2.0
        if not self.optimum.problems:
            return np.asarray(np.linalg.inv(H))
        scale = np.sqrt(np.maximum(np.abs(np.diag(H)), 1e-300))
        values, vectors = np.linalg.eigh(H / np.outer(scale, scale))
        good = values > 1e-9
        rotated = vectors[:, good] / scale[:, None]
        return (rotated / values[good]) @ rotated.T
