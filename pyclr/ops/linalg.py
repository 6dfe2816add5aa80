"""Linear algebra on the last two axes (Keras' `keras.ops.linalg`), by NumPy's LAPACK as host
functions. A matrix that can not be decomposed or inverted is a ValueError.
"""

from __future__ import annotations

import math

import numpy as np

from .. import _core
from .core import cast, convert_to_tensor
from .core.slices import take_slice
from .host import host_op
from .numpy.creation import eye
from .numpy.elementwise import where
from .numpy.indexing import tril, triu
from .numpy.products import matmul
from .numpy.reduction import max as largest
from .numpy.reduction import min as smallest
from .numpy.reduction import sum as total
from .numpy.shaping import expand_dims, swapaxes
from .operands import axes_of, floating, meet_floating

__all__ = [
    "cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "jvp", "lstsq", "lu_factor",
    "matrix_rank", "norm", "pinv", "qr", "solve", "solve_triangular", "svd",
]  # fmt: skip

_ops = _core.ops


def _transposed(x):
    return swapaxes(x, -1, -2)


def _matrices(x, square=True):
    x = floating(x)
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        kind = "square matrices" if square else "matrices"
        raise ValueError(f"A tensor of {kind} is needed. Received: shape={x.shape}")
    return x


def _same_shape(x, *rest, **parameters):
    return [x]


# --- Determinants, inverses, solutions -----------------------------------------------------------


def det(x):
    """Returns the determinants of square matrices."""
    return _det(_matrices(x))


def _det_vjp(inputs, outputs, gradients):
    scale = expand_dims(_ops.multiply(gradients[0], outputs[0]), (-2, -1))
    return [_ops.multiply(scale, _transposed(inv(inputs[0])))]


_det = host_op(np.linalg.det, _det_vjp, lambda x: [x[:-2]])


def inv(x):
    """Returns the inverses of square matrices."""
    return _inv(_matrices(x))


def _inv_vjp(inputs, outputs, gradients):
    y = _transposed(outputs[0])
    return [_ops.negative(matmul(matmul(y, gradients[0]), y))]


_inv = host_op(np.linalg.inv, _inv_vjp, _same_shape)


def solve(a, b):
    """Returns x with a x = b.

    Args:
        a: Tensor of square matrices `(..., n, n)`.
        b: Tensor `(..., n, k)`, or one vector `(..., n)` for each matrix.
    """
    a, b = meet_floating(a, b)
    a = _matrices(a)
    if b.ndim == a.ndim - 1:
        return _ops.reshape(solve(a, expand_dims(b, -1)), shape=b.shape)
    if b.ndim != a.ndim or b.shape[-2] != a.shape[-1]:
        raise ValueError(
            "`b` must have the shape (..., n, k) or (..., n) for `a` of shape (..., n, n). "
            f"Received: a.shape={a.shape}, b.shape={b.shape}"
        )
    return _solve(a, b)


def _solve_vjp(inputs, outputs, gradients):
    db = _solve(_transposed(inputs[0]), gradients[0])
    return [_ops.negative(matmul(db, _transposed(outputs[0]))), db]


_solve = host_op(np.linalg.solve, _solve_vjp, lambda a, b: [b])


def solve_triangular(a, b, lower=False):
    """Returns x with a x = b, where only one triangle of `a` counts.

    Args:
        a: Tensor of square matrices `(..., n, n)`.
        b: Tensor `(..., n, k)` or `(..., n)`.
        lower: Boolean, whether the lower triangle counts. Defaults to the upper one.
    """
    return solve(tril(a) if lower else triu(a), b)


def cholesky(x, upper=False):
    """Returns the Cholesky factors L of symmetric positive definite matrices: x = L L^T.

    Args:
        x: Tensor of matrices.
        upper: Boolean, whether L^T is returned instead.
    """
    factor = _cholesky(_matrices(x))
    return _transposed(factor) if upper else factor


