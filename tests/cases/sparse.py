"""Sparse matrices along an axis, against the dense ones."""

import numpy as np

from cases.case import Bench, Case, bound_sum, normal

TAPS, ROWS, COLUMNS = 3, 5, 4


def tables(matrix, dtype):
    """The elements of each row, and of each row of the transpose; zeros fill up."""
    found = []
    for rows in (matrix, matrix.T):
        count = (rows != 0).sum(1).max()
        order = np.argsort(rows == 0, axis=1, kind="stable")[:, :count]
        found += [order.astype("int32"), np.take_along_axis(rows, order, 1).astype(dtype)]
    return found


def sparse_inputs(rng, dtype, shape):
    matrix = np.zeros((ROWS, COLUMNS))
    for row in matrix:
        row[rng.permutation(COLUMNS)[: rng.integers(1, TAPS + 1)]] = rng.normal()
    return [normal(rng, shape, dtype), *tables(matrix, dtype)]


def sparse_along_axis(x, indices, weights, back, back_weights, axis=0):
    matrix = np.zeros((len(indices), len(back)))
    for row, places, values in zip(matrix, indices, weights):
        np.add.at(row, places, values)
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)


def sparse_case(axis, leading):
    return Case(
        "sparse_along_axis",
        lambda rng, n, dtype: sparse_inputs(rng, dtype, (*leading, COLUMNS, n)),
        sparse_along_axis,
        bound=bound_sum(lambda inputs: TAPS, 0, 2),
        attrs={"axis": axis},
        gradient=(0,),
        label=f"axis{axis}",
        bench=Bench(lambda rng, dtype: sparse_inputs(rng, dtype, (*leading, COLUMNS, 16384))),
    )


CASES = [sparse_case(0, ()), sparse_case(1, (2,))]
