// One vector type for every instruction set, with the operations the kernels need.
//
// Arithmetic (+ - * /) and comparisons are the operators of the compiler's vector extensions; a
// comparison gives a mask for `select`. Included once per instruction set: everything has internal
// linkage and uses nothing from std, see kernels.h. Functions of a vector give each lane the same
// bits whatever the other lanes hold, so an array's tail (load_n, store_n) has the bits that full
// vectors would have.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// libm by its C names: std:: templates would be weak symbols shared between instruction sets.
extern "C" double exp(double) noexcept, log(double) noexcept, log1p(double) noexcept,
    tanh(double) noexcept;

#define PYCLR_INLINE inline __attribute__((always_inline))
#define PYCLR_UNROLL _Pragma("GCC unroll 16")
#define PYCLR_LOOP _Pragma("GCC unroll 1")
#define PYCLR_NOINLINE __attribute__((noinline))

namespace pyclr::PYCLR_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct VecTypes;
template <>
struct VecTypes<float> {
  typedef float Value __attribute__((vector_size(kVectorBytes)));
  typedef int32_t Int __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VecTypes<double> {
  typedef double Value __attribute__((vector_size(kVectorBytes)));
  typedef int64_t Int __attribute__((vector_size(kVectorBytes)));
};

template <class T>
using Vec = typename VecTypes<T>::Value;
template <class T>
using IntVec = typename VecTypes<T>::Int;  // as many lanes, signed, as wide as T
template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));

// --- Memory (no alignment needed) ---

template <class T>
PYCLR_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
PYCLR_INLINE void store(T* p, Vec<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

template <class T>
PYCLR_INLINE Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}

// Whether a part of a vector is loaded and stored as fast as all of it.
#if defined(__AVX512F__)
constexpr bool kMasks = true;
#else
constexpr bool kMasks = false;
#endif

