"""Random effects of subjects and predictions, with their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.stats.lmm.optimise import Optimum
from outcomes.stats.lmm.statistics import Coordinates, SubjectSums


@dataclass(frozen=True)
class SubjectEffects:
    """Best linear unbiased predictions, in the coordinates of the sums.

    Parameters
    ----------
    deviations : ndarray of float, shape (m, 2)
        Intercept and slope of each subject, unit of the outcome.
    shrunk : ndarray of float, shape (m, 2, 2)
        C = Ψ(I + DΨ)⁻¹: covariance of the prediction error over σ², fixed effects known.
    towards : ndarray of float, shape (m, 2, p)
        C Z'X: how an error in the fixed effects enters.
    phi : ndarray of float, shape (p, p)
        Covariance of the fixed effects over σ².
    psi : ndarray of float, shape (2, 2)
        Covariance of the random effects over σ².
    sigma2 : float
        Residual variance.
    """

    deviations: NDArray[np.float64]
    shrunk: NDArray[np.float64]
    towards: NDArray[np.float64]
    phi: NDArray[np.float64]
    psi: NDArray[np.float64]
    sigma2: float

    def error_covariance(self) -> NDArray[np.float64]:
        """Covariance of prediction minus random effect, fixed effects estimated.

        Returns
        -------
        ndarray of float, shape (m, 2, 2)
            In the coordinates of the sums.
        """
        spread = self.towards @ self.phi @ np.swapaxes(self.towards, 1, 2)
        return self.sigma2 * (self.shrunk + spread)

    def variance_of_mean(
        self, x: NDArray[np.float64], z: NDArray[np.float64], codes: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Variance of x'β̂ + z'û as a prediction of x'β + z'u.

        Parameters
        ----------
        x : ndarray of float, shape (n, p)
            Design rows in the orthonormal basis.
        z : ndarray of float, shape (n, 2)
            Random-effects design rows.
        codes : ndarray of int, shape (n,)
            Subject of each row, −1 for a subject not in the fit.

        Returns
        -------
        ndarray of float, shape (n,)
            Variances, unit of the outcome squared.
        """
        known = codes >= 0
        lean = x.copy()
        own = np.einsum("na,ab,nb->n", z, self.psi, z)
        at = codes[known]
        lean[known] -= np.einsum("nap,na->np", self.towards[at], z[known])
        own[known] = np.einsum("na,nab,nb->n", z[known], self.shrunk[at], z[known])
        return self.sigma2 * (own + np.einsum("np,pq,nq->n", lean, self.phi, lean))


def subject_effects(
    sums: SubjectSums, coordinates: Coordinates, optimum: Optimum, sigma2: float
) -> SubjectEffects:
    """Predict the random effects of every subject.

    Parameters
    ----------
    sums : SubjectSums
        Cross-products, one row per subject (not compressed).
    coordinates : Coordinates
        Units of the sums.
    optimum : Optimum
        The fit.
    sigma2 : float
        Residual variance.

    Returns
    -------
    SubjectEffects
        û = C Z'(y − Xβ̂), with everything their errors need.

    References
    ----------
    Henderson CR. Best linear unbiased estimation and prediction under a selection model.
    Biometrics 1975;31:423–447.
    """
    p11, p12, p22 = optimum.evaluation.psi
    det_psi = max(p11 * p22 - p12**2, 0.0)
    n, at, width = sums.n, sums.centre, sums.width
    second = width + n * at**2
    size = 1 + n * (p11 + at * (2 * p12 + at * p22)) + width * p22 + n * width * det_psi
    shrunk = np.empty((len(n), 2, 2))
    shrunk[:, 0, 0] = (p11 + det_psi * second) / size
    shrunk[:, 0, 1] = shrunk[:, 1, 0] = (p12 - det_psi * n * at) / size
    shrunk[:, 1, 1] = (p22 + det_psi * n) / size
    p = sums.fixed
    products = sums.products.reshape(len(n), 2, p + 1).copy()
    products[:, 1] += at[:, None] * products[:, 0]
    outer = optimum.evaluation.outer
    phi = np.asarray(np.linalg.inv(outer[:p, :p]), dtype=float)
    residual = products[:, :, p] - products[:, :, :p] @ (phi @ outer[:p, p])
    return SubjectEffects(
        deviations=coordinates.spread * np.einsum("mab,mb->ma", shrunk, residual),
        shrunk=shrunk,
        towards=shrunk @ products[:, :, :p],
        phi=phi,
        psi=np.array([[p11, p12], [p12, p22]]),
        sigma2=sigma2,
    )
