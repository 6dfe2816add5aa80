// Convolution of images of one channel, stride 1: two adjacent rows of outputs at a time. Included
// once per instruction set (isa.cpp).
//
// The micro-kernel of brgemm.h loads a number of A for each multiply-add where there is one vector
// of outputs. Here neighbours share the inputs that stay in registers. Each output is the same
// chain of multiply-adds, tap by tap and row by row.
#pragma once

#include "kernels/kernels.h"
#include "kernels/pool.h"
#include "kernels/simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

// Positions of a row at a time, beside kVectors vectors of outputs: the registers hold two rows of
// sums, the inputs, and kVectors of taps. An even number that divides kOneChannelPositions.
constexpr int one_channel_positions(int vectors) {
#if defined(__AVX512F__) || defined(__ARM_NEON)
  return vectors == 1 ? 8 : 4;
#else
  return vectors == 1 ? 4 : 2;
#endif
}

template <int kTaps, int kVectors>
struct OneChannelTile {
  static constexpr int kPositions = one_channel_positions(kVectors), L = kLanes<float>;
  using Sums = Vec<float>[kPositions][kVectors];

  int64_t tail;  // lanes of the last vector

  PYCLR_INLINE Vec<float> read(const float* p, int v) const {
    return v == kVectors - 1 ? load_n(p + v * L, tail) : load(p + v * L);
  }

  // sums += what a row of taps gives of a row of inputs.
  PYCLR_INLINE void add(const Vec<float>* x, const float* w, int64_t w_tap, Sums& sums) const {
    PYCLR_UNROLL for (int tap = 0; tap < kTaps; ++tap) {
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
        Vec<float> weights = read(w + tap * w_tap, v);
        keep(weights);
        PYCLR_UNROLL for (int p = 0; p < kPositions; ++p) {
          sums[p][v] = fma(x[p + tap], weights, sums[p][v]);
        }
      }
    }
  }

  PYCLR_INLINE void finish(const OneChannelRows& s, int64_t j, Sums& sums) const {
    PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
      const Vec<float> shift = s.bias ? read(s.bias + j, v) : Vec<float>{};
      PYCLR_UNROLL for (int p = 0; p < kPositions; ++p) {
        if (s.bias) sums[p][v] = sums[p][v] + shift;
        if (s.activation == Activation::relu) sums[p][v] = max(sums[p][v], Vec<float>{});
      }
    }
  }

  PYCLR_INLINE void write(const Sums& sums, float* y, int64_t pixel) const {
    PYCLR_UNROLL for (int p = 0; p < kPositions; ++p) {
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
        store_n(y + p * pixel + v * L, sums[p][v], v == kVectors - 1 ? tail : L);
      }
    }
  }

  PYCLR_INLINE void write_maxima(const Sums* sums, float* y, uint8_t* index, int64_t pixel) const {
    PYCLR_UNROLL for (int p = 0; p < kPositions; p += 2) {
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
        Maximum<float> best(sums[0][p][v], 0);
        best.meet(sums[0][p + 1][v], 1);
        best.meet(sums[1][p][v], 2);
        best.meet(sums[1][p + 1][v], 3);
        const int64_t at = p / 2 * pixel + v * L;
        if (v == kVectors - 1 && tail < L) {
          best.write(y + at, index + at, FirstLanes<float>{tail});
        } else {
          best.write(y + at, index + at, AllLanes<float>{});
        }
      }
    }
  }

  // Positions p ... p + kPositions - 1 of the output channels from j on.
  void compute(const OneChannelRows& s, int64_t p, int64_t j) const {
    Sums sums[2] = {};
    const int64_t w_row = kTaps * s.out;
    for (int64_t row = 0; row <= s.kh; ++row) {
      Vec<float> x[kPositions + kTaps - 1];
      PYCLR_UNROLL for (int i = 0; i < kPositions + kTaps - 1; ++i) {
        x[i] = broadcast(s.x[row * s.x_row + p + i]);
      }
      const float* w = s.w + row * w_row + j;
      if (row < s.kh) add(x, w, s.out, sums[0]);
      if (row > 0) add(x, w - w_row, s.out, sums[1]);
    }
    finish(s, j, sums[0]);
    finish(s, j, sums[1]);
    if (s.index) {
      write_maxima(sums, s.y + p / 2 * s.out + j, s.index + p / 2 * s.out + j, s.out);
    } else {
      write(sums[0], s.y + p * s.out + j, s.out);
      write(sums[1], s.y + s.y_row + p * s.out + j, s.out);
    }
  }
};

template <int kTaps, int kVectors>
void one_channel_columns(const OneChannelRows& s, int64_t j) {
  using Tile = OneChannelTile<kTaps, kVectors>;
  const int64_t left = s.out - j;
  const Tile tile{left < kVectors * Tile::L ? left - (kVectors - 1) * Tile::L : Tile::L};
  for (int64_t p = 0; p < s.positions; p += Tile::kPositions) {
    // The last ones may be computed twice.
    tile.compute(s, p < s.positions - Tile::kPositions ? p : s.positions - Tile::kPositions, j);
  }
}

template <int kTaps>
void one_channel_taps(const OneChannelRows& s) {
  int64_t j = 0;
  for (; s.out - j > kLanes<float>; j += 2 * kLanes<float>) one_channel_columns<kTaps, 2>(s, j);
  if (j < s.out) one_channel_columns<kTaps, 1>(s, j);
}

void one_channel_rows(const OneChannelRows& s) {
  s.kw == 3 ? one_channel_taps<3>(s) : s.kw == 5 ? one_channel_taps<5>(s) : one_channel_taps<7>(s);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