// The first n lanes, 0 <= n <= kLanes; the others load as 0. Memory beyond is not touched.
#if defined(__AVX512F__)
PYCLR_INLINE Vec<float> load_n(const float* p, int64_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
PYCLR_INLINE Vec<double> load_n(const double* p, int64_t n) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
}
PYCLR_INLINE void store_n(float* p, Vec<float> v, int64_t n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
}
PYCLR_INLINE void store_n(double* p, Vec<double> v, int64_t n) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), v);
}
#elif defined(__AVX2__)
PYCLR_INLINE __m256i first_lanes(const float*, int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
PYCLR_INLINE __m256i first_lanes(const double*, int64_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
PYCLR_INLINE Vec<float> load_n(const float* p, int64_t n) {
  return _mm256_maskload_ps(p, first_lanes(p, n));
}
PYCLR_INLINE Vec<double> load_n(const double* p, int64_t n) {
  return _mm256_maskload_pd(p, first_lanes(p, n));
}
PYCLR_INLINE void store_n(float* p, Vec<float> v, int64_t n) {
  _mm256_maskstore_ps(p, first_lanes(p, n), v);
}
PYCLR_INLINE void store_n(double* p, Vec<double> v, int64_t n) {
  _mm256_maskstore_pd(p, first_lanes(p, n), v);
}
#elif defined(__SSE2__)
PYCLR_INLINE Vec<float> load_n(const float* p, int64_t n) {
  if (n == 4) return load(p);
  const Vec<float> last = n & 1 ? _mm_load_ss(p + n - 1) : Vec<float>{};
  if (n < 2) return last;
  return _mm_movelh_ps(_mm_loadl_pi(Vec<float>{}, reinterpret_cast<const __m64*>(p)), last);
}
PYCLR_INLINE Vec<double> load_n(const double* p, int64_t n) {
  if (n == 2) return load(p);
  return n == 1 ? _mm_load_sd(p) : Vec<double>{};
}
PYCLR_INLINE void store_n(float* p, Vec<float> v, int64_t n) {
  if (n == 4) return store(p, v);
  if (n >= 2) _mm_storel_pi(reinterpret_cast<__m64*>(p), v);
  if (n & 1) _mm_store_ss(p + n - 1, n == 1 ? v : _mm_movehl_ps(v, v));
}
PYCLR_INLINE void store_n(double* p, Vec<double> v, int64_t n) {
  if (n == 2) return store(p, v);
  if (n == 1) _mm_store_sd(p, v);
}
#else
template <class T>
PYCLR_INLINE Vec<T> load_n(const T* p, int64_t n) {
  if (n == kLanes<T>) return load(p);
  Vec<T> v{};
  for (int i = 0; i < kLanes<T> - 1; ++i) {
    if (i < n) v[i] = p[i];
  }
  return v;
}
template <class T>
PYCLR_INLINE void store_n(T* p, Vec<T> v, int64_t n) {
  for (int i = 0; i < kLanes<T>; ++i) {
    if (i < n) p[i] = v[i];
  }
}
#endif

// Keeps a loaded vector in a register; g++ would load it again for each use.
template <class V>
PYCLR_INLINE void keep(V& v) {
#if defined(__SSE2__)
  asm("" : "+v"(v));
#elif defined(__ARM_NEON)
  asm("" : "+w"(v));
#endif
}

// --- Arithmetic ---

// a * b + c: rounded once where the instruction set has it, twice on baseline.
// max(x, y) and min(x, y): x where x is NaN; y must not be NaN. So max(x, 0) is a ReLU that lets
// NaN through. The full masks keep g++ 12 from warning about its own AVX-512 header.
#if defined(__AVX512F__)
PYCLR_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return _mm512_fmadd_ps(a, b, c);
}
PYCLR_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return _mm512_fmadd_pd(a, b, c);
}
PYCLR_INLINE Vec<float> max(Vec<float> x, Vec<float> y) {
  return _mm512_maskz_max_ps(0xFFFF, y, x);
}
PYCLR_INLINE Vec<double> max(Vec<double> x, Vec<double> y) {
  return _mm512_maskz_max_pd(0xFF, y, x);
}
PYCLR_INLINE Vec<float> min(Vec<float> x, Vec<float> y) {
  return _mm512_maskz_min_ps(0xFFFF, y, x);
}
PYCLR_INLINE Vec<double> min(Vec<double> x, Vec<double> y) {
  return _mm512_maskz_min_pd(0xFF, y, x);
}
PYCLR_INLINE Vec<float> sqrt(Vec<float> x) { return _mm512_maskz_sqrt_ps(0xFFFF, x); }
PYCLR_INLINE Vec<double> sqrt(Vec<double> x) { return _mm512_maskz_sqrt_pd(0xFF, x); }
#elif defined(__AVX2__)
PYCLR_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return _mm256_fmadd_ps(a, b, c);
}
PYCLR_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return _mm256_fmadd_pd(a, b, c);
}
PYCLR_INLINE Vec<float> max(Vec<float> x, Vec<float> y) { return _mm256_max_ps(y, x); }
PYCLR_INLINE Vec<double> max(Vec<double> x, Vec<double> y) { return _mm256_max_pd(y, x); }
PYCLR_INLINE Vec<float> min(Vec<float> x, Vec<float> y) { return _mm256_min_ps(y, x); }
PYCLR_INLINE Vec<double> min(Vec<double> x, Vec<double> y) { return _mm256_min_pd(y, x); }
PYCLR_INLINE Vec<float> sqrt(Vec<float> x) { return _mm256_sqrt_ps(x); }
PYCLR_INLINE Vec<double> sqrt(Vec<double> x) { return _mm256_sqrt_pd(x); }
#elif defined(__ARM_NEON)
PYCLR_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return vfmaq_f32(c, a, b); }
PYCLR_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return vfmaq_f64(c, a, b);
}
PYCLR_INLINE Vec<float> max(Vec<float> x, Vec<float> y) { return vmaxq_f32(x, y); }
PYCLR_INLINE Vec<double> max(Vec<double> x, Vec<double> y) { return vmaxq_f64(x, y); }
PYCLR_INLINE Vec<float> min(Vec<float> x, Vec<float> y) { return vminq_f32(x, y); }
PYCLR_INLINE Vec<double> min(Vec<double> x, Vec<double> y) { return vminq_f64(x, y); }
PYCLR_INLINE Vec<float> sqrt(Vec<float> x) { return vsqrtq_f32(x); }
PYCLR_INLINE Vec<double> sqrt(Vec<double> x) { return vsqrtq_f64(x); }
#elif defined(__SSE2__)
PYCLR_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return a * b + c; }
PYCLR_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return a * b + c; }
PYCLR_INLINE Vec<float> max(Vec<float> x, Vec<float> y) { return _mm_max_ps(y, x); }
PYCLR_INLINE Vec<double> max(Vec<double> x, Vec<double> y) { return _mm_max_pd(y, x); }
PYCLR_INLINE Vec<float> min(Vec<float> x, Vec<float> y) { return _mm_min_ps(y, x); }
PYCLR_INLINE Vec<double> min(Vec<double> x, Vec<double> y) { return _mm_min_pd(y, x); }
PYCLR_INLINE Vec<float> sqrt(Vec<float> x) { return _mm_sqrt_ps(x); }
PYCLR_INLINE Vec<double> sqrt(Vec<double> x) { return _mm_sqrt_pd(x); }
#else  // any other processor: lane by lane
template <class V>
PYCLR_INLINE V fma(V a, V b, V c) {
  return a * b + c;
}
template <class V>
PYCLR_INLINE V max(V x, V y) {
  return x < y ? y : x;
}
template <class V>
PYCLR_INLINE V min(V x, V y) {
  return y < x ? y : x;
}
PYCLR_INLINE Vec<float> sqrt(Vec<float> x) {
  for (int i = 0; i < kLanes<float>; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
}
PYCLR_INLINE Vec<double> sqrt(Vec<double> x) {
  for (int i = 0; i < kLanes<double>; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
}
#endif

// Bit i: is lane i other than zero?
#if defined(__AVX512F__)
PYCLR_INLINE uint32_t nonzero_lanes(Vec<float> x) {
  return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
PYCLR_INLINE uint32_t nonzero_lanes(Vec<double> x) {
  return _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NEQ_UQ);
}
#elif defined(__AVX2__)
PYCLR_INLINE uint32_t nonzero_lanes(Vec<float> x) {
  return _mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NEQ_UQ));
}
PYCLR_INLINE uint32_t nonzero_lanes(Vec<double> x) {
  return _mm256_movemask_pd(_mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_NEQ_UQ));
}
#elif defined(__SSE2__)
PYCLR_INLINE uint32_t nonzero_lanes(Vec<float> x) {
  return _mm_movemask_ps(_mm_cmpneq_ps(x, _mm_setzero_ps()));
}
PYCLR_INLINE uint32_t nonzero_lanes(Vec<double> x) {
  return _mm_movemask_pd(_mm_cmpneq_pd(x, _mm_setzero_pd()));
}
#else
template <class V>
PYCLR_INLINE uint32_t nonzero_lanes(V x) {
  uint32_t bits = 0;
  for (uint32_t i = 0; i < sizeof x / sizeof x[0]; ++i) bits |= uint32_t{x[i] != 0} << i;
  return bits;
}
#endif

