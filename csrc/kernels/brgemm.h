// The batch-reduce GEMM micro-kernel of kernels.h, and its channelwise sibling.
#pragma once

#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

// A tile of C is rows x vectors registers. kTileRows[v] is the largest number of rows beside v
// vectors: the register file holds the accumulators, v registers of B and one of A.
#if defined(__AVX512F__) || defined(__ARM_NEON)
constexpr int kMaxVectors = 4;
constexpr int kTileRows[] = {0, 12, 12, 8, 6};
#elif defined(__AVX2__)
constexpr int kMaxVectors = 3;
constexpr int kTileRows[] = {0, 12, 6, 4};
#else
constexpr int kMaxVectors = 3;
constexpr int kTileRows[] = {0, 8, 5, 3};
#endif
constexpr int kMaxRows = 12;

// Channel by channel, A has no reuse: any shape with enough accumulators does.
constexpr int kMaxChannelVectors = 2;
constexpr int kChannelTileRows = 4;

// What is added where there is no bias.
template <class T>
struct NoBias {
  T values[kMaxVectors * kLanes<T>];
  constexpr NoBias() : values() {
    for (T& value : values) value = T(-0.0);
  }
};
template <class T>
constexpr NoBias<T> kNoBias;

// Computes one tile. a_rows and c_rows point to its rows, b and bias to its first column; the last
// vector has `tail` lanes. The unrolling must be complete, else the accumulators go through memory.
template <class T, bool kChannelwise, int kRows, int kVectors, bool kPartial>
void tile(const Brgemm<T>& g, const T* const* a_rows, const T* b, T* const* c_rows, const T* bias,
          int64_t tail) {
  constexpr int L = kLanes<T>;
  const auto load_vector = [tail](const T* p, int v) {
    return kPartial && v == kVectors - 1 ? load_n(p + v * L, tail) : load(p + v * L);
  };
  const T* a[kRows];
  Vec<T> acc[kRows][kVectors];
  PYCLR_UNROLL for (int i = 0; i < kRows; ++i) {
    a[i] = a_rows[i];
    PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
      acc[i][v] = g.accumulate ? load_vector(c_rows[i], v) : Vec<T>{};
    }
  }
  for (int64_t p2 = 0; p2 < g.batch2; ++p2) {
    for (int64_t p1 = 0; p1 < g.batch1; ++p1) {
      // One index beside kRows pointers that stay: the rows need no registers of their own to move.
      int64_t a_at = p2 * g.a_batch2 + p1 * g.a_batch1;
      const T* b_at = b + p2 * g.b_batch2 + p1 * g.b_batch1;
      for (int64_t p = 0; p < g.k; ++p) {
        Vec<T> bv[kVectors];
        PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
          bv[v] = load_vector(b_at, v);
          keep(bv[v]);
        }
        PYCLR_UNROLL for (int i = 0; i < kRows; ++i) {
          if constexpr (kChannelwise) {
            PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
              acc[i][v] = fma(load_vector(a[i] + a_at, v), bv[v], acc[i][v]);
            }
          } else {
            const Vec<T> av = broadcast(a[i][a_at]);
            PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
          }
        }
        a_at += g.a_k;
        b_at += g.b_k;
      }
    }
  }
  // One branch for both, as every way through is long: adding -0 and the maximum with -infinity
  // change nothing.
  const bool relu = g.activation == Activation::relu;
  if (bias || relu) {
    const Vec<T> least = broadcast(relu ? T(0) : -T(__builtin_inf()));
    const T* shifts = bias ? bias : kNoBias<T>.values;
    PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
      const Vec<T> shift = load_vector(shifts, v);
      PYCLR_UNROLL for (int i = 0; i < kRows; ++i) acc[i][v] = max(acc[i][v] + shift, least);
    }
  }
  PYCLR_UNROLL for (int i = 0; i < kRows; ++i) {
    T* c = c_rows[i];
    PYCLR_UNROLL for (int v = 0; v < kVectors - kPartial; ++v) store(c + v * L, acc[i][v]);
    if (kPartial) store_n(c + (kVectors - 1) * L, acc[i][kVectors - 1], tail);
  }
}

