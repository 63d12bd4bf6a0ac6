"""The observed covariance against numerical derivatives of a likelihood written out here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.mmrm import fit_mmrm

VISITS = 3


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    """Sixty subjects who leave because of their last outcome."""
    rng = np.random.default_rng(8)
    full = np.array([7.0, 5.0, 4.0]) + rng.normal(0, 1.2, (60, 1)) + rng.normal(0, 1, (60, 3))
    for t in (1, 2):
        leaves = full[:, t - 1] > full[:, t - 1].mean() + rng.normal(0.3, 0.5, 60)
        full[leaves, t:] = np.nan
    return full


def long(scores: np.ndarray) -> pd.DataFrame:
    row, column = np.nonzero(~np.isnan(scores))
    return pd.DataFrame({"who": row, "time": column, "y": scores[row, column]})


def minus_log_likelihood(parameters: np.ndarray, scores: np.ndarray) -> float:
    """Normal likelihood of the means and the covariance entries themselves."""
    mean, entries = parameters[:VISITS], parameters[VISITS:]
    sigma = np.zeros((VISITS, VISITS))
    sigma[np.tril_indices(VISITS)] = entries
    sigma = sigma + np.tril(sigma, -1).T
    total = 0.0
    for row in scores:
        seen = ~np.isnan(row)
        part = sigma[np.ix_(seen, seen)]
        residual = row[seen] - mean[seen]
        total += np.linalg.slogdet(part)[1] + residual @ np.linalg.solve(part, residual)
    return total / 2


def hessian(parameters: np.ndarray, scores: np.ndarray, step: float = 1e-4) -> np.ndarray:
    size = len(parameters)
    out = np.empty((size, size))
    unit = step * np.eye(size)
    for i in range(size):
        for j in range(size):
            corners = [
                minus_log_likelihood(parameters + a * unit[i] + b * unit[j], scores)
                for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            out[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    return out


def errors(scores: np.ndarray, vcov: str, reml: bool = True) -> np.ndarray:
    fit = fit_mmrm("y ~ 0 + time", long(scores), subject="who", visit="time", reml=reml)
    return fit.coefficients(vcov=vcov)["std_error"].to_numpy()  # type: ignore[arg-type]


def test_equal_to_the_inverse_of_the_whole_information(scores: np.ndarray) -> None:
    fit = fit_mmrm("y ~ 0 + time", long(scores), subject="who", visit="time", reml=False)
    sigma = np.asarray(fit.covariance)
    optimum = np.append(fit.coefficients()["estimate"], sigma[np.tril_indices(VISITS)])
    whole = np.linalg.inv(hessian(optimum, scores))
    expected = np.sqrt(np.diag(whole)[:VISITS])
    assert errors(scores, "observed", reml=False) == pytest.approx(expected, rel=1e-4)


def test_larger_than_the_usual_one_where_the_outcome_decides_who_leaves(
    scores: np.ndarray,
) -> None:
    ratio = errors(scores, "observed") / errors(scores, "model")
    assert ratio[0] == pytest.approx(1, abs=1e-6)
    assert ratio[2] > 1.1


def test_the_same_where_nothing_is_missing(scores: np.ndarray) -> None:
    complete = scores[~np.isnan(scores).any(axis=1)]
    assert errors(complete, "observed") == pytest.approx(errors(complete, "model"), rel=1e-6)


def test_does_not_depend_on_how_the_design_is_written(scores: np.ndarray) -> None:
    means = fit_mmrm("y ~ 0 + time", long(scores), subject="who", visit="time")
    changes = fit_mmrm("y ~ time", long(scores), subject="who", visit="time")
    one = means.contrast([[-1, 0, 1]], vcov="observed")["std_error"][0]
    other = changes.coefficients(vcov="observed")["std_error"][2]
    assert one == pytest.approx(other, rel=1e-6)
