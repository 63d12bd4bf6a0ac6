"""Matrix products of middling size on one thread.

BLAS starts its threads for products of more than about 2^18 multiplications. For the sizes met here
that saves nothing on an idle machine, and where other work runs on the cores the threads wait for
each other: a fit of 0.06 s took 0.8 s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ONE_THREAD = 2**18
WORTH_THREADS = 2**27


def product(a: Array, b: Array) -> Array:
    """Multiply (m, k) by (k, n), in pieces of k that BLAS keeps on one thread."""
    (m, k), n = a.shape, b.shape[1]
    step = ONE_THREAD // max(m * n, 1)
    if m * n * k <= ONE_THREAD or m * n * k > WORTH_THREADS or step < 4:
        return np.asarray(a @ b)
    out = np.zeros((m, n))
    for start in range(0, k, step):
        out += a[:, start : start + step] @ b[start : start + step]
    return out
