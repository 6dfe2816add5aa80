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
#include "kernels/winograd.h"

namespace pyclr::PYCLR_ISA {
namespace {

// What becomes of two rows of sums, position p and channel j the first; of the first `count`
// positions.
template <int kPositions, class Lanes>
PYCLR_INLINE void write_two_rows(const TwoRows& s, int64_t p, int64_t j, Lanes lanes,
                                 Vec<float> (&sums)[2][kPositions], int64_t count = kPositions) {
  const auto finish = Epilogue{s.bias, s.activation}.at(j, lanes);
  if (s.pooled) {
    PYCLR_UNROLL for (int q = 0; q < kPositions; q += 2) {
      const int64_t at = (p + q) / 2 * s.out + j;
      if (q >= count) break;
      write_maximum<float>(sums[0][q], sums[0][q + 1], sums[1][q], sums[1][q + 1], finish, s.y + at,
                           s.index ? s.index + at : nullptr, lanes);
    }
  } else {
    PYCLR_UNROLL for (int q = 0; q < kPositions; ++q) {
      float* y = s.y + (p + q) * s.out + j;
      if (q >= count) break;
      lanes.write(y, finish(sums[0][q]));
      lanes.write(y + s.y_row, finish(sums[1][q]));
    }
  }
}

// Positions of a row at a time, beside kVectors vectors of outputs: the registers hold two rows of
// sums, the inputs, and kVectors of taps. An even number that divides TwoRows::kLeast.
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
  using Sums = Vec<float>[kVectors][2][kPositions];

  int64_t tail;  // lanes of the last vector

  // sums of row r += what a row of taps gives of a row of inputs.
  PYCLR_INLINE void add(const Vec<float>* x, const float* w, int64_t w_tap, int r,
                        Sums& sums) const {
    PYCLR_UNROLL for (int tap = 0; tap < kTaps; ++tap) {
      PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
        const float* of_tap = w + tap * w_tap + v * L;
        Vec<float> weights = v == kVectors - 1 ? load_n(of_tap, tail) : load(of_tap);
        keep(weights);
        PYCLR_UNROLL for (int p = 0; p < kPositions; ++p) {
          sums[v][r][p] = fma(x[p + tap], weights, sums[v][r][p]);
        }
      }
    }
  }

  // Positions p ... p + kPositions - 1 of the output channels from j on.
  void compute(const OneChannelRows& s, int64_t p, int64_t j) const {
    Sums sums = {};
    const int64_t out = s.to.out, w_row = kTaps * out;
    for (int64_t row = 0; row <= s.kh; ++row) {
      Vec<float> x[kPositions + kTaps - 1];
      PYCLR_UNROLL for (int i = 0; i < kPositions + kTaps - 1; ++i) {
        x[i] = broadcast(s.x[row * s.x_row + p + i]);
      }
      const float* w = s.w + row * w_row + j;
      if (row < s.kh) add(x, w, out, 0, sums);
      if (row > 0) add(x, w - w_row, out, 1, sums);
    }
    PYCLR_UNROLL for (int v = 0; v < kVectors; ++v) {
      if (v == kVectors - 1 && tail < L) {
        write_two_rows(s.to, p, j + v * L, FirstLanes<float>{tail}, sums[v]);
      } else {
        write_two_rows(s.to, p, j + v * L, AllLanes<float>{}, sums[v]);
      }
    }
  }
};

template <int kTaps, int kVectors>
void one_channel_columns(const OneChannelRows& s, int64_t j) {
  using Tile = OneChannelTile<kTaps, kVectors>;
  const int64_t left = s.to.out - j, positions = s.to.positions;
  const Tile tile{left < kVectors * Tile::L ? left - (kVectors - 1) * Tile::L : Tile::L};
  for (int64_t p = 0; p < positions; p += Tile::kPositions) {
    // The last ones may be computed twice.
    tile.compute(s, p < positions - Tile::kPositions ? p : positions - Tile::kPositions, j);
  }
}

template <int kTaps>
void one_channel_taps(const OneChannelRows& s) {
  int64_t j = 0;
  for (; s.to.out - j > kLanes<float>; j += 2 * kLanes<float>) one_channel_columns<kTaps, 2>(s, j);
  if (j < s.to.out) one_channel_columns<kTaps, 1>(s, j);
}

void one_channel_rows(const OneChannelRows& s) {
  s.kw == 3 ? one_channel_taps<3>(s) : s.kw == 5 ? one_channel_taps<5>(s) : one_channel_taps<7>(s);
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