// Bit i: is byte i of 16 equal to `value`?
PYCLR_INLINE uint32_t equal_bytes(const uint8_t* p, uint8_t value) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(value))));
#else
  uint32_t bits = 0;
  for (int i = 0; i < 16; ++i) bits |= uint32_t{p[i] == value} << i;
  return bits;
#endif
}

// mask ? a : b by lane; `mask` is what a comparison of vectors gives.
template <class V, class M>
PYCLR_INLINE V select(M mask, V a, V b) {
  return mask ? a : b;
}

// --- Functions ---
// For float within 2.5 units in the last place (exp and log: 1); for double libm, lane by lane.

PYCLR_INLINE IntVec<float> bits_of(Vec<float> x) { return reinterpret_cast<IntVec<float>>(x); }
PYCLR_INLINE Vec<float> from_bits(IntVec<float> i) { return reinterpret_cast<Vec<float>>(i); }

// 2^n for -126 <= n <= 127.
PYCLR_INLINE Vec<float> power_of_two(IntVec<float> n) { return from_bits((n + 127) << 23); }

// x = n * log(2) + r with |r| <= log(2) / 2. Returns exp(r) - 1. For |x| < 2^21.
PYCLR_INLINE Vec<float> reduced_expm1(Vec<float> x, IntVec<float>& n) {
  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits.
  const Vec<float> round = broadcast(12582912.0f);
  const Vec<float> shifted = fma(x, broadcast(1.44269504f), round);
  const Vec<float> whole = shifted - round;
  n = bits_of(shifted) - bits_of(round);
  // log(2) in two parts, the first short enough for exact products.
  Vec<float> r = fma(whole, broadcast(-0.693359375f), x);
  r = fma(whole, broadcast(2.12194440e-4f), r);
  // (exp(r) - 1 - r) / r^2, minimax fit for the relative error of exp(r) - 1.
  Vec<float> q = broadcast(1.99141675e-4f);
  q = fma(q, r, broadcast(1.394100846e-3f));
  q = fma(q, r, broadcast(8.333273054e-3f));
  q = fma(q, r, broadcast(4.1666354661e-2f));
  q = fma(q, r, broadcast(1.66666668171e-1f));
  q = fma(q, r, broadcast(0.5f));
  return fma(q * r, r, r);
}