template <class T>
using Tile = void (*)(const Brgemm<T>&, const T* const*, const T*, T* const*, const T*, int64_t);

template <class T, bool kChannelwise>
struct Tiles {
  static constexpr int kVectors = kChannelwise ? kMaxChannelVectors : kMaxVectors;
  static constexpr int rows(int vectors) {
    if (kChannelwise) return kChannelTileRows;
    // Enough of them for double, which is less used.
    return sizeof(T) == 8 && kTileRows[vectors] > 6 ? 6 : kTileRows[vectors];
  }

  // With masks a whole vector costs hardly more as a part of one: double has no tiles for it.
  static constexpr bool kOnlyPartial = kMasks && !kChannelwise && sizeof(T) == 8;
  Tile<T> at[2][kVectors + 1][kMaxRows + 1] = {};  // [partial last vector][vectors][rows]

  constexpr Tiles() { fill<kVectors, rows(kVectors)>(); }

  template <int v, int r>
  constexpr void fill() {
    at[0][v][r] = tile<T, kChannelwise, r, v, kOnlyPartial>;
    at[1][v][r] = tile<T, kChannelwise, r, v, true>;
    if constexpr (r > 1) {
      fill<v, r - 1>();
    } else if constexpr (v > 1) {
      fill<v - 1, rows(v - 1)>();
    }
  }
};
template <class T, bool kChannelwise>
constexpr Tiles<T, kChannelwise> kTiles;

// Goes through rows of two-level stride without dividing, at most kMost at a time.
template <class T, int kMost>
class RowCursor {
 public:
  RowCursor(T* start, int64_t outer, int64_t inner, int64_t m_inner)
      : row_(start),
        outer_(outer - m_inner * inner),
        inner_(inner),
        m_inner_(m_inner),
        left_(m_inner) {}

  void next(int count, T** rows) {
    if (count < left_) {
      // A loop without a count that varies: in vectors, and nothing to predict.
      for (int r = 0; r < kMost; ++r) rows[r] = row_ + r * inner_;
      row_ += count * inner_;
      left_ -= count;
      return;
    }
    for (int r = 0; r < count; ++r) {
      rows[r] = row_;
      row_ += inner_;
      if (--left_ == 0) [[unlikely]] {
        row_ += outer_;
        left_ = m_inner_;
      }
    }
  }

 private:
  T* row_;
  int64_t outer_, inner_, m_inner_, left_;
};

template <class T, bool kChannelwise>
void brgemm(const Brgemm<T>& g) {
  using Shapes = Tiles<T, kChannelwise>;
  constexpr int L = kLanes<T>, kMost = kChannelwise ? kChannelTileRows : kMaxRows;
  if (g.m <= 0) return;
  const int64_t vectors = (g.n + L - 1) / L;
  const int64_t panels = (vectors + Shapes::kVectors - 1) / Shapes::kVectors;
  const int64_t m_inner = g.m_inner < g.m ? g.m_inner : g.m;
  // Near equal panels of columns, and in them near equal tiles of rows.
  for (int64_t q = 0; q < panels; ++q) {
    const int64_t v0 = q * vectors / panels;
    const int width = int((q + 1) * vectors / panels - v0);
    const int64_t j = v0 * L;
    const int64_t columns = g.n - j < width * L ? g.n - j : width * L;
    const int64_t tail = columns - (width - 1) * L;
    const int64_t tiles = (g.m + Shapes::rows(width) - 1) / Shapes::rows(width);
    RowCursor<const T, kMost> a(kChannelwise ? g.a + j : g.a, g.a_outer, g.a_inner, m_inner);
    RowCursor<T, kMost> c(g.c + j, g.c_outer, g.c_inner, m_inner);
    for (int64_t t = 0, i = 0; t < tiles; ++t) {
      const int64_t end = (t + 1) * g.m / tiles;
      const int rows = int(end - i);
      const T* a_rows[kMost];
      T* c_rows[kMost];
      a.next(rows, a_rows);
      c.next(rows, c_rows);
      const T* bias = g.bias ? g.bias + j : nullptr;
      kTiles<T, kChannelwise>.at[tail < L][width][rows](g, a_rows, g.b + j, c_rows, bias, tail);
      i = end;
    }
  }
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
