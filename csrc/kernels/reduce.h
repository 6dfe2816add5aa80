// Loops of the reductions. Included once per instruction set (isa.cpp).
#pragma once

#include "reduce_table.h"
#include "simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

struct Sum {
  template <class T>
  static constexpr T neutral() {
    return 0;
  }
  template <class T>
  static PYCLR_INLINE T join(T a, T b) {
    return a + b;
  }
};
struct Prod {
  template <class T>
  static constexpr T neutral() {
    return 1;
  }
  template <class T>
  static PYCLR_INLINE T join(T a, T b) {
    return a * b;
  }
};
// a > b ? a : b and a < b ? a : b, which are one instruction for vectors of floating point numbers.
template <class V>
PYCLR_INLINE V larger(V a, V b) {
  return a > b ? a : b;
}
PYCLR_INLINE Vec<float> larger(Vec<float> a, Vec<float> b) { return max(b, a); }
PYCLR_INLINE Vec<double> larger(Vec<double> a, Vec<double> b) { return max(b, a); }
template <class V>
PYCLR_INLINE V smaller(V a, V b) {
  return a < b ? a : b;
}
PYCLR_INLINE Vec<float> smaller(Vec<float> a, Vec<float> b) { return min(b, a); }
PYCLR_INLINE Vec<double> smaller(Vec<double> a, Vec<double> b) { return min(b, a); }

// NaN wins, as in NumPy.
struct Max {
  template <class T>
  static constexpr T neutral() {
    if constexpr (T(0.5) != T(0)) return -__builtin_inff();
    return sizeof(T) == 1 ? T(0) : sizeof(T) == 4 ? T(INT32_MIN) : T(INT64_MIN);
  }
  // Whether a takes the place of b: of vectors, a mask.
  template <class T>
  static PYCLR_INLINE auto before(T a, T b) {
    return (a > b) | ((a != a) & (b == b));
  }
  template <class V>
  static PYCLR_INLINE V join(V a, V b) {
    return b != b ? b : larger(b, a);
  }
};
struct Min {
  template <class T>
  static constexpr T neutral() {
    if constexpr (T(0.5) != T(0)) return __builtin_inff();
    return sizeof(T) == 1 ? T(UINT8_MAX) : sizeof(T) == 4 ? T(INT32_MAX) : T(INT64_MAX);
  }
  template <class T>
  static PYCLR_INLINE auto before(T a, T b) {
    return (a < b) | ((a != a) & (b == b));
  }
  template <class V>
  static PYCLR_INLINE V join(V a, V b) {
    return b != b ? b : smaller(b, a);
  }
};

template <class T, int kBytes = kVectorBytes>
struct AnyVec {
  typedef T Type __attribute__((vector_size(kBytes)));
};

// 32 partial results, so that the loop is made of vectors and a float sum keeps its precision.
template <class R, class T>
T reduce_row(const T* x, int64_t n) {
  constexpr int kParts = 32;
  T parts[kParts];
  constexpr int kBytes = sizeof parts < kVectorBytes ? sizeof parts : kVectorBytes;
  constexpr int L = kBytes / int(sizeof(T)), kCount = kParts / L;
  using V = typename AnyVec<T, kBytes>::Type;
  V vectors[kCount];
  PYCLR_UNROLL for (V& v : vectors) v = V{} + R::template neutral<T>();
  int64_t i = 0;
  for (; i + kParts <= n; i += kParts) PYCLR_UNROLL for (int k = 0; k < kCount; ++k) {
      V v;
      __builtin_memcpy(&v, x + i + k * L, sizeof v);
      vectors[k] = R::join(vectors[k], v);
    }
  __builtin_memcpy(parts, vectors, sizeof parts);
  for (int j = 0; i + j < n; ++j) parts[j] = R::join(parts[j], x[i + j]);
  for (int width = kParts / 2; width; width /= 2)
    for (int j = 0; j < width; ++j) parts[j] = R::join(parts[j], parts[j + width]);
  return parts[0];
}

// Short rows, kCount side by side and so many times: each is one chain in the order of its
// elements, and the processor works on all of them at once.
template <class R, int kCount, class T>
PYCLR_NOINLINE void short_rows(const T* x, int64_t times, int64_t n, T* y) {
  for (; times > 0; --times, x += kCount * n, y += kCount) {
    T result[kCount];
    for (int r = 0; r < kCount; ++r) result[r] = x[r * n];
    for (int64_t j = 1; j < n; ++j)
      PYCLR_UNROLL for (int r = 0; r < kCount; ++r) result[r] = R::join(result[r], x[r * n + j]);
    for (int r = 0; r < kCount; ++r) y[r] = result[r];
  }
}