PYCLR_INLINE Vec<float> exp(Vec<float> x) {
  IntVec<float> n;
  const Vec<float> p = reduced_expm1(max(min(x, broadcast(89.0f)), broadcast(-105.0f)), n);
  const IntVec<float> half = n >> 1;  // in two steps for results that are denormal or overflow
  return (p + 1.0f) * power_of_two(half) * power_of_two(n - half);
}

// 2^x: the whole part of x into the exponent, a minimax fit for the rest.
PYCLR_INLINE Vec<float> exp2(Vec<float> x) {
  const Vec<float> round = broadcast(12582912.0f);
  const Vec<float> clipped = max(min(x, broadcast(129.0f)), broadcast(-151.0f));
  const Vec<float> shifted = clipped + round;
  const IntVec<float> n = bits_of(shifted) - bits_of(round), half = n >> 1;
  const Vec<float> r = clipped - (shifted - round);
  Vec<float> q = broadcast(1.5462883e-4f);
  q = fma(q, r, broadcast(1.33909844e-3f));
  q = fma(q, r, broadcast(9.61806253e-3f));
  q = fma(q, r, broadcast(5.55035956e-2f));
  q = fma(q, r, broadcast(2.40226507e-1f));
  q = fma(q, r, broadcast(6.93147182e-1f));
  return fma(q, r, broadcast(1.0f)) * power_of_two(half) * power_of_two(n - half);
}

// e * log(2) + log(1 + f) for 1 + f between sqrt(1/2) and sqrt(2), e a whole number.
PYCLR_INLINE Vec<float> log_of_parts(Vec<float> e, Vec<float> f) {
  // With s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - (f^2 / 2 - s * (f^2 / 2 + R(s^2))), R by a
  // minimax fit.
  const Vec<float> s = f / (f + 2.0f);
  const Vec<float> z = s * s;
  Vec<float> R = broadcast(0.2987186292f);
  R = fma(R, z, broadcast(0.3997753695f));
  R = fma(R, z, broadcast(0.6666677642f));
  R = R * z;
  const Vec<float> half_square = f * f * 0.5f;
  const Vec<float> y = fma(s, half_square + R, e * -2.12194440e-4f);
  return fma(e, broadcast(0.693359375f), f - (half_square - y));
}

// x = 2^e * (1 + f) with 1 + f between sqrt(1/2) and sqrt(2)
PYCLR_INLINE Vec<float> log_parts(Vec<float> x, Vec<float>& e) {
  const Vec<float> least_normal = broadcast(1.17549435e-38f);
  const Vec<float> scaled = select(x < least_normal, x * 8388608.0f, x);
  const IntVec<float> exponent = (bits_of(scaled) - bits_of(broadcast(0.70710677f))) >> 23;
  e = __builtin_convertvector(exponent, Vec<float>) -
      select(x < least_normal, broadcast(23.0f), Vec<float>{});
  return from_bits(bits_of(scaled) - (exponent << 23)) - 1.0f;
}

