// Second derivatives of the pointwise functions, as ordinary Calls, so that every further
// derivative exists too. The first ones stand in kernels/pointwise.inc.
#include "ops/ops.h"

namespace pyclr {

namespace {

// Formulas over tensors and numbers.
struct Term {
  Tensor tensor;
  Term(Tensor t) : tensor(std::move(t)) {}  // NOLINT
};
Term number(const Term& like, double value) { return full({}, like.tensor->dtype, value); }
Term operator+(const Term& a, const Term& b) { return add(a.tensor, b.tensor); }
Term operator-(const Term& a, const Term& b) { return subtract(a.tensor, b.tensor); }
Term operator*(const Term& a, const Term& b) { return multiply(a.tensor, b.tensor); }
Term operator/(const Term& a, const Term& b) { return divide(a.tensor, b.tensor); }
Term operator-(const Term& a) { return negative(a.tensor); }
Term operator+(const Term& a, double b) { return a + number(a, b); }
Term operator*(double a, const Term& b) { return number(b, a) * b; }
Term operator-(double a, const Term& b) { return number(b, a) - b; }
Term operator/(double a, const Term& b) { return number(b, a) / b; }
Term apply(const Op& op, const Term& x) { return launch_one(op, {x.tensor}); }

// x^-1.5
Term to_minus_three_halves(const Term& x) {
  const Term r = apply(rsqrt_op, x);
  return r * r * r;
}

Term gelu_tanh_curvature(const Term& x) {
  constexpr double c = 0.7978845608028654, a = 0.044715;  // sqrt(2 / pi), and of the cubic term
  const Term x2 = x * x;
  const Term t = apply(tanh_op, c * (x * (a * x2 + 1)));
  const Term u1 = c * (3 * a * x2 + 1), u2 = 6 * a * c * x, s = 1 - t * t;
  return s * u1 + 0.5 * x * s * (u2 - 2 * t * u1 * u1);
}

Term mish_curvature(const Term& x) {
  const Term t = apply(tanh_op, apply(softplus_op, x)), s = apply(sigmoid_op, x);
  const Term slope = (1 - t * t) * s;
  return 2 * slope + x * slope * (1 - s - 2 * t * s);
}

Term formula(Unary function, const Term& k) {
  constexpr double ln2 = 0.6931471805599453, ln10 = 2.302585092994046;
  constexpr double two_by_root_pi = 1.1283791670955126, root_pi = 1.7724538509055160;
  const Term k2 = k * k;
  switch (function) {
    case Unary::exp:
    case Unary::expm1:
      return full_like(k.tensor, 1);
    case Unary::exp2:
      return full_like(k.tensor, ln2);
    case Unary::tanh:
    case Unary::reciprocal:
      return -2 * k;
    case Unary::sigmoid:
      return 1 - 2 * k;
    case Unary::sqrt:
      return -0.5 / k2;
    case Unary::cbrt:
      return -2.0 / 3 / (k2 * k);
    case Unary::rsqrt:
      return -1.5 * k2;
    case Unary::selu:
      return cast(launch_one(less_equal_op, {k.tensor, number(k, 0).tensor}), k.tensor->dtype);
    case Unary::tan:
      return 2 * k;
    case Unary::erfinv:
      return root_pi * k * apply(exp_op, k2);
    case Unary::square:
      return full_like(k.tensor, 2);
    case Unary::log:
      return -1 / k2;
    case Unary::log2:
      return -1 / ln2 / k2;
    case Unary::log10:
      return -1 / ln10 / k2;
    case Unary::log1p: {
      const Term shifted = k + 1;
      return -1 / (shifted * shifted);
    }
    case Unary::sin:
      return -apply(sin_op, k);
    case Unary::cos:
      return -apply(cos_op, k);
    case Unary::asin:
      return k * to_minus_three_halves(1 - k2);
    case Unary::acos:
      return -(k * to_minus_three_halves(1 - k2));
    case Unary::atan: {
      const Term bottom = k2 + 1;
      return -2 * k / (bottom * bottom);
    }
    case Unary::sinh:
      return apply(sinh_op, k);
    case Unary::cosh:
      return apply(cosh_op, k);
    case Unary::asinh:
      return -(k * to_minus_three_halves(k2 + 1));
    case Unary::acosh:
      return -(k * to_minus_three_halves(k2 + -1));
    case Unary::atanh: {
      const Term bottom = 1 - k2;
      return 2 * k / (bottom * bottom);
    }
    case Unary::erf:
      return -2 * two_by_root_pi * k * apply(exp_op, -k2);
    case Unary::erfc:
      return 2 * two_by_root_pi * k * apply(exp_op, -k2);
    case Unary::softplus: {
      const Term s = apply(sigmoid_op, k);
      return s * (1 - s);
    }
    case Unary::softsign: {
      const Term bottom = apply(abs_op, k) + 1;
      return -2 * apply(sign_op, k) / (bottom * bottom * bottom);
    }
    case Unary::silu: {
      const Term s = apply(sigmoid_op, k);
      return s * (1 - s) * (k * (1 - 2 * s) + 2);
    }
    case Unary::gelu:  // (2 - x^2) times the normal density
      return 0.3989422804014327 * apply(exp_op, -0.5 * k2) * (2 - k2);
    case Unary::gelu_tanh:
      return gelu_tanh_curvature(k);
    case Unary::mish:
      return mish_curvature(k);
    default:
      return Tensor();
  }
}

// Straight lines between kinks.
bool is_piecewise_linear(Unary function) {
  switch (function) {
    case Unary::relu:
    case Unary::relu6:
    case Unary::negative:
    case Unary::abs:
    case Unary::hard_sigmoid:
      return true;
    default:
      return false;
  }
}

}  // namespace

Tensor curvature(Unary function, const Tensor& kept) {
  return is_piecewise_linear(function) ? nullptr : formula(function, kept).tensor;
}

}  // namespace pyclr