def _cholesky_vjp(inputs, outputs, gradients):
    # Iain Murray, arXiv 1602.07527: with P = tril(L^T dL), its diagonal halved, the gradient is
    # the symmetric part of L^-T P L^-1.
    factor = outputs[0]
    n = factor.shape[-1]
    halved = _ops.subtract(1.0, _ops.multiply(eye(n, dtype=factor.dtype), 0.5))
    inner = _ops.multiply(tril(matmul(_transposed(factor), gradients[0])), halved)
    left = solve(_transposed(factor), inner)
    whole = _transposed(solve(_transposed(factor), _transposed(left)))
    return [_ops.multiply(_ops.add(whole, _transposed(whole)), 0.5)]


_cholesky = host_op(np.linalg.cholesky, _cholesky_vjp, _same_shape)


def cholesky_inverse(x, upper=False):
    """Returns the inverses of matrices from their Cholesky factors.

    Args:
        x: Tensor of triangular matrices L (x = L L^T).
        upper: Boolean, whether they are upper ones, L^T.
    """
    x = _matrices(x)
    identity = _ops.broadcast_to(eye(x.shape[-1], dtype=x.dtype), shape=x.shape)
    inverse = solve_triangular(x, identity, lower=not upper)
    return matmul(inverse, _transposed(inverse)) if upper else matmul(_transposed(inverse), inverse)


def lu_factor(x):
    """Returns the factors of x = P L U in one matrix - L below the diagonal, where it has ones, and
    U - and the pivots: the row that each row was exchanged with, int32.

    Args:
        x: Tensor of matrices `(..., m, n)`.
    """
    x = _matrices(x, square=False)
    factors, pivots = _lu(x)
    return factors, cast(pivots, "int32")


def _np_lu(x):
    lu = x.copy()
    m, n = x.shape[-2:]
    pivots = np.zeros((*x.shape[:-2], min(m, n)), x.dtype)
    for at in np.ndindex(*x.shape[:-2]):
        a = lu[at]
        for k in range(min(m, n)):
            p = k + int(np.argmax(np.abs(a[k:, k])))
            pivots[(*at, k)] = p
            a[[k, p]] = a[[p, k]]
            if a[k, k]:
                a[k + 1 :, k] /= a[k, k]
                a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return lu, pivots


_lu = host_op(_np_lu, None, lambda x: [x, (*x[:-2], min(x[-2:]))])


def lstsq(a, b, rcond=None):
    """Returns the x of least norm that makes |a x - b| least.

    Args:
        a: Matrix `(m, n)`.
        b: Tensor `(m,)` or `(m, k)`.
        rcond: Number: singular values below that share of the largest count as zero.
    """
    a, b = meet_floating(a, b)
    x = matmul(pinv(a, rcond), b if b.ndim > 1 else expand_dims(b, 1))
    return x if b.ndim > 1 else _ops.reshape(x, shape=[-1])


def pinv(x, rcond=None):
    """Returns the pseudo-inverses of matrices (Moore and Penrose).

    Args:
        x: Tensor of matrices `(..., m, n)`.
        rcond: Number: singular values below that share of the largest count as zero. Defaults to
            max(m, n) times the dtype's machine epsilon.
    """
    x = _matrices(x, square=False)
    if rcond is None:
        rcond = max(x.shape[-2:]) * float(np.finfo(x.dtype).eps)
    return _pinv(x, rcond=float(rcond))


def _np_pinv(x, rcond):
    return np.linalg.pinv(x, rcond)


def _pinv_vjp(inputs, outputs, gradients, rcond):
    # Golub & Pereyra (1973), for matrices whose rank stays the same.
    a, p, g = inputs[0], outputs[0], gradients[0]
    p_t, g_t = _transposed(p), _transposed(g)
    first = _ops.negative(matmul(p_t, matmul(g, p_t)))
    left = _ops.subtract(g_t, matmul(a, matmul(p, g_t)))
    right = _ops.subtract(g_t, matmul(matmul(g_t, p), a))
    second = matmul(left, matmul(p, p_t))
    third = matmul(matmul(p_t, p), right)
    return [_ops.add(first, _ops.add(second, third))]


_pinv = host_op(_np_pinv, _pinv_vjp, lambda x, rcond: [(*x[:-2], x[-1], x[-2])])


