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
constexpr int kSparseVectors = 6, kSparseRows = 5, kSlideVectors = 2;

// sum[r][v] += the products of the ones of `bits` with read(w + r * w_row, v).
template <class T, int kRows, int kVectors, class Read>
PYCLR_INLINE void add_nonzeros(const SparseSum<T>& s, const uint64_t* bits, const T* x, const T* w,
                               Vec<T> (&sum)[kRows][kVectors], Read read) {
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
}

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
    add_nonzeros(s, bits, x, w, sum, read);
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

// The same for a vector of each of kColumns columns, kStep vectors - y_step - apart: what a step
// leaves is stored, the other columns stay in registers.
template <class T, int kRows, int kColumns, int kStep>
void sparse_slide(const SparseSum<T>& s, const T* w, T* y, int64_t) {
  constexpr int kNext = kStep * kLanes<T>;
  const auto read = [](const T* p, int v) { return load(p + v * kNext); };
  const int64_t row = s.y_row, count = s.count, words = s.words;
  const uint64_t* bits = s.bits;
  const T* x = s.x;
  Vec<T> sum[kRows][kColumns];
  PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
    PYCLR_UNROLL for (int v = 0; v < kColumns; ++v) sum[r][v] = read(y + r * row, v);
  }
  for (int64_t i = 1, in_window = 1;; ++i, ++in_window) {
    add_nonzeros(s, bits, x, w, sum, read);
    if (i == count) break;
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      store(y + r * row, sum[r][0]);
      PYCLR_UNROLL for (int v = 1; v < kColumns; ++v) sum[r][v - 1] = sum[r][v];
      sum[r][kColumns - 1] = read(y + r * row, kColumns);
    }
    y += kNext, bits += words;
    if (in_window == s.window) in_window = 0, x += s.x_step;
  }
  PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
    PYCLR_UNROLL for (int v = 0; v < kColumns; ++v) store(y + r * row + v * kNext, sum[r][v]);
  }
}

template <class T>
struct SparseTiles {
  using Tile = void (*)(const SparseSum<T>&, const T*, T*, int64_t);
  static constexpr int kMostRows = sizeof(T) == 4 ? kSparseRows : 1;  // double is less used
  static constexpr int rows(int vectors) {
    return kSparseRegisters / vectors < kMostRows ? kSparseRegisters / vectors : kMostRows;
  }
  Tile at[2][kSparseVectors + 1][kSparseRows + 1] = {};  // [partial last vector][vectors][rows]
  // [vectors a column][columns][rows], of 3 x 3 and of 5 x 5 for float.
  Tile slide[kSlideVectors + 1][kSparseRows + 1][kSparseRows + 1] = {};
  constexpr SparseTiles() {
    fill<kSparseVectors, rows(kSparseVectors)>();
    if constexpr (sizeof(T) == 4) {
      fill_slide<kSlideVectors, 3>();
      fill_slide<kSlideVectors, 5>();
    }
  }
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
  static constexpr bool slides(int64_t step, int64_t k) {
    return sizeof(T) == 4 && (k == 3 || k == 5) && step % kLanes<T> == 0 && step > 0 &&
           step <= kSlideVectors * kLanes<T>;
  }
  template <int step, int k>
  constexpr void fill_slide() {
    constexpr int tiles = (k + rows(k) - 1) / rows(k);  // near equal ones
    slide[step][k][k / tiles] = sparse_slide<T, k / tiles, k, step>;
    constexpr int more = (k + tiles - 1) / tiles;
    if constexpr (more > k / tiles) slide[step][k][more] = sparse_slide<T, more, k, step>;
    if constexpr (step > 1) fill_slide<step - 1, k>();
  }
};
template <class T>
constexpr SparseTiles<T> kSparseTiles;

// The columns from j on: near equal tiles of at most so many rows.
template <class T>
void sparse_rows(const SparseSum<T>& s, int64_t j, int64_t tail, int64_t at_once,
                 const typename SparseTiles<T>::Tile* tiles) {
  const int64_t count = (s.rows + at_once - 1) / at_once;
  for (int64_t t = 0, r = 0; t < count; ++t) {
    const int64_t end = (t + 1) * s.rows / count;
    tiles[end - r](s, s.w + r * s.w_row + j, s.y + r * s.y_row + j, tail);
    r = end;
  }
}

template <class T>
void sparse_sum(const SparseSum<T>& s) {
  using Tiles = SparseTiles<T>;
  constexpr int64_t L = kLanes<T>;
  constexpr const Tiles& tiles = kSparseTiles<T>;
  if (s.count > 1 && s.y_step * s.rows == s.n && Tiles::slides(s.y_step, s.rows)) {
    for (int64_t j = 0; j < s.y_step; j += L) {
      sparse_rows(s, j, L, Tiles::rows(int(s.rows)), tiles.slide[s.y_step / L][s.rows]);
    }
    return;
  }
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
    sparse_rows(s, j, tail, Tiles::rows(width), tiles.at[tail < L][width]);
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
