// Functions of float vectors computed in double, a vector in two halves: rounding apart, their
// error is that of polynomials good to 5e-11, far below half a unit in the last place of a float.
// So each is within 1 unit, and no formula has to nurse its last bits. For double the same names
// are libm, lane by lane. Included once per instruction set.
#pragma once

#include "kernels/simd.h"

extern "C" {
double expm1(double) noexcept, exp2(double) noexcept, log2(double) noexcept, log10(double) noexcept,
    sin(double) noexcept, cos(double) noexcept, tan(double) noexcept, asin(double) noexcept,
    acos(double) noexcept, atan(double) noexcept, sinh(double) noexcept, cosh(double) noexcept,
    asinh(double) noexcept, acosh(double) noexcept, atanh(double) noexcept, erf(double) noexcept,
    erfc(double) noexcept, cbrt(double) noexcept;
float sinf(float) noexcept, cosf(float) noexcept, tanf(float) noexcept;
}

namespace pyclr::PYCLR_ISA {
namespace {

namespace wide {

using D = Vec<double>;
using I = IntVec<double>;
typedef float Half __attribute__((vector_size(kVectorBytes / 2)));

template <int... lane>
struct Lanes {};
template <int n, int... lane>
struct LanesTo : LanesTo<n - 1, n - 1, lane...> {};
template <int... lane>
struct LanesTo<0, lane...> {
  using Type = Lanes<lane...>;
};

template <int first, int... lane>
PYCLR_INLINE D half_of(Vec<float> x, Lanes<lane...>) {
  return __builtin_convertvector(__builtin_shufflevector(x, x, (first + lane)...), D);
}
template <int... lane>
PYCLR_INLINE Vec<float> joined(D low, D high, Lanes<lane...>) {
  return __builtin_shufflevector(__builtin_convertvector(low, Half),
                                 __builtin_convertvector(high, Half), lane...);
}

// f of both halves of its arguments.
template <class F, class... X>
PYCLR_INLINE Vec<float> in_halves(F f, X... x) {
  using HalfLanes = typename LanesTo<kLanes<double>>::Type;
  const D low = f(half_of<0>(x, HalfLanes{})...);
  const D high = f(half_of<kLanes<double>>(x, HalfLanes{})...);
  return joined(low, high, typename LanesTo<kLanes<float>>::Type{});
}

PYCLR_INLINE D C(double value) { return broadcast<double>(value); }
PYCLR_INLINE I bits(D x) { return reinterpret_cast<I>(x); }
PYCLR_INLINE D value(I i) { return reinterpret_cast<D>(i); }
PYCLR_INLINE D magnitude(D x) { return value(bits(x) & INT64_MAX); }
PYCLR_INLINE D with_sign(D x, D sign) { return value(bits(x) | (bits(sign) & INT64_MIN)); }

template <int n>
PYCLR_INLINE D polynomial(D x, const double (&coefficients)[n]) {
  D p = C(coefficients[0]);
  PYCLR_UNROLL for (int i = 1; i < n; ++i) p = fma(p, x, C(coefficients[i]));
  return p;
}

constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer

// x = n * log(2) + r. Returns exp(r) - 1 and 2^n; beyond +-700, far past the floats, x counts as
// +-700.
PYCLR_INLINE D reduced_expm1(D x, D& scale) {
  x = max(min(x, C(700)), C(-700));
  const D shifted = fma(x, C(1.4426950408889634), C(kRound)), n = shifted - kRound;
  D r = fma(n, C(-0.6931471803691238), x);
  r = fma(n, C(-1.9082149292705877e-10), r);
  scale = value((bits(shifted) - bits(C(kRound)) + 1023) << 52);
  const D q = polynomial(r, {0.00019917814629446018, 0.001394607532176282, 0.00833326544481701,
                             0.04166626985093287, 0.1666666685570327, 0.5000000077966585});
  return fma(q * r, r, r);
}
PYCLR_INLINE D exp(D x) {
  D scale;
  const D p = reduced_expm1(x, scale);
  return fma(scale, p, scale);
}
PYCLR_INLINE D expm1(D x) {
  D scale;
  const D p = reduced_expm1(x, scale);
  return fma(scale, p, scale - 1.0);
}

// log(u), where u is `near` + 1 rounded: 2^e (1 + f), and f is `near` itself where e is 0.
PYCLR_INLINE D log_of(D u, D near) {
  const I root_half = bits(C(0.7071067811865476));
  const I exponent = (bits(u) - root_half) >> 52;
  const D e = value(exponent + bits(C(kRound))) - kRound;
  const D f = select(exponent == I{}, near, value(bits(u) - (exponent << 52)) - 1.0);
  const D s = f / (f + 2.0), z = s * s;
  const D q = polynomial(
      z, {0.2358215422789255, 0.2853730836381759, 0.40000335194265957, 0.6666666564543694});
  D y = fma(s * z, q, s * 2.0);
  y = fma(e, C(0.6931471805599453), y);
  y = select(u < C(__builtin_inf()), y, u);  // also NaN
  y = select(u == D{}, C(-__builtin_inf()), y);
  return select(u < D{}, C(__builtin_nan("")), y);
}
PYCLR_INLINE D log(D x) { return log_of(x, x - 1.0); }
PYCLR_INLINE D log1p(D x) { return log_of(x + 1.0, x); }

// x = n pi / 2 + r for |x| <= kTurns; pi / 2 in three parts, the first two short enough for exact
// products. Returns sin(r) and cos(r); n in the low bits of `turns`.
constexpr float kTurns = 1048576;
PYCLR_INLINE D sin_and_cos(D x, D& cosine, I& turns) {
  const D shifted = fma(x, C(0.6366197723675814), C(kRound)), n = shifted - kRound;
  D r = fma(n, C(-1.57079632673412561417), x);
  r = fma(n, C(-6.07710050630396597660e-11), r);
  r = fma(n, C(-2.02226624879595063154e-21), r);
  turns = bits(shifted);
  const D z = r * r;
  const D s = polynomial(
      z, {1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6});
  cosine = polynomial(
      z, {1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0});
  return fma(s * z, r, r);
}
// sin(x + quarters pi / 2)
PYCLR_INLINE D sine(D x, int64_t quarters) {
  D c;
  I turns;
  const D s = sin_and_cos(x, c, turns);
  turns += quarters;
  const D y = select((turns & 1) == I{}, s, c);
  return value(bits(y) ^ ((turns & 2) << 62));
}
PYCLR_INLINE D tangent(D x) {
  D c;
  I turns;
  const D s = sin_and_cos(x, c, turns);
  const auto even = (turns & 1) == I{};
  return select(even, s, -c) / select(even, c, s);
}

// atan(y / x) for y, x >= 0: turned by pi / 4 or pi / 2 into [0, tan(pi / 8)], then a minimax
// polynomial.
PYCLR_INLINE D atan_of_ratio(D y, D x) {
  const auto high = y > x * 2.414213562373095, middle = y > x * 0.4142135623730951;
  const D top = select(high, -x, select(middle, y - x, y));
  const D bottom = select(high, y, select(middle, y + x, x));
  const D base = select(high, C(1.5707963267948966), select(middle, C(0.7853981633974483), D{}));
  const D t = top / bottom, z = t * t;
  const D q = polynomial(
      z, {-0.03774523569265946, 0.069796317337977157, -0.089938403220747573, 0.11103608202225373,
          -0.14285395684567226, 0.19999993316127002, -0.33333333279756505});
  return base + fma(t * z, q, t);
}
PYCLR_INLINE D asin(D x) {
  return with_sign(atan_of_ratio(magnitude(x), sqrt((1.0 - x) * (1.0 + x))), x);
}
PYCLR_INLINE D acos(D x) {
  const D angle = atan_of_ratio(sqrt((1.0 - x) * (1.0 + x)), magnitude(x));
  return select(x < D{}, 3.141592653589793 - angle, angle);
}

PYCLR_INLINE D sinh(D x) {
  const D e = expm1(magnitude(x));
  return with_sign((e + e / (e + 1.0)) * 0.5, x);
}
PYCLR_INLINE D cosh(D x) {
  const D e = exp(magnitude(x));
  return (e + 1.0 / e) * 0.5;
}
PYCLR_INLINE D asinh(D x) {
  const D a = magnitude(x), z = a * a;
  const D y = log1p(a + z / (sqrt(z + 1.0) + 1.0));
  return with_sign(select(a < C(__builtin_inf()), y, a), x);
}
PYCLR_INLINE D acosh(D x) { return log(x + sqrt((x - 1.0) * max(x + 1.0, D{}))); }
PYCLR_INLINE D atanh(D x) {
  const D a = magnitude(x);
  return with_sign(log1p((a + a) / (1.0 - a)) * 0.5, x);
}
PYCLR_INLINE D cbrt(D x) { return with_sign(exp(log(magnitude(x)) * (1.0 / 3)), x); }

// Whether a mask holds in any lane.
template <class M>
PYCLR_INLINE bool any_lane(M mask) {
  int64_t parts[kVectorBytes / 8], joined = 0;
  __builtin_memcpy(parts, &mask, sizeof parts);
  for (int64_t part : parts) joined |= part;
  return joined != 0;
}

// a^b as exp(b log(a)); a negative base has a result for a whole exponent, with the sign of odd
// ones.
PYCLR_INLINE D power(D a, D b) {
  D y = exp(b * log(magnitude(a)));
  if (!any_lane(~((a > D{}) & (magnitude(b) < C(__builtin_inf()))))) [[likely]]
    return y;
  y = select((a != a) | (b != b), a + b, y);
  const D rounded = (magnitude(b) + kRound) - kRound;
  const auto whole = (rounded == magnitude(b)) | (magnitude(b) >= C(16777216));
  const auto odd =
      whole & (magnitude(b) < C(16777216)) & (((bits(magnitude(b) + kRound)) & 1) == (I{} + 1));
  const auto minus = bits(a) < I{};
  y = select(minus & odd, -y, y);
  y = select(minus & ~whole & (a < D{}) & (a > C(-__builtin_inf())), C(__builtin_nan("")), y);
  return select((b == D{}) | (a == C(1)) | ((a == C(-1)) & (magnitude(b) == C(__builtin_inf()))),
                C(1), y);
}

PYCLR_INLINE D atan2(D y, D x) {
  const D a = magnitude(y), b = magnitude(x), infinity = C(__builtin_inf());
  const auto diagonal = (a == infinity) & (b == infinity);
  D angle = atan_of_ratio(select(diagonal, C(1), a), select(diagonal, C(1), b));
  angle = select(a == D{}, D{}, angle);
  angle = select(bits(x) < I{}, 3.141592653589793 - angle, angle);
  return select((x != x) | (y != y), x + y, with_sign(angle, y));
}

// a mod b with the sign of b, exact where |a / b| <= kQuotients: quotient times b fits a double.
constexpr float kQuotients = 268435456;
PYCLR_INLINE D mod(D a, D b) {
  const D ratio = magnitude(a / b), nearest = (ratio + kRound) - kRound;
  const D quotient = with_sign(select(nearest > ratio, nearest - 1.0, nearest), a / b);
  const D r = fma(-quotient, b, a);
  return select((r != D{}) & ((r < D{}) ^ (b < D{})), r + b, r);
}

// Lanes outside the range of a function take f.
template <class M, class F>
PYCLR_INLINE Vec<float> patched(M outside, Vec<float> y, F f) {
  if (any_lane(outside)) [[unlikely]] {
    PYCLR_LOOP for (int i = 0; i < kLanes<float>; ++i) {
      if (outside[i]) y[i] = f(i);
    }
  }
  return y;
}

}  // namespace wide

#define PYCLR_WIDE(name, of_float)                                 \
  PYCLR_INLINE Vec<float> name(Vec<float> v) {                     \
    return wide::in_halves([](wide::D x) { return of_float; }, v); \
  }
#define PYCLR_LIBM(name) \
  PYCLR_INLINE Vec<double> name(Vec<double> x) { return by_lane(x, ::name); }
PYCLR_WIDE(expm1, wide::expm1(x))
PYCLR_WIDE(asin, wide::asin(x))
PYCLR_WIDE(acos, wide::acos(x))
PYCLR_WIDE(atan, wide::with_sign(wide::atan_of_ratio(wide::magnitude(x), wide::C(1)), x))
PYCLR_WIDE(sinh, wide::sinh(x))
PYCLR_WIDE(cosh, wide::cosh(x))
PYCLR_WIDE(asinh, wide::asinh(x))
PYCLR_WIDE(acosh, wide::acosh(x))
PYCLR_WIDE(atanh, wide::atanh(x))
PYCLR_WIDE(cbrt, wide::cbrt(x))
PYCLR_LIBM(expm1)
PYCLR_LIBM(exp2)
PYCLR_LIBM(log2)
PYCLR_LIBM(log10)
PYCLR_LIBM(sin)
PYCLR_LIBM(cos)
PYCLR_LIBM(tan)
PYCLR_LIBM(asin)
PYCLR_LIBM(acos)
PYCLR_LIBM(atan)
PYCLR_LIBM(sinh)
PYCLR_LIBM(cosh)
PYCLR_LIBM(asinh)
PYCLR_LIBM(acosh)
PYCLR_LIBM(atanh)
PYCLR_LIBM(erf)
PYCLR_LIBM(erfc)
PYCLR_LIBM(cbrt)
#undef PYCLR_WIDE
#undef PYCLR_LIBM

// Beyond kTurns libm, lane by lane.
#define PYCLR_TRIGONOMETRIC(name, of_double)                                            \
  PYCLR_INLINE Vec<float> name(Vec<float> v) {                                          \
    return wide::patched(abs(v) > broadcast(wide::kTurns),                              \
                         wide::in_halves([](wide::D x) { return wide::of_double; }, v), \
                         [v](int i) { return ::name##f(v[i]); });                       \
  }
PYCLR_TRIGONOMETRIC(sin, sine(x, 0))
PYCLR_TRIGONOMETRIC(cos, sine(x, 1))
PYCLR_TRIGONOMETRIC(tan, tangent(x))
#undef PYCLR_TRIGONOMETRIC
PYCLR_INLINE Vec<float> atan2(Vec<float> a, Vec<float> b) {
  return wide::in_halves([](wide::D y, wide::D x) { return wide::atan2(y, x); }, a, b);
}
// f(lane) where the quotient is beyond kQuotients, or one of them is no number.
template <class F>
PYCLR_INLINE Vec<float> mod(Vec<float> a, Vec<float> b, F f) {
  return wide::patched(
      ~(abs(a / b) < broadcast(wide::kQuotients)) | (abs(b) == broadcast(__builtin_inff())),
      wide::in_halves([](wide::D x, wide::D y) { return wide::mod(x, y); }, a, b), f);
}
PYCLR_INLINE Vec<float> power(Vec<float> a, Vec<float> b) {
  return wide::in_halves([](wide::D x, wide::D y) { return wide::power(x, y); }, a, b);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
