"""From a formula and a frame to design columns, named as in R, and how they hang on visits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError
from formulaic.model_spec import ModelSpec
from numpy.typing import NDArray

from ...errors import EstimationError
from .checks import check_visit_order

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Variable:
    """A variable of the formula: a number, or a factor with its levels in order.

    Parameters
    ----------
    name : str
        Column of the frame.
    levels : tuple
        Values of a factor as they were given; empty for a number.
    recoded : bool
        Whether the formula sees the labels of the levels (True) or the values themselves, as in
        `C(x)` of a numeric x.
    """

    name: str
    levels: tuple[object, ...] = ()
    recoded: bool = False

    @property
    def is_factor(self) -> bool:
        """Whether the variable has levels."""
        return bool(self.levels)

    @property
    def labels(self) -> list[str]:
        """Levels as text, as they appear in the names of coefficients."""
        return [level_label(level) for level in self.levels]

    def position(self, level: object) -> int:
        """Index of a level given as value or label."""
        labels = self.labels
        wanted = level_label(level)
        if wanted not in labels:
            raise EstimationError(
                f"{self.name} has no level named {wanted!r}.", f"Its levels are {labels}."
            )
        return labels.index(wanted)

    def column(self, codes: NDArray[Any]) -> pd.Series | pd.Categorical[str]:
        """Column for the formula from level codes."""
        if self.recoded:
            return pd.Categorical.from_codes(codes, categories=pd.Index(self.labels))
        return pd.Series(np.asarray(self.levels)[codes])

    def codes(self, column: pd.Series) -> NDArray[np.int64]:
        """Level codes of a column as `column` makes it."""
        if self.recoded:
            return column.cat.codes.to_numpy().astype(np.int64)
        return np.searchsorted(np.asarray(self.levels), column.to_numpy()).astype(np.int64)


def level_label(level: object) -> str:
    """Text of a level; a whole number stored as a float loses its point."""
    if isinstance(level, (float, np.floating)) and float(level).is_integer():
        return str(int(level))
    return str(level)


@dataclass(frozen=True)
class Column:
    """How one design column depends on the visit.

    `key` names the part that does not; `visit` is the only visit at which the column is not zero
    (None: any); `varies` says that the part may differ between a subject's visits.
    """

    key: str
    visit: int | None
    varies: bool


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


def parse(formula: str) -> tuple[Formula, Formula, list[str], list[str]]:
    """Sides of a formula and the variables that each one reads."""
    try:
        parsed = Formula(formula)
        left, right = parsed.lhs, parsed.rhs
        left_names = sorted(map(str, left.required_variables))
        right_names = sorted(map(str, right.required_variables))
    except (FormulaicError, AttributeError, SyntaxError) as error:
        raise EstimationError(
            f"The formula {formula!r} cannot be read: {error}.",
            "Write it as 'outcome ~ group * visit + baseline'.",
        ) from error
    if len(left) != 1:
        raise EstimationError(
            f"The formula {formula!r} has {len(left)} outcomes.", "Put exactly one left of the ~."
        )
    return left, right, left_names, right_names


def read_variable(
    name: str, column: pd.Series, *, is_visit: bool, keep_unused: bool
) -> tuple[Variable, NDArray[Any]]:
    """Variable and its codes (factor, -1 where missing) or numbers (NaN where missing)."""
    dtype = column.dtype
    numeric = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    if pd.api.types.is_datetime64_any_dtype(dtype) and not is_visit:
        raise EstimationError(
            f"{name} holds dates.", "Give the model a number of days since a fixed date instead."
        )
    if numeric and not is_visit:
        return Variable(name), column.to_numpy(dtype=float, na_value=np.nan)
    if isinstance(dtype, pd.CategoricalDtype):
        categories = column.cat.categories
        codes = column.cat.codes.to_numpy().astype(np.int64)
    else:
        codes, categories = pd.factorize(column, sort=True)
        codes = codes.astype(np.int64)
    if not keep_unused:
        used = np.zeros(len(categories), dtype=bool)
        used[codes[codes >= 0]] = True
        renumber = np.append(np.cumsum(used) - 1, -1)
        codes, categories = renumber[codes], categories[used]
    levels = tuple(categories)
    labels = [level_label(level) for level in levels]
    if len(set(labels)) < len(labels):
        raise EstimationError(f"{name} has levels that read the same.", "Rename them.")
    ordered = isinstance(dtype, pd.CategoricalDtype) and bool(column.cat.ordered)
    if is_visit and not ordered:
        check_visit_order(name, levels, labels)
    return Variable(name, levels, True), codes


def build(
    formula: str, right: Formula, visit: str, variables: Mapping[str, Variable], frame: pd.DataFrame
) -> tuple[Design, Array]:
    """Encode the right-hand side on a complete frame; the design without `columns`, and X."""
    try:
        matrix = right.get_model_matrix(frame, na_action="ignore")
    except (FormulaicError, ValueError, TypeError, ZeroDivisionError) as error:
        raise EstimationError(
            f"The right-hand side of {formula!r} cannot be worked out: {error}.",
            "Check the names and functions in it.",
        ) from error
    spec = matrix.model_spec
    variables = dict(variables)
    for name in _numeric_factors(spec, variables):
        variables[name] = Variable(name, tuple(np.unique(frame[name].to_numpy())), False)
    terms = {
        str(structure.term) if str(structure.term) != "1" else "(Intercept)": tuple(
            spec.column_names.index(column) for column in structure.columns
        )
        for structure in spec.structure
    }
    names = tuple(_r_name(column, spec) for column in spec.column_names)
    X = np.asarray(matrix, dtype=float)
    return Design(formula, visit, variables, spec, names, terms), X


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


def split_pieces(column: str) -> list[str]:
    """Split a column name at the colons outside brackets."""
    pieces, depth, start = [], 0, 0
    for i, letter in enumerate(column):
        if letter in "[(":
            depth += 1
        elif letter in "])":
            depth -= 1
        elif letter == ":" and depth == 0:
            pieces.append(column[start:i])
            start = i + 1
    return [*pieces, column[start:]]


def _factor_of(piece: str, spec: ModelSpec) -> str | None:
    for factor in sorted(map(str, spec.factors), key=len, reverse=True):
        if piece == factor or piece.startswith(factor + "["):
            return factor
    return None


def _r_name(column: str, spec: ModelSpec) -> str:
    if column == "Intercept":
        return "(Intercept)"
    pieces = []
    for piece in split_pieces(column):
        factor = _factor_of(piece, spec)
        level = piece[len(factor) :] if factor else ""
        if factor and level.startswith("[") and level.endswith("]"):
            level = re.sub(r"^[A-Z]\.", "", level[1:-1])
            pieces.append(factor + re.sub(r"^(-?\d+)\.0$", r"\1", level))
        else:
            pieces.append(piece)
    return ":".join(pieces)


def describe_columns(design: Design, varying: set[str]) -> tuple[Column, ...]:
    """How each column depends on the visit, from its name and the variables that vary in time."""
    spec = design.spec
    labels = design.variables[design.visit].labels
    reads = {str(factor): {str(v) for v in used} for factor, used in spec.factor_variables.items()}
    columns = []
    for name in spec.column_names:
        if name == "Intercept":
            columns.append(Column("1", None, False))
            continue
        key, visit, varies = [], None, False
        for piece in split_pieces(name):
            factor = _factor_of(piece, spec)
            used = reads.get(factor, {design.visit}) if factor else {design.visit}
            level = re.sub(r"^\[(T\.)?(.*)\]$", r"\2", piece[len(factor) :]) if factor else ""
            if used == {design.visit} and level in labels and visit is None:
                visit = labels.index(level)
            else:
                key.append(piece)
                varies = varies or bool(used & (varying | {design.visit}))
        columns.append(Column(":".join(key) or "1", visit, varies))
    return tuple(columns)
