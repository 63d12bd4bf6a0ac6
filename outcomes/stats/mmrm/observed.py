"""Covariance of the coefficients from the observed information, for outcomes missing at random.

The usual covariance (X'V^-1 X)^-1 takes the covariance parameters as known. That is right where
visits are missing completely at random: the cross-derivatives of the likelihood between
coefficients and covariance parameters then have expectation zero. Where subjects leave because of
what was seen of them they have not, and the usual standard errors are too small. The observed
information of both together holds whenever the likelihood does:

    Var(b) = Phi + Phi C' W C Phi,   C_h = d^2 (-l) / db d theta_h = X'A D_h A (y - X b),

the block of b of its inverse, with W the inverse of the profiled information of theta. Where
nothing is missing C is zero for means by visit, and the two agree.

References
----------
Kenward MG, Molenberghs G (1998). Likelihood based frequentist inference when data are missing at
random. Statistical Science 13:236-247.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fitted import Fitted

Array = NDArray[np.float64]


def observed_covariance(fitted: Fitted) -> Array:
    """Covariance (p, p) of the centred coefficients, from the information of all parameters."""
    point = fitted.optimum.point
    p = len(point.beta)
    residual = np.append(-point.beta, 1.0)
    C = fitted.optimum.derivative_products[:, :p, :] @ residual
    side = point.phi @ C.T
    return point.phi + side @ fitted.theta_covariance @ side.T
