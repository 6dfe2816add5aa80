// Transposition of a matrix, a square block of registers at a time.
#pragma once

#include "kernels/simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

template <int... I>
struct Indices {};
template <int n, int... I>
struct CountTo : CountTo<n - 1, n - 1, I...> {};
template <int... I>
struct CountTo<0, I...> {
  using Type = Indices<I...>;
};

// The lanes of a and b in turn, from lane `first` on.
template <int first, class V, int... I>
PYCLR_INLINE V interleave(V a, V b, Indices<I...>) {
  return __builtin_shufflevector(a, b, (first + I / 2 + I % 2 * int(sizeof...(I)))...);
}

// One L x L block. Interleaving vector i with vector i + L/2 moves one bit of the row number to the
// column number; log2(L) such steps exchange them.
template <class T>
PYCLR_INLINE void transpose_block(Vec<T> (&v)[kLanes<T>]) {
  constexpr int L = kLanes<T>;
  using Lanes = typename CountTo<L>::Type;
  PYCLR_UNROLL for (int step = 1; step < L; step *= 2) {
    Vec<T> w[L];
    PYCLR_UNROLL for (int i = 0; i < L / 2; ++i) {
      w[2 * i] = interleave<0>(v[i], v[i + L / 2], Lanes{});
      w[2 * i + 1] = interleave<L / 2>(v[i], v[i + L / 2], Lanes{});
    }
    PYCLR_UNROLL for (int i = 0; i < L; ++i) v[i] = w[i];
  }
}

// See KernelsOf::transpose.
template <class T>
void transpose(const T* src, int64_t src_stride, T* dst, int64_t dst_stride, int64_t rows,
               int64_t columns) {
  constexpr int L = kLanes<T>;
  for (int64_t i = 0; i < rows; i += L) {
    const int64_t height = rows - i < L ? rows - i : L;
    for (int64_t j = 0; j < columns; j += L) {
      const int64_t width = columns - j < L ? columns - j : L;
      const T* from = src + i * src_stride + j;
      T* to = dst + j * dst_stride + i;
      Vec<T> v[L];
      if (height == L && width == L) {
        PYCLR_UNROLL for (int r = 0; r < L; ++r) v[r] = load(from + r * src_stride);
        transpose_block<T>(v);
        PYCLR_UNROLL for (int r = 0; r < L; ++r) store(to + r * dst_stride, v[r]);
      } else {
        for (int r = 0; r < L; ++r)
          v[r] = r < height ? load_n(from + r * src_stride, width) : Vec<T>{};
        transpose_block<T>(v);
        for (int r = 0; r < width; ++r) store_n(to + r * dst_stride, v[r], height);
      }
    }
  }
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
