// The error function and the normal distribution by vectors: float within 7 units in the last
// place; double by libm, see wide.h. Included once per instruction set.
#pragma once

#include "kernels/wide.h"

namespace pyclr::PYCLR_ISA {
namespace {

// What rounding took from `square`, the square of x.
PYCLR_INLINE Vec<float> lost_of_square(Vec<float> x, Vec<float> square) {
#if defined(__AVX512F__) || defined(__AVX2__) || defined(__ARM_NEON)
  return fma(x, x, -square);
#else  // by halves of its digits, whose products are exact (Dekker, 1971)
  const Vec<float> high = from_bits(bits_of(x) & ~0xFFF), low = x - high;
  return (high * high - square) + 2.0f * high * low + low * low;
#endif
}

// exp(-factor x^2) with the digits that the rounded square lacks. |x| counts as at most 16.
PYCLR_INLINE Vec<float> exp_of_square(Vec<float> x, float factor) {
  const Vec<float> a = min(abs(x), broadcast(16.0f)), square = a * a;
  const Vec<float> e = exp(square * -factor);
  return fma(e * lost_of_square(a, square), broadcast(-factor), e);
}

// What exp(-t^2 / 2) must be multiplied by to give the normal distribution's tail beyond t >= 0:
// Mills' ratio / sqrt(2 pi), as q S(q) with q = 1 / (t + 4.25) and S by a minimax fit for t <= 16.
// An error of q would count up to four times: a step of Newton's method takes it away.
PYCLR_INLINE Vec<float> tail_ratio(Vec<float> t) {
  const Vec<float> near = min(t, broadcast(16.0f)), sum = near + 4.25f;
  const Vec<float> excess = (sum - 4.25f) - near, rounded = 1.0f / sum;
  const Vec<float> q =
      fma(rounded, fma(rounded, excess, fma(-rounded, sum, broadcast(1.0f))), rounded);
  Vec<float> s = broadcast(52382.9062f);
  s = fma(s, q, broadcast(-64986.0781f));
  s = fma(s, q, broadcast(28051.9824f));
  s = fma(s, q, broadcast(-5368.17383f));
  s = fma(s, q, broadcast(1156.69592f));
  s = fma(s, q, broadcast(3.19339442f));
  s = fma(s, q, broadcast(30.9142151f));
  s = fma(s, q, broadcast(6.59132862f));
  s = fma(s, q, broadcast(1.70046413f));
  s = fma(s, q, broadcast(0.398892552f));
  return q * s;
}

PYCLR_INLINE Vec<float> normal_cdf(Vec<float> x) {
  const Vec<float> tail = exp_of_square(x, 0.5f) * tail_ratio(abs(x));
  return select(x > Vec<float>{}, 1.0f - tail, tail);
}

PYCLR_INLINE Vec<float> erfc(Vec<float> x) {
  const Vec<float> tail = exp_of_square(x, 1.0f) * tail_ratio(abs(x) * 1.41421356f) * 2.0f;
  return select(x < Vec<float>{}, 2.0f - tail, tail);
}

PYCLR_INLINE Vec<float> erf(Vec<float> x) {
  const Vec<float> a = abs(x), z = x * x;
  Vec<float> p = broadcast(7.80690316e-05f);  // erf(x) / x - 1, a minimax fit
  p = fma(p, z, broadcast(-7.9978531e-4f));
  p = fma(p, z, broadcast(5.1871622e-3f));
  p = fma(p, z, broadcast(-2.68533472e-2f));
  p = fma(p, z, broadcast(0.112835787f));
  p = fma(p, z, broadcast(-0.37612626f));
  p = fma(p, z, broadcast(0.128379166f));
  const Vec<float> far = 1.0f - erfc(a);
  return select(a < broadcast(1.0f), fma(p, x, x), select(x < Vec<float>{}, -far, far));
}

// The derivative of x normal_cdf(x).
PYCLR_INLINE Vec<float> gelu_slope(Vec<float> x) {
  const Vec<float> e = exp_of_square(x, 0.5f), tail = e * tail_ratio(abs(x));
  return fma(x * e, broadcast(0.39894228f), select(x > Vec<float>{}, 1.0f - tail, tail));
}

PYCLR_INLINE Vec<double> normal_cdf(Vec<double> x) {
  return (erf(x * 0.7071067811865476) + 1.0) * 0.5;
}
PYCLR_INLINE Vec<double> gelu_slope(Vec<double> x) {
  return normal_cdf(x) + x * 0.3989422804014327 * exp(x * x * -0.5);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
