// Sums over nonzero elements only, and where these are. Included once per instruction set
// (isa.cpp).
#pragma once

#include "kernels/kernels.h"
#include "kernels/pool.h"
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

// The last vector has `tail` lanes.
template <class T, int kRows, int kVectors, bool kPartial>
void sparse_tile(const SparseSum<T>& s, const T* w, T* y, int64_t tail) {
  constexpr int L = kLanes<T>;
  const auto read = [tail](const T* p, int v) {
    return kPartial && v == kVectors - 1 ? load_n(p + v * L, tail) : load(p + v * L);
  };
  const uint64_t* bits = s.bits;
  const T* x = s.x;
  for (int64_t i = 0, in_window = 0; i < s.count; ++i, y += s.y_step, bits += s.words) {
    if (in_window == s.window) in_window = 0, x += s.x_step;
    ++in_window;
    Vec<T> sum[kRows][kVectors];
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) sum[r][v] = read(y + r * s.y_row, v);
    }
    for (int64_t word = 0; word < s.words; ++word) {
      for (uint64_t left = bits[word]; left; left &= left - 1) {
        const int64_t b = 64 * word + __builtin_ctzll(left);
        const Vec<T> factor = broadcast(x[s.x_at[b]]);
        const T* w_b = w + s.w_at[b];
        PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
          PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
            sum[r][v] = fma(factor, read(w_b + r * s.w_row, v), sum[r][v]);
          }
        }
      }
    }
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      T* row = y + r * s.y_row;
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
        if (kPartial && v == kVectors - 1) {
          store_n(row + v * L, sum[r][v], tail);
        } else {
          store(row + v * L, sum[r][v]);
        }
      }
    }
  }
}

template <class T>
struct SparseTiles {
  using Tile = void (*)(const SparseSum<T>&, const T*, T*, int64_t);
  static constexpr int rows(int vectors) {
    return kSparseRegisters / vectors < kSparseRows ? kSparseRegisters / vectors : kSparseRows;
  }
  Tile at[2][kSparseVectors + 1][kSparseRows + 1] = {};  // [partial last vector][vectors][rows]
  constexpr SparseTiles() { fill<kSparseVectors, rows(kSparseVectors)>(); }
  template <int v, int r>
  constexpr void fill() {
    at[0][v][r] = sparse_tile<T, r, v, false>;
    at[1][v][r] = sparse_tile<T, r, v, true>;
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
  constexpr int64_t L = kLanes<T>;
  const int64_t vectors = (s.n + L - 1) / L;
  const int64_t panels = (vectors + kSparseVectors - 1) / kSparseVectors;
  if (panels > 1 && s.count > 1) {  // the next may add to another panel of this y
    SparseSum<T> one = s;
    one.count = 1;
    for (int64_t i = 1; i <= s.count; ++i, one.y += s.y_step, one.bits += s.words) {
      sparse_sum(one);
      if (i % s.window == 0) one.x += s.x_step;
    }
    return;
  }
  for (int64_t q = 0; q < panels; ++q) {
    const int64_t begin = q * vectors / panels;
    const int width = int((q + 1) * vectors / panels - begin);
    const int64_t j = begin * L, tail = s.n - j < width * L ? s.n - j - (width - 1) * L : L;
    const int64_t at_once = SparseTiles<T>::rows(width);
    const int64_t tiles = (s.rows + at_once - 1) / at_once;
    for (int64_t t = 0, r = 0; t < tiles; ++t) {
      const int64_t end = (t + 1) * s.rows / tiles;
      kSparseTiles<T>.at[tail < L][width][end - r](s, s.w + r * s.w_row + j, s.y + r * s.y_row + j,
                                                   tail);
      r = end;
    }
  }
}

template <class T>
void nonzeros(const PixelRow<T>& row, uint64_t* bits) {
  constexpr int kStep = 16;  // numbers looked at together
  const T* values = row.values;
  const uint8_t* choice = row.choice;
  int64_t in_window = 0;
  for (int64_t pixel = 0; pixel < row.pixels; ++pixel) {
    const auto code = static_cast<uint8_t>(row.first + in_window);
    for (int64_t begin = 0; begin < row.channels; begin += 64) {
      const int64_t end = row.channels - begin < 64 ? row.channels : begin + 64;
      uint64_t word = 0;
      int64_t i = begin;
      for (; i + kStep <= end; i += kStep) {
        uint32_t found = choice ? equal_bytes(choice + i, code) : 0xFFFF, lanes = 0;
        PYCLR_UNROLL for (int v = 0; v < kStep; v += kLanes<T>) {
          lanes |= nonzero_lanes(load(values + i + v)) << v;
        }
        word |= uint64_t{found & lanes} << (i - begin);
      }
      for (; i < end; ++i) {
        word |= uint64_t{values[i] != 0 && (!choice || choice[i] == code)} << (i - begin);
      }
      *bits++ = word;
    }
    if (++in_window == row.window) {
      in_window = 0;
      values += row.pixel;
      if (choice) choice += row.pixel;
    }
  }
}

template <class T, int kRows>
void pixel_sums_of(const PixelRow<T>& row, int64_t first, T* sums, int64_t sums_row) {
  const int64_t windows = (row.pixels + row.window - 1) / row.window;
  for_vectors<T>(row.channels, [&](int64_t c, auto lanes) {
    Vec<T> total[kRows] = {};
    for (int64_t i = 0; i < windows; ++i) {
      const IntVec<T> where = read_index<T>(row.choice + i * row.pixel + c, lanes);
      const Vec<T> value = lanes.read(row.values + i * row.pixel + c);
      PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
        const auto begin = static_cast<int32_t>(first + r * row.window);
        const auto here = (where >= begin) & (where < static_cast<int32_t>(begin + row.window));
        total[r] += select(here, value, Vec<T>{});
      }
    }
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) lanes.write(sums + r * sums_row + c, total[r]);
  });
}

template <class T>
void pixel_sums(const PixelRow<T>& row, int64_t rows, T* sums, int64_t sums_row) {
  int64_t r = 0;
  for (; r + 2 <= rows; r += 2) {
    pixel_sums_of<T, 2>(row, row.first + r * row.window, sums + r * sums_row, sums_row);
  }
  if (r < rows) pixel_sums_of<T, 1>(row, row.first + r * row.window, sums + r * sums_row, sums_row);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
