"""From a formula and a frame to design columns, named as in R, and how they hang on visits."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula, ModelMatrix
from formulaic.errors import FormulaicError
from formulaic.model_spec import ModelSpec
from numpy.typing import NDArray

from ...errors import EstimationError
from .columns import Column, r_name
from .variables import Variable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """A formula bound to the levels of its variables.

    Parameters
    ----------
    formula : str
        Model formula with the outcome on the left.
    visit : str
        Variable of the visits, always a factor.
    variables : mapping of str to Variable
        Variables of the right-hand side, and the visit.
    spec : formulaic.ModelSpec
        Encoding of the right-hand side.
    names : tuple of str
        Coefficient names as in R.
    terms : mapping of str to tuple of int
        Positions of the coefficients of each term.
    columns : tuple of Column
        Dependence on the visit, for each coefficient.
    """

    formula: str
    visit: str
    variables: Mapping[str, Variable]
    spec: ModelSpec
    names: tuple[str, ...]
    terms: Mapping[str, tuple[int, ...]]
    columns: tuple[Column, ...] = field(default=())

    @property
    def visits(self) -> tuple[object, ...]:
        """Levels of the visit in order."""
        return self.variables[self.visit].levels

    @property
    def remembers_data(self) -> bool:
        """Whether a transform such as bs() or center() took numbers from the data."""
        return bool(self.spec.transform_state)

    def matrix(self, frame: pd.DataFrame) -> Array:
        """Design matrix (rows, p) of a frame whose factors are coded as `Variable.column` does."""
        return np.asarray(self.spec.get_model_matrix(frame, na_action="ignore"), dtype=float)


def parse(
    formula: str, columns: Collection[object]
) -> tuple[Formula, Formula, list[str], list[str]]:
    """Sides of a formula and the variables that each one reads among the columns of the data.

    A plain name counts as a variable whether or not there is such a column.
    """
    try:
        parsed = Formula(formula)
        left, right = parsed.lhs, parsed.rhs
        n_outcomes = len(left)
    except (FormulaicError, AttributeError, SyntaxError) as error:
        raise EstimationError(
            f"The formula {formula!r} cannot be read: {error}.",
            "Write it as 'outcome ~ group * visit + baseline'.",
        ) from error
    if n_outcomes != 1:
        raise EstimationError(
            f"The formula {formula!r} has {n_outcomes} outcomes.", "Put exactly one left of the ~."
        )
    return left, right, _variables(left, columns), _variables(right, columns)


def _variables(side: Formula, columns: Collection[object]) -> list[str]:
    # Formulaic's own list misses what functions with a memory, such as bs(), are applied to.
    found: set[str] = set()
    for term in side:
        for factor in term.factors:
            if factor.eval_method.value == "lookup":
                found.add(str(factor))
            elif factor.eval_method.value == "python":
                quoted = re.findall(r"`([^`]+)`", str(factor))
                code = re.sub(r"`[^`]+`", "None", str(factor))
                names = {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)}
                found |= {name for name in {*quoted, *names} if name in columns}
    return sorted(found)


def build(
    formula: str,
    right: Formula,
    visit: str,
    variables: Mapping[str, Variable],
    values: Mapping[str, NDArray[Any]],
) -> tuple[Design, Array | None]:
    """Encode the right-hand side; the design without `columns`, and X where it had to be made.

    A formula of variables alone, without functions, is encoded on a few made-up rows that hold
    every level; only functions need the data themselves.
    """
    functions = any(
        str(factor) not in variables and str(factor) not in ("0", "1")
        for term in right
        for factor in term.factors
    )
    if not functions:
        values = sample_values(variables)
    frame = coded_frame(variables, values)
    matrix = work_out(formula, right, frame)
    spec = matrix.model_spec
    variables = dict(variables)
    for name in _numeric_factors(spec, variables):
        variables[name] = Variable(name, tuple(np.unique(values[name])), False)
    terms = {
        str(structure.term) if str(structure.term) != "1" else "(Intercept)": tuple(
            spec.column_names.index(column) for column in structure.columns
        )
        for structure in spec.structure
    }
    names = tuple(r_name(column, spec) for column in spec.column_names)
    X = np.asarray(matrix, dtype=float) if functions else None
    return Design(formula, visit, variables, spec, names, terms), X


def work_out(formula: str, side: Formula, frame: pd.DataFrame) -> ModelMatrix:
    """Evaluate one side of a formula; what is undefined becomes NaN for the caller to find."""
    try:
        with np.errstate(all="ignore"):
            return side.get_model_matrix(frame, na_action="ignore")
    except (FormulaicError, ValueError, TypeError, ZeroDivisionError) as error:
        raise EstimationError(
            f"The formula {formula!r} cannot be worked out: {error}.",
            "Check the names and functions in it.",
        ) from error


def coded_frame(
    variables: Mapping[str, Variable], values: Mapping[str, NDArray[Any]]
) -> pd.DataFrame:
    """Frame that the formula reads, from level codes and numbers."""
    return pd.DataFrame(
        {
            name: variable.column(values[name]) if variable.is_factor else values[name]
            for name, variable in variables.items()
        }
    )


def sample_values(
    variables: Mapping[str, Variable], means: Mapping[str, float] | None = None
) -> dict[str, NDArray[Any]]:
    """Rows that hold every level of every factor, and for numbers a given value or one."""
    n = max(2, *(len(variable.levels) for variable in variables.values()))
    return {
        name: variable.values(np.arange(n) % len(variable.levels))
        if variable.is_factor
        else np.full(n, (means or {}).get(name, 1.0))
        for name, variable in variables.items()
    }


def _numeric_factors(spec: ModelSpec, variables: Mapping[str, Variable]) -> list[str]:
    """Numeric variables that the formula only uses as factors, as in C(x)."""
    kinds: dict[str, set[str]] = {}
    for factor, used in spec.factor_variables.items():
        if str(factor) in spec.encoder_state:
            kind = spec.encoder_state[str(factor)][0].value
            for variable in used:
                kinds.setdefault(str(variable), set()).add(kind)
    return [
        name
        for name, found in kinds.items()
        if found == {"categorical"} and name in variables and not variables[name].is_factor
    ]
