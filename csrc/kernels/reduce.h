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
// NaN wins, as in NumPy.
struct Max {
  template <class T>
  static constexpr T neutral() {
    if constexpr (T(0.5) != T(0)) return -__builtin_inff();
    return sizeof(T) == 1 ? T(0) : sizeof(T) == 4 ? T(INT32_MIN) : T(INT64_MIN);
  }
  // Whether a takes the place of b.
  template <class T>
  static PYCLR_INLINE bool before(T a, T b) {
    return (a > b) | ((a != a) & (b == b));
  }
  template <class V>
  static PYCLR_INLINE V join(V a, V b) {
    const V larger = a > b ? a : b;
    return a != a ? a : larger;
  }
};
struct Min {
  template <class T>
  static constexpr T neutral() {
    if constexpr (T(0.5) != T(0)) return __builtin_inff();
    return sizeof(T) == 1 ? T(UINT8_MAX) : sizeof(T) == 4 ? T(INT32_MAX) : T(INT64_MAX);
  }
  template <class T>
  static PYCLR_INLINE bool before(T a, T b) {
    return (a < b) | ((a != a) & (b == b));
  }
  template <class V>
  static PYCLR_INLINE V join(V a, V b) {
    const V smaller = a < b ? a : b;
    return a != a ? a : smaller;
  }
};

// 32 partial results, so that the loop is made of vectors and a float sum keeps its precision.
template <class R, class T>
T reduce_row(const T* x, int64_t n) {
  constexpr int kParts = 32;
  T parts[kParts];
  for (int j = 0; j < kParts; ++j) parts[j] = R::template neutral<T>();
  int64_t i = 0;
  for (; i + kParts <= n; i += kParts)
    for (int j = 0; j < kParts; ++j) parts[j] = R::join(parts[j], x[i + j]);
  for (int j = 0; i + j < n; ++j) parts[j] = R::join(parts[j], x[i + j]);
  for (int width = kParts / 2; width; width /= 2)
    for (int j = 0; j < width; ++j) parts[j] = R::join(parts[j], parts[j + width]);
  return parts[0];
}

// kCount short rows side by side: each is one chain in the order of its elements, and the
// processor works on all of them at once.
template <class R, int kCount, class T>
PYCLR_INLINE void short_rows(const T* x, int64_t n, T* y) {
  T result[kCount];
  for (int r = 0; r < kCount; ++r) result[r] = x[r * n];
  for (int64_t j = 1; j < n; ++j)
    PYCLR_UNROLL for (int r = 0; r < kCount; ++r) result[r] = R::join(result[r], x[r * n + j]);
  for (int r = 0; r < kCount; ++r) y[r] = result[r];
}

template <class R, class T>
void reduce_rows(const T* x, int64_t rows, int64_t n, T* y) {
  int64_t i = 0;
  if (n > 0 && n <= 32) {
    for (; i + 8 <= rows; i += 8) short_rows<R, 8>(x + i * n, n, y + i);
    for (; i < rows; ++i) short_rows<R, 1>(x + i * n, n, y + i);
  }
  for (; i < rows; ++i) y[i] = reduce_row<R>(x + i * n, n);
}

template <class T>
struct AnyVec {
  typedef T Type __attribute__((vector_size(kVectorBytes)));
};

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
PYCLR_INLINE void wide_columns(const T* x, int64_t rows, int64_t n, T* y) {
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

template <class R, class T>
void arg_columns(const T* x, int64_t rows, int64_t stride, int64_t n, int32_t* y) {
  constexpr int kBlock = 64;
  for (int64_t j = 0; j < n; j += kBlock, x += kBlock, y += kBlock) {
    const int width = n - j < kBlock ? int(n - j) : kBlock;
    T best[kBlock];
    int32_t at[kBlock];
    for (int k = 0; k < width; ++k) best[k] = x[k], at[k] = 0;
    for (int64_t i = 1; i < rows; ++i) {
      const T* row = x + i * stride;
      for (int k = 0; k < width; ++k) {
        const bool wins = R::before(row[k], best[k]);
        best[k] = wins ? row[k] : best[k];
        at[k] = wins ? int32_t(i) : at[k];
      }
    }
    for (int k = 0; k < width; ++k) y[k] = at[k];
  }
}

// The extremum of each piece by vectors; then its place in the first piece that has it.
template <class R, class T>
PYCLR_INLINE int32_t arg_row(const T* x, int64_t n) {
  constexpr int64_t kPiece = 512;
  int64_t from = 0;
  T best = reduce_row<R>(x, n < kPiece ? n : kPiece);
  for (int64_t i = kPiece; i < n; i += kPiece) {
    const T extremum = reduce_row<R>(x + i, n - i < kPiece ? n - i : kPiece);
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