// y = log(x), but for the x that have none, or an infinite one.
PYCLR_INLINE Vec<float> log_at_limits(Vec<float> x, Vec<float> y) {
  const Vec<float> infinity = broadcast(__builtin_inff());
  y = select(x < infinity, y, x);  // also NaN
  y = select(x == Vec<float>{}, -infinity, y);
  return select(x < Vec<float>{}, broadcast(__builtin_nanf("")), y);
}

PYCLR_INLINE Vec<float> log(Vec<float> x) {
  Vec<float> e;
  const Vec<float> f = log_parts(x, e);
  return log_at_limits(x, log_of_parts(e, f));
}

// The factors and log10(2) in two parts: whole numbers e keep exact products, and powers of the
// base exact logarithms.
PYCLR_INLINE Vec<float> log2(Vec<float> x) {
  Vec<float> e;
  const Vec<float> y = log_of_parts(Vec<float>{}, log_parts(x, e));
  return log_at_limits(x, fma(y, broadcast(1.44269502f), fma(y, broadcast(1.92596299e-8f), e)));
}
PYCLR_INLINE Vec<float> log10(Vec<float> x) {
  Vec<float> e;
  const Vec<float> y = log_of_parts(Vec<float>{}, log_parts(x, e));
  const Vec<float> low = fma(e, broadcast(4.60503898e-6f), y * -1.01030501e-8f);
  return log_at_limits(x, fma(e, broadcast(0.301025391f), fma(y, broadcast(0.434294492f), low)));
}

// log(1 + x). The f of 1 + x = 2^e (1 + f) from x itself, with one rounding.
PYCLR_INLINE Vec<float> log1p(Vec<float> x) {
  const Vec<float> u = x + 1.0f;
  const IntVec<float> exponent = (bits_of(u) - bits_of(broadcast(0.70710677f))) >> 23;
  const Vec<float> scale = from_bits(bits_of(broadcast(1.0f)) - (exponent << 23));
  const Vec<float> f = select(x < broadcast(16777216.0f), fma(x, scale, scale - 1.0f),
                              from_bits(bits_of(u) - (exponent << 23)) - 1.0f);
  return log_at_limits(u, log_of_parts(__builtin_convertvector(exponent, Vec<float>), f));
}

PYCLR_INLINE Vec<float> abs(Vec<float> x) { return from_bits(bits_of(x) & 0x7FFFFFFF); }

PYCLR_INLINE Vec<float> tanh(Vec<float> x) {
  // (exp(2|x|) - 1) / (exp(2|x|) + 1), with the numerator computed without cancellation
  IntVec<float> n;
  const Vec<float> p = reduced_expm1(2.0f * min(abs(x), broadcast(10.0f)), n);
  const Vec<float> scale = power_of_two(n);
  const Vec<float> e = fma(scale, p, scale - 1.0f);
  const Vec<float> t = e / (e + 2.0f);
  return from_bits(bits_of(t) | (bits_of(x) & ~0x7FFFFFFF));
}

PYCLR_INLINE Vec<float> sigmoid(Vec<float> x) { return 1.0f / (exp(-x) + 1.0f); }

// f lane by lane.
PYCLR_NOINLINE Vec<double> by_lane(Vec<double> x, double (*f)(double)) {
  PYCLR_UNROLL for (int i = 0; i < kLanes<double>; ++i) x[i] = f(x[i]);
  return x;
}

PYCLR_INLINE Vec<double> exp(Vec<double> x) { return by_lane(x, ::exp); }
PYCLR_INLINE Vec<double> log(Vec<double> x) { return by_lane(x, ::log); }
PYCLR_INLINE Vec<double> log1p(Vec<double> x) { return by_lane(x, ::log1p); }
PYCLR_INLINE Vec<double> tanh(Vec<double> x) { return by_lane(x, ::tanh); }

PYCLR_INLINE Vec<double> abs(Vec<double> x) {
  return reinterpret_cast<Vec<double>>(reinterpret_cast<IntVec<double>>(x) & INT64_MAX);
}

PYCLR_INLINE Vec<double> sigmoid(Vec<double> x) {
  const Vec<double> e = exp(-abs(x));
  return select(x < Vec<double>{}, e, broadcast(1.0)) / (e + 1.0);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
