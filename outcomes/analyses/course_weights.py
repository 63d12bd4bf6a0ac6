"""Weights for leaving a course of sessions, and the plateau of the weighted course."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.stats.weights import Decision, WeightFit, WeightModels

Floats = NDArray[np.float64]


class CourseWeights:
    """Weights for leaving the course, refitted in resamples.

    Parameters
    ----------
    course : DataFrame
        As made by `derive_course_sessions`, every row with a last score.
    sessions : int
        Last session looked at.
    scale : (float, float)
        Lowest value of the score and one tenth of its range.
    """

    def __init__(
        self, course: pd.DataFrame, sessions: int, scale: tuple[float, float] = (0.0, 1.0)
    ) -> None:
        tenths = (course["last"] - scale[0]) / scale[1]
        frame = course.assign(
            told=course["goes_on"].notna(),
            ends=1 - course["goes_on"].fillna(1),
            last=tenths,
            high=(tenths - 3).clip(lower=0),
        )
        self.sessions = sessions
        decision = Decision(
            "ending", "ends", "last + high + C(session)", None, keep=0, at_risk="told"
        )
        self.models = WeightModels(frame, [decision], subject="patient_id", period="session")
        self.patient, self.session = self.models.unit, course["session"].to_numpy() - 1
        self.score = self._square(course["score"].to_numpy())
        self.whole = self.models.fit()

    def _square(self, values: Floats) -> Floats:
        out = np.full((self.models.n_subjects, self.sessions), np.nan)
        out[self.patient, self.session] = values
        return out

    def weights(self, fit: WeightFit) -> Floats:
        """Weights of who is at each session.

        Parameters
        ----------
        fit : WeightFit
            Fit of the models.

        Returns
        -------
        ndarray of float, shape (n, sessions)
            Π over the sessions before of 1/P(goes on); 0 without a score.
        """
        through = self._square(fit.weights)
        before = np.ones_like(through)
        before[:, 1:] = through[:, :-1]
        return np.where(np.isnan(self.score), 0.0, np.nan_to_num(before))

    def means(self, fit: WeightFit, counts: Floats | None = None) -> Floats:
        """Weighted mean of each session.

        Parameters
        ----------
        fit, counts
            Fit, and how often each patient counts.

        Returns
        -------
        ndarray of float, shape (sessions,)
            Means, missing where nobody is left.
        """
        w = self.weights(fit) * (1.0 if counts is None else counts[:, None])
        total = w.sum(axis=0)
        summed = (w * np.nan_to_num(self.score)).sum(axis=0)
        return np.divide(summed, total, out=np.full(self.sessions, np.nan), where=total > 0)


def plateau(means: Floats, margin: float) -> float:
    """Find the first session that is less than a margin above the last.

    Parameters
    ----------
    means : ndarray of float, shape (sessions,)
        Mean pain by session.
    margin : float
        Points.

    Returns
    -------
    float
        Number of the session, missing where the last mean is.
    """
    near = means - means[-1] < margin
    return float(np.argmax(near) + 1) if near.any() else float("nan")
