// The sum of kernels.h channel by channel: depthwise convolution.
#pragma once

#include "kernels/brgemm.h"

namespace pyclr::PYCLR_ISA {
namespace {

// kRows rows of A side by side, kStride pixels apart, of kTaps pixels each: a pixel that several of
// them read is loaded once, as loads are what bounds a depthwise convolution.
constexpr int kSideBySide = 6;

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
  void (*of[kSideBySide + 1])(const Brgemm<T>&, const T*, T*) = {};  // so many rows
  constexpr ChannelTiles() { fill<kSideBySide>(); }
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
  const int64_t tiles = (wide + kSideBySide - 1) / kSideBySide;
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

// Adds to the gradients of kTaps taps side by side what kCount positions give: a pixel that several
// taps read is loaded once.
template <int kTaps, int kStride, int kCount, class T>
PYCLR_INLINE void add_positions(const Brgemm<T>& g, const T* pixel, const T* dy, Vec<T>* sum) {
  Vec<T> factor[kCount];
  PYCLR_UNROLL for (int i = 0; i < kCount; ++i, dy += g.b_k) factor[i] = load(dy);
  PYCLR_UNROLL for (int i = 0; i < (kCount - 1) * kStride + kTaps; ++i) {
    const Vec<T> x = load(pixel);
    pixel += g.a_inner;
    PYCLR_UNROLL for (int p = 0; p < kTaps; ++p) {
      const int position = (i - p) / kStride;
      if (i >= p && position * kStride == i - p && position < kCount)
        sum[p] = fma(x, factor[position], sum[p]);
    }
  }
}

// The gradient of a kernel's taps, those side by side in registers while all positions pass by. Two
// vectors of channels at a time, as the sums of one wait for one another. The columns after the
// last two whole vectors are left.
template <class T, int kTaps, int kStride>
void channel_taps(const Brgemm<T>& g) {
  constexpr int L = kLanes<T>, kVectors = 2, kCount = 4;
  for (int64_t j = 0; j + kVectors * L <= g.n; j += kVectors * L) {
    for (int64_t row = 0; row < g.m / kTaps; ++row) {
      T* c = g.c + row * g.c_outer + j;
      Vec<T> sum[kVectors][kTaps];
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) PYCLR_UNROLL for (int p = 0; p < kTaps; ++p)
          sum[v][p] = load(c + p * g.c_inner + v * L);
      for (int64_t p2 = 0; p2 < g.batch2; ++p2) {
        for (int64_t p1 = 0; p1 < g.batch1; ++p1) {
          const T* x = g.a + row * g.a_outer + p2 * g.a_batch2 + p1 * g.a_batch1 + j;
          const T* dy = g.b + p2 * g.b_batch2 + p1 * g.b_batch1 + j;
          int64_t p = 0;
          for (; p + kCount <= g.k; p += kCount, x += kCount * g.a_k, dy += kCount * g.b_k)
            PYCLR_UNROLL for (int v = 0; v < kVectors; ++v)
                add_positions<kTaps, kStride, kCount>(g, x + v * L, dy + v * L, sum[v]);
          for (; p < g.k; ++p, x += g.a_k, dy += g.b_k)
            PYCLR_UNROLL for (int v = 0; v < kVectors; ++v)
                add_positions<kTaps, kStride, 1>(g, x + v * L, dy + v * L, sum[v]);
        }
      }
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) PYCLR_UNROLL for (int p = 0; p < kTaps; ++p)
          store(c + p * g.c_inner + v * L, sum[v][p]);
    }
  }
}

// A loop of its own for a usual size, and the columns that it takes at a time.
template <class T>
struct Loop {
  void (*run)(const Brgemm<T>&) = nullptr;
  int64_t columns = kLanes<T>;
};

template <class T>
Loop<T> forward_loop(const Brgemm<T>& g) {
  if (g.batch1 != 1) return {};
  if (g.a_inner == g.a_k) {
    return {g.k == 2   ? channel_lines<T, 2, 1>
            : g.k == 3 ? channel_lines<T, 3, 1>
            : g.k == 5 ? channel_lines<T, 5, 1>
                       : nullptr};
  }
  if (g.a_inner != 2 * g.a_k) return {};
  return {g.k == 3 ? channel_lines<T, 3, 2> : g.k == 5 ? channel_lines<T, 5, 2> : nullptr};
}

// Fewer channels gain nothing: their positions lie near one another.
constexpr int64_t kFewestChannels = 256;

template <class T>
Loop<T> gradient_loop(const Brgemm<T>& g) {
  static constexpr void (*kOf[2][4])(const Brgemm<T>&) = {
      {channel_taps<T, 2, 1>, channel_taps<T, 3, 1>, channel_taps<T, 4, 1>, channel_taps<T, 5, 1>},
      {channel_taps<T, 2, 2>, channel_taps<T, 3, 2>, channel_taps<T, 4, 2>, channel_taps<T, 5, 2>}};
  if (g.n < kFewestChannels || g.m_inner < 2 || g.m_inner > 5 || g.m % g.m_inner != 0) return {};
  if (g.a_k != g.a_inner && g.a_k != 2 * g.a_inner) return {};
  return {kOf[g.a_k != g.a_inner][g.m_inner - 2], 2 * kLanes<T>};
}

// The usual sizes have loops of their own, with the same bits.
template <class T>
void channelwise(const Brgemm<T>& g) {
  Loop<T> loop;
  if constexpr (sizeof(T) == 4) {  // double is less used
    loop = g.accumulate ? gradient_loop(g) : forward_loop(g);
  }
  const int64_t done = loop.run ? g.n / loop.columns * loop.columns : 0;
  if (done) loop.run(g);
  if (done == g.n) return;
  Brgemm<T> rest = g;
  rest.n -= done, rest.a += done, rest.b += done, rest.c += done;
  if (g.bias) rest.bias += done;
  brgemm<T, true>(rest);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