template <class R, class T>
void reduce_rows(const T* x, int64_t rows, int64_t n, T* y) {
  constexpr int kCount = 8;
  if (n == 0 || n > 32) {
    for (int64_t i = 0; i < rows; ++i) y[i] = reduce_row<R>(x + i * n, n);
  } else if (rows < kCount) {
    short_rows<R, 1>(x, rows, n, y);
  } else {  // the last rows overlap
    short_rows<R, kCount>(x, rows / kCount, n, y);
    short_rows<R, kCount>(x + (rows - kCount) * n, rows % kCount != 0, n, y + rows - kCount);
  }
}

// kCount vectors of columns, each a chain in the order of the rows.
template <class R, int kCount, class T>
PYCLR_INLINE void column_vectors(const T* x, int64_t rows, int64_t n, T* y) {
  using V = typename AnyVec<T>::Type;
  constexpr int L = kVectorBytes / int(sizeof(T));
  V sum[kCount];
  PYCLR_UNROLL for (int k = 0; k < kCount; ++k) __builtin_memcpy(&sum[k], x + k * L, sizeof(V));
  for (int64_t i = 1; i < rows; ++i) PYCLR_UNROLL for (int k = 0; k < kCount; ++k) {
      V v;
      __builtin_memcpy(&v, x + i * n + k * L, sizeof v);
      sum[k] = R::join(sum[k], v);
    }
  PYCLR_UNROLL for (int k = 0; k < kCount; ++k) __builtin_memcpy(y + k * L, &sum[k], sizeof(V));
}

// The last vector overlaps the one before: it gives the same results again.
template <class R, class T>
PYCLR_NOINLINE void wide_columns(const T* x, int64_t rows, int64_t n, T* y) {
  constexpr int L = kVectorBytes / int(sizeof(T));
  if (rows == 0 || n < L) {
    for (int64_t j = 0; j < n; ++j) {
      T sum = rows ? x[j] : R::template neutral<T>();
      for (int64_t i = 1; i < rows; ++i) sum = R::join(sum, x[i * n + j]);
      y[j] = sum;
    }
    return;
  }
  int64_t j = 0;
  for (; j + 4 * L <= n; j += 4 * L) column_vectors<R, 4>(x + j, rows, n, y + j);
  for (; j < n; j += L) {
    const int64_t at = j + L <= n ? j : n - L;
    column_vectors<R, 1>(x + at, rows, n, y + at);
  }
}

// Columns of few elements a row: several rows are taken as one, then those are joined.
template <class R, class T>
void reduce_columns(const T* x, int64_t outer, int64_t rows, int64_t n, T* y) {
  constexpr int64_t kWide = 128;
  const int64_t joined = n > 0 && n < kWide / 4 ? kWide / n : 1, wide_rows = rows / joined;
  T wide[kWide] = {};
  for (int64_t o = 0; o < outer; ++o, x += rows * n, y += n) {
    if (joined == 1 || wide_rows < 2) {
      wide_columns<R>(x, rows, n, y);
      continue;
    }
    wide_columns<R>(x, wide_rows, joined * n, wide);
    wide_columns<R>(wide, joined, n, y);
    for (int64_t i = wide_rows * joined; i < rows; ++i)
      for (int64_t j = 0; j < n; ++j) y[j] = R::join(y[j], x[i * n + j]);
  }
}

// Numbers as wide as their places are counted: bytes become int32.
template <class T>
struct ArgLanes {
  using Value = T;
  using Place = int64_t;
};
template <>
struct ArgLanes<float> {
  using Value = float;
  using Place = int32_t;
};
template <>
struct ArgLanes<int32_t> : ArgLanes<float> {
  using Value = int32_t;
};
template <>
struct ArgLanes<uint8_t> : ArgLanes<int32_t> {};
template <class T>
constexpr int kArgLanes = kVectorBytes / int(sizeof(typename ArgLanes<T>::Value));

// kCount vectors of columns; x(i, k) is where vector k of row i begins.
template <class R, int kCount, class T, class At>
PYCLR_INLINE void arg_vectors(int64_t rows, At x, int32_t (*y)[kArgLanes<T>]) {
  using V = typename AnyVec<typename ArgLanes<T>::Value>::Type;
  using P = typename AnyVec<typename ArgLanes<T>::Place>::Type;
  constexpr int L = kArgLanes<T>;
  // Loops, because the compiler makes better code of them than of conversions of vectors.
  const auto read = [](const T* p) {
    V v{};
    for (int l = 0; l < L; ++l) v[l] = p[l];
    return v;
  };
  V best[kCount];
  P place[kCount] = {};
  PYCLR_UNROLL for (int k = 0; k < kCount; ++k) best[k] = read(x(0, k));
  for (int64_t i = 1; i < rows; ++i) {
    const P here = P{} + static_cast<typename ArgLanes<T>::Place>(i);
    PYCLR_UNROLL for (int k = 0; k < kCount; ++k) {
      const V value = read(x(i, k));
      const auto wins = R::before(value, best[k]);
      best[k] = wins ? value : best[k];
      place[k] = wins ? here : place[k];
    }
  }
  PYCLR_UNROLL for (int k = 0; k < kCount; ++k) {
    for (int l = 0; l < L; ++l) y[k][l] = static_cast<int32_t>(place[k][l]);
  }
}

