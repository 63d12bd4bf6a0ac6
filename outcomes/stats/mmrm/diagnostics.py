"""What to look at before trusting a fit: counts, curvature, residuals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .description import Description
from .fitted import Fitted
from .moments import GridMoments, RowMoments
from .rows import Rows
from .sandwich import pad, subject_whitening

Array = NDArray[np.float64]


def diagnose(fitted: Fitted, description: Description, n_withheld: int) -> dict[str, object]:
    """Facts of a fit; see `MmrmResult.diagnostics`."""
    optimum, data = fitted.optimum, fitted.likelihood.data
    H = optimum.hessian
    scale = np.sqrt(np.maximum(np.abs(np.diag(H)), 1e-300))
    facts: dict[str, object] = {
        "converged": not optimum.problems,
        "problems": list(optimum.problems),
        "attempts": list(optimum.attempts),
        "iterations": optimum.iterations,
        "largest_gradient": float(np.abs(optimum.gradient).max()),
        "smallest_curvature": float(np.linalg.eigvalsh(H / np.outer(scale, scale))[0]),
        "n_subjects": description.n_subjects,
        "n_rows": description.n_rows,
        "n_read": description.n_read,
        "n_missing": description.n_missing,
        "n_withheld": n_withheld,
    }
    if isinstance(data, GridMoments):
        conditions = []
        for theta in fitted.likelihood.split(optimum.point.theta):
            sigma = data.structure.covariance(theta, data.n_visits)
            sd = np.sqrt(np.diag(sigma))
            conditions.append(float(np.linalg.cond(sigma / np.outer(sd, sd))))
        counts = data.n_subjects @ data.seen
        facts["covariance_condition"] = max(conditions)
        facts["n_patterns"] = len(data.seen)
        facts["subjects_per_visit"] = {
            level: int(count)
            for level, count in zip(description.design.visits, counts, strict=True)
        }
    return facts


def residual_frame(fitted: Fitted, rows: Rows) -> pd.DataFrame:
    """Fitted values and residuals of each row; see `MmrmResult.residual_frame`."""
    fit = rows.matrix @ fitted.beta
    residual = rows.y - fit
    L = subject_whitening(fitted, rows)
    data, thetas = fitted.likelihood.data, fitted.likelihood.split(fitted.optimum.point.theta)
    if isinstance(data, RowMoments):
        variance = np.exp(2.0 * thetas[rows.group, 0])[rows.subject]
    else:
        sigma = np.stack([data.structure.covariance(theta, data.n_visits) for theta in thetas])
        variance = np.einsum("gtt->gt", sigma)[rows.group[rows.subject], rows.visit]
    weight = np.ones(len(rows.y)) if rows.weight is None else rows.weight[rows.subject]
    normalised = np.einsum("nts,ns->nt", L, pad(rows, residual, L.shape[1]))
    return pd.DataFrame(
        {
            "fitted": fit,
            "residual": residual,
            "standardised": residual * np.sqrt(weight / variance),
            "normalised": normalised[rows.subject, rows.visit] * np.sqrt(weight),
        },
        index=rows.index,
    )
