"""Mean and variance of counts and proportions, as quasi-likelihood needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Link = Literal["log", "logit"]


@dataclass(frozen=True)
class Family:
    """A link and a variance function.

    Parameters
    ----------
    name : str
        For the reader.
    link : {"log", "logit"}
        log: rates; logit: proportions.
    excess : float
        Variance beyond Poisson: μ + excess · μ². Only with the log link.
    """

    name: str
    link: Link
    excess: float = 0.0

    def variance(self, mean: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the variance of an observation with this mean, up to a scale.

        Parameters
        ----------
        mean : ndarray of float
            Means.

        Returns
        -------
        ndarray of float
            Same shape.
        """
        if self.link == "logit":
            return mean * (1 - mean)
        return mean + self.excess * mean**2


def inverse_link(link: Link, predictor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map a linear predictor to the mean.

    Parameters
    ----------
    link : {"log", "logit"}
        Link.
    predictor : ndarray of float
        Linear predictor.

    Returns
    -------
    ndarray of float
        Means, same shape.
    """
    # Beyond these the mean overflows or its complement is lost; only divergence gets there.
    if link == "logit":
        return expit(np.clip(predictor, -30, 30))
    return np.exp(np.clip(predictor, -700, 700))


def link_function(link: Link, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map a mean to the linear predictor.

    Parameters
    ----------
    link : {"log", "logit"}
        Link.
    mean : ndarray of float
        Means.

    Returns
    -------
    ndarray of float
        Linear predictor, same shape.
    """
    return logit(mean) if link == "logit" else np.log(mean)


def mean_slope(link: Link, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differentiate the mean by the linear predictor, given the mean.

    Parameters
    ----------
    link : {"log", "logit"}
        Link.
    mean : ndarray of float
        Means.

    Returns
    -------
    ndarray of float
        Same shape.
    """
    return mean * (1 - mean) if link == "logit" else mean
