// The sum of kernels.h channel by channel: depthwise convolution.
#pragma once

#include "kernels/brgemm.h"

namespace pyclr::PYCLR_ISA {
namespace {

// kRows rows of A side by side, kStride pixels apart, of kTaps pixels each: a pixel that several of
// them read is loaded once, as loads are what bounds a depthwise convolution.
template <class T>
constexpr int kSideBySide = sizeof(T) == 8 ? 3 : 6;  // double is less used

template <class T, int kTaps, int kStride, int kRows>
void channel_tile(const Brgemm<T>& g, const T* from, T* to) {
  constexpr int L = kLanes<T>;
  for (int64_t j = 0; j + L <= g.n; j += L) {
    Vec<T> sum[kRows] = {};
    for (int64_t p2 = 0; p2 < g.batch2; ++p2) {
      const T *pixel = from + p2 * g.a_batch2 + j, *b = g.b + p2 * g.b_batch2 + j;
      Vec<T> factor[kTaps];
      PYCLR_UNROLL for (int p = 0; p < kTaps; ++p) factor[p] = load(b + p * g.b_k);
      PYCLR_UNROLL for (int i = 0; i < (kRows - 1) * kStride + kTaps; ++i) {
        const Vec<T> x = load(pixel);
        pixel += g.a_k;
        PYCLR_UNROLL for (int p = 0; p < kTaps; ++p) {
          const int row = (i - p) / kStride;
          if (i >= p && row * kStride == i - p && row < kRows)
            sum[row] = fma(x, factor[p], sum[row]);
        }
      }
    }
    PYCLR_UNROLL for (int row = 0; row < kRows; ++row) {
      Vec<T> y = sum[row];
      if (g.bias) y = y + load(g.bias + j);
      if (g.activation == Activation::relu) y = max(y, Vec<T>{});
      store(to + row * g.c_inner + j, y);
    }
  }
}

template <class T, int kTaps, int kStride>
struct ChannelTiles {
  void (*of[kSideBySide<T> + 1])(const Brgemm<T>&, const T*, T*) = {};  // so many rows
  constexpr ChannelTiles() { fill<kSideBySide<T>>(); }
  template <int kRows>
  constexpr void fill() {
    of[kRows] = channel_tile<T, kTaps, kStride, kRows>;
    if constexpr (kRows > 1) fill<kRows - 1>();
  }
};

// Asks for the rows of a tile of the next line, from `tile` on, that this line has not read: the
// processor sees too late that lines of an image come one after the other.
template <int kStride, class T>
PYCLR_INLINE void prefetch_new_rows(const Brgemm<T>& g, const T* tile, int64_t count) {
  for (int64_t p2 = g.batch2 - kStride; p2 < g.batch2; ++p2) {
    const T* row = tile + p2 * g.a_batch2;
    for (int64_t i = 0; i < count; i += 64 / sizeof(T)) __builtin_prefetch(row + i, 0, 2);
  }
}

// All channels of a tile before the next tile, line by line: memory is read in order. The columns
// after the last whole vector are left.
template <class T, int kTaps, int kStride>
void channel_lines(const Brgemm<T>& g) {
  static constexpr ChannelTiles<T, kTaps, kStride> kTiles;
  const int64_t wide = g.m_inner < g.m ? g.m_inner : g.m;
  const int64_t tiles = (wide + kSideBySide<T> - 1) / kSideBySide<T>;
  for (int64_t line = 0; line < g.m / wide; ++line) {
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t begin = wide * t / tiles, rows = wide * (t + 1) / tiles - begin;
      prefetch_new_rows<kStride>(g, g.a + (line + 1) * g.a_outer + begin * g.a_inner,
                                 rows * g.a_inner);
      kTiles.of[rows](g, g.a + line * g.a_outer + begin * g.a_inner,
                      g.c + line * g.c_outer + begin * g.c_inner);
    }
  }
}

// The usual sizes have loops of their own, with the same bits.
template <class T>
void channelwise(const Brgemm<T>& g) {
  constexpr int L = kLanes<T>;
  void (*lines)(const Brgemm<T>&) = nullptr;
  if (!g.accumulate && g.batch1 == 1 && g.n >= L) {
    if (g.a_inner == g.a_k) {
      lines = g.k == 2   ? channel_lines<T, 2, 1>
              : g.k == 3 ? channel_lines<T, 3, 1>
              : g.k == 5 ? channel_lines<T, 5, 1>
                         : nullptr;
    } else if (g.a_inner == 2 * g.a_k && g.k == 3) {
      lines = channel_lines<T, 3, 2>;
    }
  }
  if (!lines) return brgemm<T, true>(g);
  lines(g);
  const int64_t done = g.n / L * L;
  if (done == g.n) return;
  Brgemm<T> rest = g;
  rest.n -= done, rest.a += done, rest.b += done, rest.c += done;
  if (g.bias) rest.bias += done;
  brgemm<T, true>(rest);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