def matrix_rank(x, tol=None):
    """Returns how many singular values of matrices are greater than a bound, int32.

    Args:
        x: Tensor of matrices `(..., m, n)`.
        tol: Number. Defaults to the largest singular value times max(m, n) times the dtype's
            machine epsilon.
    """
    x = _matrices(x, square=False)
    values = svd(x, compute_uv=False)
    if tol is None:
        share = max(x.shape[-2:]) * float(np.finfo(x.dtype).eps)
        tol = _ops.multiply(largest(values, -1, keepdims=True), share)
    return total(cast(_ops.greater(values, tol), "int32"), -1)


# --- Decompositions ------------------------------------------------------------------------------


def qr(x, mode="reduced"):
    """Returns Q with orthonormal columns and upper triangular R, x = Q R.

    Args:
        x: Tensor of matrices `(..., m, n)`. The gradient is for the reduced form with m >= n.
        mode: `"reduced"` (Q of min(m, n) columns) or `"complete"` (m columns).
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"Argument `mode` must be 'reduced' or 'complete'. Received: {mode!r}")
    return _qr(_matrices(x, square=False), mode=mode)


def _np_qr(x, mode):
    q, r = np.linalg.qr(x, mode)
    return q, r


def _qr_shapes(x, mode):
    *batch, m, n = x
    k = m if mode == "complete" else min(m, n)
    return [(*batch, m, k), (*batch, k, n)]


def _or_zeros(gradients, outputs):
    return [
        _ops.full(shape=y.shape, dtype=y.dtype) if g is None else g
        for g, y in zip(gradients, outputs)
    ]


def _qr_vjp(inputs, outputs, gradients, mode):
    m, n = inputs[0].shape[-2:]
    if m < n or (mode == "complete" and m > n):
        raise ValueError(
            "The gradient of `qr` is for mode='reduced' and matrices with at least as many rows as "
            f"columns. Received: mode={mode!r}, shape={inputs[0].shape}"
        )
    # Walter & Lehmann, arXiv 1009.6112.
    q, r = outputs
    dq, dr = _or_zeros(gradients, outputs)
    inner = _ops.subtract(matmul(r, _transposed(dr)), matmul(_transposed(dq), q))
    lower = tril(inner)
    symmetric = _ops.subtract(
        _ops.add(lower, _transposed(lower)), _ops.multiply(inner, eye(n, dtype=r.dtype))
    )
    right = _ops.add(dq, matmul(q, symmetric))
    return [_transposed(solve(r, _transposed(right)))]


_qr = host_op(_np_qr, _qr_vjp, _qr_shapes)


def svd(x, full_matrices=True, compute_uv=True):
    """Returns U, the singular values S in falling order, and V^T, x = U diag(S) V^T.

    Args:
        x: Tensor of matrices `(..., m, n)`. The gradient is for `full_matrices=False`, or for S
            alone, and distinct singular values.
        full_matrices: Boolean, whether U and V are square.
        compute_uv: Boolean, whether U and V^T are returned.
    """
    x = _matrices(x, square=False)
    if compute_uv:
        return _svd(x, full_matrices=bool(full_matrices))
    return _svd(x, full_matrices=False)[1]


def _np_svd(x, full_matrices):
    u, s, vt = np.linalg.svd(x, full_matrices)
    return u, s, vt


def _svd_shapes(x, full_matrices):
    *batch, m, n = x
    k = min(m, n)
    columns, rows = (m, n) if full_matrices else (k, k)
    return [(*batch, m, columns), (*batch, k), (*batch, rows, n)]


def _svd_vjp(inputs, outputs, gradients, full_matrices):
    m, n = inputs[0].shape[-2:]
    if full_matrices and m != n and (gradients[0] is not None or gradients[2] is not None):
        raise ValueError("The gradient of `svd` needs full_matrices=False.")
    u, s, vt = outputs
    du, ds, dvt = _or_zeros(gradients, outputs)
    k = s.shape[-1]
    if full_matrices:  # only the values' gradient: of the other vectors nothing is needed
        u, du = (take_slice(x, [0] * x.ndim, [*x.shape[:-1], k]) for x in (u, du))
        vt, dvt = (take_slice(x, [0] * x.ndim, [*x.shape[:-2], k, n]) for x in (vt, dvt))
    # James Townsend, "Differentiating the singular value decomposition" (2016).
    ut = _transposed(u)
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    gap = _ops.multiply(_ops.subtract(row, column), _ops.add(row, column))
    same = eye(k, dtype="bool")
    f = where(same, 0.0, _ops.divide(1.0, where(same, 1.0, gap)))
    utdu, vtdv = matmul(ut, du), matmul(vt, _transposed(dvt))
    left = _ops.multiply(_ops.multiply(f, _ops.subtract(utdu, _transposed(utdu))), row)
    right = _ops.multiply(column, _ops.multiply(f, _ops.subtract(vtdv, _transposed(vtdv))))
    core = _ops.add(
        _ops.add(left, right), _ops.multiply(expand_dims(ds, -2), eye(k, dtype=s.dtype))
    )
    dx = matmul(u, matmul(core, vt))
    # What is outside of the spans of U and V.
    if m > k:
        outside = _ops.subtract(du, matmul(u, utdu))
        dx = _ops.add(dx, matmul(_ops.divide(outside, row), vt))
    if n > k:
        outside = _ops.subtract(dvt, matmul(_transposed(vtdv), vt))
        dx = _ops.add(dx, matmul(u, _ops.divide(outside, column)))
    return [dx]


_svd = host_op(_np_svd, _svd_vjp, _svd_shapes)


def eigh(x):
    """Returns the eigenvalues in rising order, and the eigenvectors as columns, of symmetric
    matrices, of which the lower triangle is read."""
    return _eigh(_matrices(x))


def _np_eigh(x):
    values, vectors = np.linalg.eigh(x)
    return values, vectors


def _eigh_vjp(inputs, outputs, gradients):
    values, vectors = outputs
    dvalues, dvectors = _or_zeros(gradients, outputs)
    n = values.shape[-1]
    gap = _ops.subtract(expand_dims(values, -2), expand_dims(values, -1))
    same = eye(n, dtype="bool")
    f = where(same, 0.0, _ops.divide(1.0, where(same, 1.0, gap)))
    vt = _transposed(vectors)
    core = _ops.add(
        _ops.multiply(f, matmul(vt, dvectors)),
        _ops.multiply(expand_dims(dvalues, -2), eye(n, dtype=values.dtype)),
    )
    dx = matmul(vectors, matmul(core, vt))
    # Each element below the diagonal stands for two.
    lower = tril(_ops.add(dx, _transposed(dx)))
    return [_ops.subtract(lower, _ops.multiply(dx, eye(n, dtype=dx.dtype)))]


_eigh = host_op(_np_eigh, _eigh_vjp, lambda x: [x[:-1], x])


def eig(x):
    """Returns the eigenvalues and the eigenvectors, as columns, of square matrices.

    Raises:
        ValueError: if an eigenvalue is complex: tensors are real.
    """
    return _eig(_matrices(x))


def _np_eig(x):
    values, vectors = np.linalg.eig(x)
    if np.iscomplexobj(values) and np.abs(values.imag).any():
        raise ValueError("eig: a matrix has complex eigenvalues; tensors are real.")
    return values.real, vectors.real


_eig = host_op(_np_eig, None, lambda x: [x[:-1], x])


# --- Norms and products --------------------------------------------------------------------------


def norm(x, ord=None, axis=None, keepdims=False):
    """Returns a norm of vectors or matrices.

    Args:
        x: Tensor.
        ord: `None` (the square root of the sum of squares), a number or infinity; of matrices
            `"fro"`, `"nuc"`, 1, -1, 2, -2 or infinity.
        axis: Integer: vectors; pair of integers: matrices; `None`: the whole tensor.
        keepdims: Boolean, whether the reduced axes are kept with size 1.
    """
    x = floating(x)
    if axis is None and ord is not None and x.ndim > 2:
        raise ValueError(
            "Argument `axis` must be given for `ord` and a tensor of more than two axes. "
            f"Received: ord={ord!r}, x.shape={x.shape}"
        )
    axes = axes_of(axis, x.ndim)
    if ord is None or (len(axes) == 2 and ord == "fro"):
        # The slope at zero is taken as 0, not NaN.
        squares = total(_ops.square(x), axes, keepdims)
        zero = squares == 0
        return where(zero, 0.0, _ops.sqrt(where(zero, 1.0, squares)))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"Argument `axis` must name one or two axes. Received: axis={axis}")


def _vector_norm(x, ord, axes, keepdims):
    if isinstance(ord, str):
        raise ValueError(f"Argument `ord` must be a number for vectors. Received: ord={ord!r}")
    size = _ops.abs(x)
    if ord == math.inf:
        return largest(size, axes, keepdims)
    if ord == -math.inf:
        return smallest(size, axes, keepdims)
    if ord == 0:
        return total(cast(_ops.not_equal(x, 0), x.dtype), axes, keepdims)
    if ord == 1:
        return total(size, axes, keepdims)
    return _ops.power(total(_ops.power(size, ord), axes, keepdims), 1 / ord)


def _matrix_norm(x, ord, axes, keepdims):
    if ord in (2, -2, "nuc"):
        others = [i for i in range(x.ndim) if i not in axes]
        values = svd(_ops.transpose(x, permutation=[*others, *axes]), compute_uv=False)
        reduce = {2: largest, -2: smallest, "nuc": total}[ord]
        result = reduce(values, -1)
        kept = [1 if i in axes else dim for i, dim in enumerate(x.shape)]
        return _ops.reshape(result, shape=kept) if keepdims else result
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(
            "Argument `ord` must be None, 'fro', 'nuc', 1, -1, 2, -2 or infinity for matrices. "
            f"Received: ord={ord!r}"
        )
    summed, compared = axes if abs(ord) == 1 else axes[::-1]
    sums = total(_ops.abs(x), summed, keepdims=True)
    result = (largest if ord > 0 else smallest)(sums, compared, keepdims=True)
    if keepdims:
        return result
    return _ops.reshape(result, shape=[d for i, d in enumerate(x.shape) if i not in axes])


def jvp(fun, primals, tangents, has_aux=False):
    """Returns the value of a function and its derivative in a direction (a Jacobian-vector
    product), by two vector-Jacobian products.

    Args:
        fun: Function of tensors that returns a tensor or a structure of tensors; with `has_aux`,
            that and something else.
        primals: Sequence of tensors, where.
        tangents: Sequence of tensors of the same shapes, in which direction.
        has_aux: Boolean.

    Returns:
        The value, the derivative in the form of the value, and with `has_aux` the rest.
    """
    from .. import tree

    primals = [convert_to_tensor(x) for x in primals]
    tangents = [convert_to_tensor(x, p.dtype) for x, p in zip(tangents, primals)]
    # The vector-Jacobian product is linear in its seeds: its derivative by them is the answer.
    outer, inner = _core.Tape(), _core.Tape()
    for x in primals:
        inner.watch(x)
    inner.start()
    try:
        output = fun(*primals)
    finally:
        inner.stop()
    output, aux = output if has_aux else (output, None)
    targets = [convert_to_tensor(y) for y in tree.flatten(output)]
    seeds = [_ops.full(shape=y.shape, dtype=y.dtype) for y in targets]
    for seed in seeds:
        outer.watch(seed)
    outer.start()
    try:
        gradients = inner.gradient(targets, primals, seeds)
    finally:
        outer.stop()
    pairs = [(g, t) for g, t in zip(gradients, tangents) if g is not None]
    derivatives = [None] * len(seeds)
    if pairs:
        derivatives = outer.gradient([g for g, _ in pairs], seeds, [t for _, t in pairs])
    zeros = [_ops.full(shape=y.shape, dtype=y.dtype) for y in targets]
    tangent = tree.pack_like(output, [z if d is None else d for d, z in zip(derivatives, zeros)])
    return (output, tangent, aux) if has_aux else (output, tangent)
