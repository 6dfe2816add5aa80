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
    return sizeof(T) == 4 ? T(INT32_MIN) : T(INT64_MIN);
  }
  template <class T>
  static PYCLR_INLINE T join(T a, T b) {
    return a != a ? a : b != b ? b : a > b ? a : b;
  }
};
struct Min {
  template <class T>
  static constexpr T neutral() {
    if constexpr (T(0.5) != T(0)) return __builtin_inff();
    return sizeof(T) == 4 ? T(INT32_MAX) : T(INT64_MAX);
  }
  template <class T>
  static PYCLR_INLINE T join(T a, T b) {
    return a != a ? a : b != b ? b : a < b ? a : b;
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

template <class R, class T>
void reduce_columns(const T* x, int64_t rows, int64_t n, T* y) {
  for (int64_t j = 0; j < n; ++j) y[j] = R::template neutral<T>();
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < n; ++j) y[j] = R::join(y[j], x[i * n + j]);
}

template <class T>
constexpr ReduceTable<T> reduce_table() {
  return {{reduce_row<Sum, T>, reduce_row<Max, T>, reduce_row<Min, T>, reduce_row<Prod, T>},
          {reduce_columns<Sum, T>, reduce_columns<Max, T>, reduce_columns<Min, T>,
           reduce_columns<Prod, T>}};
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
