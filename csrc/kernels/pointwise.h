// Loops over the lines of pointwise.inc. Included once per instruction set (isa.cpp).
#pragma once

#include "kernels/erf.h"
#include "kernels/lanes.h"
#include "kernels/pointwise_table.h"

extern "C" {
double trunc(double) noexcept, floor(double) noexcept, ceil(double) noexcept, rint(double) noexcept,
    pow(double, double) noexcept, fmod(double, double) noexcept, atan2(double, double) noexcept;
float truncf(float) noexcept, floorf(float) noexcept, ceilf(float) noexcept, rintf(float) noexcept,
    powf(float, float) noexcept, fmodf(float, float) noexcept, atan2f(float, float) noexcept;
}

namespace pyclr::PYCLR_ISA {
namespace {

namespace scalar {

// Integers in whose arithmetic an overflow wraps, which that of signed ones need not.
PYCLR_INLINE uint32_t wrapping(int32_t x) { return static_cast<uint32_t>(x); }
PYCLR_INLINE uint64_t wrapping(int64_t x) { return static_cast<uint64_t>(x); }
template <class T>
PYCLR_INLINE T wrapping(T x) {
  return x;
}

template <class T>
T power(T a, T b) {  // integers: by squaring; a negative exponent gives 0 except for base 1 and -1
  if (b < 0) return a == 1 ? 1 : a == T(-1) ? (b % 2 ? a : 1) : 0;
  T result = 1;
  for (; b; b /= 2, a = static_cast<T>(wrapping(a) * wrapping(a)))
    if (b % 2) result = static_cast<T>(wrapping(result) * wrapping(a));
  return result;
}
// Squares and square roots are what models use; libm's pow would be fifty times slower.
PYCLR_INLINE float power(float a, float b) {
  return b == 2.0f ? a * a : b == 0.5f ? __builtin_sqrtf(a) : ::powf(a, b);
}
PYCLR_INLINE double power(double a, double b) {
  return b == 2.0 ? a * a : b == 0.5 ? __builtin_sqrt(a) : ::pow(a, b);
}
template <class T>
T mod(T a, T b) {  // the sign of the divisor, as Python; 0 for a division by zero
  if (b == 0) return 0;
  const T r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
PYCLR_INLINE float mod(float a, float b) {
  const float r = ::fmodf(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
PYCLR_INLINE double mod(double a, double b) {
  const double r = ::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
template <class T>
T floor_divide(T a, T b) {
  if (b == 0) return 0;
  const T q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}
PYCLR_INLINE float floor_divide(float a, float b) { return ::floorf(a / b); }
PYCLR_INLINE double floor_divide(double a, double b) { return ::floor(a / b); }
PYCLR_INLINE float atan2(float a, float b) { return ::atan2f(a, b); }
PYCLR_INLINE double atan2(double a, double b) { return ::atan2(a, b); }
template <class T>
T atan2(T a, T b) {
  return static_cast<T>(::atan2(double(a), double(b)));
}

}  // namespace scalar

template <class T>
struct Pointwise {
  using V = Vec<T>;

  static PYCLR_INLINE V C(double value) { return broadcast<T>(static_cast<T>(value)); }
  static PYCLR_INLINE V square(V x) { return x * x; }

  // Applies a libm function lane by lane.
  static PYCLR_INLINE V lanes(float (*f)(float), double (*d)(double), V x) {
    PYCLR_UNROLL for (int i = 0; i < kLanes<T>; ++i) {
      if constexpr (sizeof(T) == 4) {
        x[i] = f(x[i]);
      } else {
        x[i] = d(x[i]);
      }
    }
    return x;
  }
#define LIBM(F) lanes(::F##f, ::F, x)

  // log(1 + exp(x)) without overflow.
  static PYCLR_INLINE V softplus(V v) {
    const V x = exp(select(v < C(0), v, -v));
    return max(v, C(0)) + log1p(x);
  }
  static PYCLR_INLINE V silu_slope(V x) {
    const V s = sigmoid(x);
    return s * (C(1) + x * (C(1) - s));
  }
  // Polynomials of Giles, "Approximating the erfinv function" (2012), for single precision; two
  // steps of Halley's method make that double.
  static PYCLR_INLINE V erfinv(V v) {
    const V w = -log((C(1) - v) * (C(1) + v));
    const V c = w - C(2.5), t = sqrt(w) - C(3);
    constexpr double of_center[] = {2.81022636e-08,  3.43273939e-07, -3.5233877e-06,
                                    -4.39150654e-06, 0.00021858087,  -0.00125372503,
                                    -0.00417768164,  0.246640727,    1.50140941};
    constexpr double of_tail[] = {-0.000200214257, 0.000100950558, 0.00134934322,
                                  -0.00367342844,  0.00573950773,  -0.0076224613,
                                  0.00943887047,   1.00167406,     2.83297682};
    V center = C(0), tail = C(0);
    for (double k : of_center) center = center * c + C(k);
    for (double k : of_tail) tail = tail * t + C(k);
    V y = select(w < C(5), center, tail) * v;
    if constexpr (sizeof(T) == 8) {
      for (int step = 0; step < 2; ++step) {
        const V excess = (erf(y) - v) * C(0.8862269254527580) * exp(y * y);
        y = y - excess / (C(1) + y * excess);
      }
    }
    return select((v == C(1)) | (v == C(-1)), v * C(__builtin_inf()), y);
  }
  static PYCLR_INLINE V gelu_inner(V x) {
    return C(0.7978845608028654) * (x + C(0.044715) * (x * x * x));
  }
  static PYCLR_INLINE V gelu_tanh_slope(V x) {
    const V t = tanh(gelu_inner(x));
    const V inner = C(0.7978845608028654) * (C(1) + C(0.134145) * (x * x));
    return C(0.5) * (C(1) + t) + C(0.5) * x * (C(1) - t * t) * inner;
  }
  static PYCLR_INLINE V mish_slope(V x) {
    const V t = tanh(softplus(x));
    return t + x * (C(1) - t * t) * sigmoid(x);
  }

#define UNARY(name, value)                                                   \
  static void name##_loop(const T* source, T* target, int64_t n) {           \
    for (int64_t i = 0; i < n; i += kLanes<T>) {                             \
      const int64_t rest = n - i;                                            \
      const bool whole = rest >= kLanes<T>;                                  \
      const V x = whole ? load(source + i) : load_n(source + i, rest);       \
      const V result = value;                                                \
      whole ? store(target + i, result) : store_n(target + i, result, rest); \
    }                                                                        \
  }
#define UNARY_GRADIENT(name, saved, derivative)                                              \
  static void name##_gradient_loop(const T* gradient, const T* kept, T* target, int64_t n) { \
    for (int64_t i = 0; i < n; i += kLanes<T>) {                                             \
      const int64_t rest = n - i;                                                            \
      const bool whole = rest >= kLanes<T>;                                                  \
      const V dy = whole ? load(gradient + i) : load_n(gradient + i, rest);                  \
      const V saved = whole ? load(kept + i) : load_n(kept + i, rest);                       \
      (void)saved;                                                                           \
      const V result = derivative;                                                           \
      whole ? store(target + i, result) : store_n(target + i, result, rest);                 \
    }                                                                                        \
  }
#define UNARY_Y(name, value, derivative) UNARY(name, value) UNARY_GRADIENT(name, y, derivative)
#define UNARY_X(name, value, derivative) UNARY(name, value) UNARY_GRADIENT(name, x, derivative)
#define UNARY_FLAT(name, value) UNARY(name, value)
#include "kernels/pointwise.inc"
#undef UNARY
#undef UNARY_GRADIENT
#undef LIBM
};

// What a row's loop reads: the operand, or copies of one that does not advance.
template <class T>
struct Operand {
  static constexpr int64_t kCopies = 256;
  T copies[kCopies];
  const T* at;
  PYCLR_NOINLINE Operand(const T* x, bool advances, int64_t n) : at(advances ? x : copies) {
    if (advances) return;
    const T value = *x;
    const int64_t count = n < kCopies ? n : kCopies;
    for (int64_t i = 0; i < count; ++i) copies[i] = value;
  }
};

// A row of a binary function; one loop, whichever operand advances.
template <class T, class Y, class F>
PYCLR_INLINE void binary_row(const T* a, bool a_moves, const T* b, bool b_moves, Y* y, int64_t n,
                             F f) {
  if (n == 0) return;
  const Operand<T> left(a, a_moves, n), right(b, b_moves, n);
  constexpr int64_t kCopies = Operand<T>::kCopies;
  const int64_t step = a_moves && b_moves ? n : kCopies;
  for (int64_t begin = 0; begin < n; begin += step) {
    const int64_t count = n - begin < step ? n - begin : step;
    const T *p = left.at + a_moves * begin, *q = right.at + b_moves * begin;
    for (int64_t i = 0; i < count; ++i) y[begin + i] = f(p[i], q[i]);
  }
}

// A row of a binary function of float vectors.
template <class F>
PYCLR_INLINE void vector_row(const float* a, bool a_moves, const float* b, bool b_moves, void* y,
                             int64_t n, F f) {
  for_vectors<float>(n, [&](int64_t i, auto lanes) {
    lanes.write(static_cast<float*>(y) + i, f(a_moves ? lanes.read(a + i, 1) : broadcast(*a),
                                              b_moves ? lanes.read(b + i, 1) : broadcast(*b)));
  });
}
void power_f32_row(const float* a, bool a_moves, const float* b, bool b_moves, void* y, int64_t n) {
  // Squares and square roots are what models use.
  if (!b_moves && *b == 2.0f)
    return vector_row(a, a_moves, b, b_moves, y, n, [](auto a, auto) { return a * a; });
  if (!b_moves && *b == 0.5f)
    return vector_row(a, a_moves, b, b_moves, y, n, [](auto a, auto) { return sqrt(a); });
  // The same bits wherever the exponent stands.
  vector_row(a, a_moves, b, b_moves, y, n, [](auto a, auto b) {
    const auto square_or_root = select(b == 2.0f, a * a, sqrt(a));
    return select((b == 2.0f) | (b == 0.5f), square_or_root, power(a, b));
  });
}
void mod_f32_row(const float* a, bool a_moves, const float* b, bool b_moves, void* y, int64_t n) {
  vector_row(a, a_moves, b, b_moves, y, n, [](auto a, auto b) {
    return mod(a, b, [a, b](int i) { return scalar::mod(a[i], b[i]); });
  });
}
void atan2_f32_row(const float* a, bool a_moves, const float* b, bool b_moves, void* y, int64_t n) {
  vector_row(a, a_moves, b, b_moves, y, n, [](auto a, auto b) { return atan2(a, b); });
}

// y[i] = c[i] ? a[i] : b[i]; an operand that does not move is one value.
template <class T>
void where_row(const bool* c, bool c_moves, const T* a, bool a_moves, const T* b, bool b_moves,
               T* y, int64_t n) {
  if (!c_moves) {
    const bool first = *c;
    binary_row(a, a_moves, b, b_moves, y, n, [first](T a, T b) { return first ? a : b; });
  } else if (a_moves && b_moves) {
    // By masks, as g++ 12 makes no vectors of two loads on a condition, nor of a bool made a
    // number.
    const auto* bytes = reinterpret_cast<const uint8_t*>(c);
    for (int64_t i = 0; i < n; ++i) {
      const T mask = static_cast<T>(-static_cast<T>(bytes[i]));
      y[i] = static_cast<T>((a[i] & mask) | (b[i] & ~mask));
    }
  } else if (a_moves || b_moves) {
    const T *moving = a_moves ? a : b, fixed = a_moves ? *b : *a;
    const bool keep = a_moves;
    for (int64_t i = 0; i < n; ++i) {
      const T value = moving[i];
      y[i] = c[i] == keep ? value : fixed;
    }
  } else {
    const T left = *a, right = *b;
    for (int64_t i = 0; i < n; ++i) y[i] = c[i] ? left : right;
  }
}

template <class T>
void floats_row(const T* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(x[i]);
}

#define BINARY(name, value)                                                                 \
  template <class T>                                                                        \
  void name##_row(const T* a, bool a_moves, const T* b, bool b_moves, void* y, int64_t n) { \
    binary_row(a, a_moves, b, b_moves, static_cast<T*>(y), n,                               \
               [](T a, T b) -> T { return static_cast<T>(value); });                        \
  }
#define COMPARE(name, value)                                                                \
  template <class T>                                                                        \
  void name##_row(const T* a, bool a_moves, const T* b, bool b_moves, void* y, int64_t n) { \
    binary_row(a, a_moves, b, b_moves, static_cast<bool*>(y), n,                            \
               [](T a, T b) -> bool { return value; });                                     \
  }
#include "kernels/pointwise.inc"

template <class T>
constexpr UnaryTable<T> unary_table() {
  UnaryTable<T> t{};
#define UNARY_Y(name, value, derivative)                   \
  t.forward[int(Unary::name)] = Pointwise<T>::name##_loop; \
  t.backward[int(Unary::name)] = Pointwise<T>::name##_gradient_loop;
#define UNARY_X(name, value, derivative) UNARY_Y(name, value, derivative)
#define UNARY_FLAT(name, value) t.forward[int(Unary::name)] = Pointwise<T>::name##_loop;
#include "kernels/pointwise.inc"
  return t;
}

template <class T>
constexpr BinaryTable<T> binary_table() {
  BinaryTable<T> t{};
#define BINARY(name, value) t.row[int(Binary::name)] = name##_row<T>;
#define COMPARE(name, value) t.row[int(Binary::name)] = name##_row<T>;
#define LOGICAL(name, value) \
  if constexpr (sizeof(T) == 1) t.row[int(Binary::name)] = name##_row<T>;
#include "kernels/pointwise.inc"
  if constexpr (T(0.5) != T(0) && sizeof(T) == 4) {
    t.row[int(Binary::power)] = power_f32_row;
    t.row[int(Binary::mod)] = mod_f32_row;
    t.row[int(Binary::atan2)] = atan2_f32_row;
  }
  return t;
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
