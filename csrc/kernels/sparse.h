// Sums of rows chosen by the nonzero elements of a vector. Included once per instruction set
// (isa.cpp).
#pragma once

#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

// Accumulators kept in registers: rows * vectors.
#if defined(__AVX512F__) || defined(__ARM_NEON)
constexpr int kSparseRegisters = 25;
#else
constexpr int kSparseRegisters = 12;
#endif
constexpr int kSparseVectors = 6, kSparseRows = 5;

struct Nonzeros {
  int64_t count;
  const int32_t* at;
};

template <class T, int kRows, int kVectors>
void sparse_tile(const SparseSum<T>& s, Nonzeros nonzeros, const T* w, T* y, int64_t tail) {
  constexpr int L = kLanes<T>;
  const auto read = [tail](const T* p, int v) {
    return v == kVectors - 1 ? load_n(p + v * L, tail) : load(p + v * L);
  };
  Vec<T> sum[kRows][kVectors];
  PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
    PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) sum[r][v] = read(y + r * s.y_row, v);
  }
  for (int64_t i = 0; i < nonzeros.count; ++i) {
    const int64_t k = nonzeros.at[i];
    const Vec<T> x = broadcast(s.x[k]);
    const T* w_k = w + k * s.w_k;
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
        sum[r][v] = fma(x, read(w_k + r * s.w_row, v), sum[r][v]);
      }
    }
  }
  PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
    PYCLR_UNROLL for (int v = 0; v < kVectors - 1; ++v) store(y + r * s.y_row + v * L, sum[r][v]);
    store_n(y + r * s.y_row + (kVectors - 1) * L, sum[r][kVectors - 1], tail);
  }
}

template <class T>
struct SparseTiles {
  using Tile = void (*)(const SparseSum<T>&, Nonzeros, const T*, T*, int64_t);
  static constexpr int rows(int vectors) {
    return kSparseRegisters / vectors < kSparseRows ? kSparseRegisters / vectors : kSparseRows;
  }
  Tile at[kSparseVectors + 1][kSparseRows + 1] = {};
  constexpr SparseTiles() { fill<kSparseVectors, rows(kSparseVectors)>(); }
  template <int v, int r>
  constexpr void fill() {
    at[v][r] = sparse_tile<T, r, v>;
    if constexpr (r > 1) {
      fill<v, r - 1>();
    } else if constexpr (v > 1) {
      fill<v - 1, rows(v - 1)>();
    }
  }
};
template <class T>
constexpr SparseTiles<T> kSparseTiles;

template <class T>
void sparse_sum(const SparseSum<T>& s) {
  constexpr int64_t kBlock = 256, L = kLanes<T>;
  int32_t at[kBlock];
  const int64_t vectors = (s.n + L - 1) / L;
  const int64_t panels = (vectors + kSparseVectors - 1) / kSparseVectors;
  for (int64_t first = 0; first < s.k; first += kBlock) {
    const int64_t last = first + kBlock < s.k ? first + kBlock : s.k;
    int64_t count = 0;
    for (int64_t k = first; k < last; ++k) {
      at[count] = static_cast<int32_t>(k);
      count += s.x[k] != 0;
    }
    if (count == 0) continue;
    for (int64_t q = 0; q < panels; ++q) {
      const int64_t begin = q * vectors / panels;
      const int width = int((q + 1) * vectors / panels - begin);
      const int64_t j = begin * L, tail = s.n - j < width * L ? s.n - j - (width - 1) * L : L;
      const int64_t at_once = SparseTiles<T>::rows(width);
      const int64_t tiles = (s.rows + at_once - 1) / at_once;
      for (int64_t t = 0, r = 0; t < tiles; ++t) {
        const int64_t end = (t + 1) * s.rows / tiles;
        kSparseTiles<T>.at[width][end - r](s, {count, at}, s.w + r * s.w_row + j,
                                           s.y + r * s.y_row + j, tail);
        r = end;
      }
    }
  }
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