// Columns j on; a vector that would pass the end is the last n columns' instead.
template <class R, int kCount, class T>
PYCLR_INLINE void arg_columns_from(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t j,
                                   int32_t* y) {
  constexpr int L = kArgLanes<T>;
  int64_t first[kCount];
  for (int k = 0; k < kCount; ++k) first[k] = j + (k + 1) * L <= n ? j + k * L : n - L;
  int32_t places[kCount][L];
  arg_vectors<R, kCount, T>(
      rows, [=](int64_t i, int k) { return x + i * stride + first[k]; }, places);
  PYCLR_UNROLL for (int k = 0; k < kCount; ++k)
      __builtin_memcpy(y + first[k], places[k], sizeof places[k]);
}

template <class R, class T>
PYCLR_NOINLINE void arg_columns(const T* x, int64_t rows, int64_t stride, int64_t n, int32_t* y) {
  constexpr int L = kArgLanes<T>;
  if (n < L) {
    // The rows are read past their end; those where no memory may follow are copied.
    const int64_t last = rows - (L - n + stride - 1) / stride, copied = last < 0 ? 0 : last;
    T copies[L * L] = {};
    for (int64_t i = copied; i < rows; ++i)
      for (int64_t k = 0; k < n; ++k) copies[(i - copied) * L + k] = x[i * stride + k];
    int32_t places[1][L];
    arg_vectors<R, 1, T>(
        rows,
        [&](int64_t i, int) { return i < copied ? x + i * stride : copies + (i - copied) * L; },
        places);
    __builtin_memcpy(y, places, n * sizeof *y);
    return;
  }
  int64_t j = 0;
  for (; j + 2 * L < n; j += 4 * L) arg_columns_from<R, 4>(x, rows, stride, n, j, y);
  for (; j < n; j += 2 * L) arg_columns_from<R, 2>(x, rows, stride, n, j, y);
}

template <class R, class T>
PYCLR_NOINLINE T piece_extremum(const T* x, int64_t n) {
  return reduce_row<R>(x, n);
}

// The extremum of each piece by vectors; then its place in the first piece that has it.
template <class R, class T>
PYCLR_INLINE int32_t arg_row(const T* x, int64_t n) {
  constexpr int64_t kPiece = 512;
  int64_t from = 0;
  T best = piece_extremum<R>(x, n < kPiece ? n : kPiece);
  for (int64_t i = kPiece; i < n; i += kPiece) {
    const T extremum = piece_extremum<R>(x + i, n - i < kPiece ? n - i : kPiece);
    if (R::before(extremum, best)) best = extremum, from = i;
  }
  while (x[from] != best && x[from] == x[from]) ++from;
  return int32_t(from);
}

// Short rows become columns, many at a time: a loop over one row would guess at every element
// whether it is the extremum.
template <class R, class T>
void arg_rows(const T* x, int64_t rows, int64_t n, int32_t* y) {
  constexpr int64_t kTogether = 64, kShort = 32;
  if (n > kShort) {
    for (int64_t i = 0; i < rows; ++i) y[i] = arg_row<R>(x + i * n, n);
    return;
  }
  T turned[kShort * kTogether];
  for (int64_t i = 0; i < rows; i += kTogether, x += kTogether * n, y += kTogether) {
    const int64_t count = rows - i < kTogether ? rows - i : kTogether;
    for (int64_t r = 0; r < count; ++r)
      for (int64_t j = 0; j < n; ++j) turned[j * kTogether + r] = x[r * n + j];
    arg_columns<R>(turned, n, kTogether, count, y);
  }
}

template <class T>
constexpr ReduceTable<T> reduce_table() {
  return {{reduce_rows<Sum, T>, reduce_rows<Max, T>, reduce_rows<Min, T>, reduce_rows<Prod, T>},
          {reduce_columns<Sum, T>, reduce_columns<Max, T>, reduce_columns<Min, T>,
           reduce_columns<Prod, T>}};
}

template <class T>
constexpr ArgTable<T> arg_table() {
  return {{arg_columns<Max, T>, arg_columns<Min, T>}, {arg_rows<Max, T>, arg_rows<Min, T>}};
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
