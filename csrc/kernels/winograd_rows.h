// Winograd's minimal filtering along the rows of images of one channel: F(4, 5). Included once per
// instruction set (isa.cpp).
//
// A tile's input is a number at each point, its outputs a vector of channels. So the products are
// those of one_channel.h, eight points of a row of taps for the four outputs in place of five taps
// for each, and only the way back from the points is work for each output.
#pragma once

#include "kernels/one_channel.h"
#include "kernels/transpose.h"
#include "kernels/winograd.h"

namespace pyclr::PYCLR_ISA {
namespace {

constexpr int kRowPoints = WinogradRowForm::points, kRowTaps = WinogradRowForm::taps,
              kRowSize = WinogradRowForm::size;

// Lanes first, first + 2, ... of a and then of b.
template <int first, int... I>
PYCLR_INLINE Floats every_other(Floats a, Floats b, Indices<I...>) {
  return __builtin_shufflevector(a, b, (first + 2 * I)...);
}

// d[j] = x[j], x[4 + j], x[8 + j], ...
PYCLR_INLINE void split_by_four(const float* x, Floats* d) {
  constexpr int L = kLanes<float>;
  using Lanes = typename CountTo<L>::Type;
  const Floats a = load(x), b = load(x + L), c = load(x + 2 * L), e = load(x + 3 * L);
  const Floats even[] = {every_other<0>(a, b, Lanes{}), every_other<0>(c, e, Lanes{})};
  const Floats odd[] = {every_other<1>(a, b, Lanes{}), every_other<1>(c, e, Lanes{})};
  d[0] = every_other<0>(even[0], even[1], Lanes{});
  d[1] = every_other<0>(odd[0], odd[1], Lanes{});
  d[2] = every_other<1>(even[0], even[1], Lanes{});
  d[3] = every_other<1>(odd[0], odd[1], Lanes{});
}

void rows_to_points(const WinogradPixels<const float>& from, int64_t rows, int64_t tiles,
                    float* pixels, float* points, int64_t stride) {
  const int64_t width = kRowSize * tiles;
  const Clipped lines(from.top, rows, from.height), columns(from.left, width, from.width);
  const bool whole = lines.count() == rows && columns.count() == width;
  if (!whole) {
    for_vectors<float>(rows * width,
                       [&](int64_t i, auto lanes) { lanes.write(pixels + i, Floats{}); });
  }
  for (int64_t r = lines.begin; r < lines.end; ++r) {
    const float* x = from.image + (from.top + r) * from.row + from.left + columns.begin;
    float* to = pixels + r * width + columns.begin;
    for_vectors<float>(columns.count(),
                       [&](int64_t i, auto lanes) { lanes.write(to + i, lanes.read(x + i)); });
  }
  for (int64_t t = 0; t < rows * tiles; t += kLanes<float>) {
    Floats d[kRowPoints], values[kRowPoints];
    split_by_four(pixels + kRowSize * t, d);
    split_by_four(pixels + kRowSize * (t + 1), d + kRowSize);
    InputTransform<kRowPoints>::apply(d, values);
    PYCLR_UNROLL for (int p = 0; p < kRowPoints; ++p) store(points + p * stride + t, values[p]);
  }
}

// A vector of outputs after the other, so that the distances are constants.
void row_taps_to_points(const float* w, int64_t out, float* points) {
  constexpr int L = kLanes<float>;
  for_vectors<float>(out, [=](int64_t j, auto lanes) {
    for (int r = 0; r < kRowTaps; ++r) {
      Floats taps[kRowTaps], values[kRowPoints];
      PYCLR_UNROLL for (int k = 0; k < kRowTaps; ++k) {
        taps[k] = lanes.read(w + (r * kRowTaps + k) * out + j);
      }
      Evaluation<kRowPoints, kRowTaps, true>::apply(taps, values);
      PYCLR_UNROLL for (int p = 0; p < kRowPoints; ++p) {
        store(points + (j / L * kRowPoints + p) * kRowTaps * L + r * L, values[p]);
      }
    }
  });
}

// Two tiles of each of the two rows.
constexpr int kRowTiles = 2;
using RowTiles = Floats[2][kRowTiles];

// sums += the products at a point; `inputs` is that of the first tile, `row` from one row to the
// next.
PYCLR_INLINE void row_products(const float* inputs, int64_t row, const float* taps,
                               RowTiles& sums) {
  Floats before{};
  PYCLR_UNROLL for (int r = 0; r <= kRowTaps; ++r, inputs += row) {
    asm("" : "+r"(inputs));  // or all addresses are computed before the loop, and kept in memory
    Floats weights = r < kRowTaps ? load(taps + r * kLanes<float>) : Floats{};
    keep(weights);
    PYCLR_UNROLL for (int t = 0; t < kRowTiles; ++t) {
      const Floats x = broadcast(inputs[t]);
      if (r < kRowTaps) sums[0][t] = fma(x, weights, sums[0][t]);
      if (r > 0) sums[1][t] = fma(x, before, sums[1][t]);
    }
    before = weights;
  }
}

// The outputs of two tiles of two rows, a vector of channels.
PYCLR_INLINE void row_outputs(const float* inputs, int64_t row, int64_t stride, const float* taps,
                              Floats (&y)[2][kRowTiles * kRowSize]) {
  constexpr int kPoint = kRowTaps * kLanes<float>;
  RowTiles zero = {}, infinity = {};
  row_products(inputs, row, taps, zero);
  row_products(inputs + (kRowPoints - 1) * stride, row, taps + (kRowPoints - 1) * kPoint, infinity);
  PYCLR_UNROLL for (int r = 0; r < 2; ++r) {
    PYCLR_UNROLL for (int t = 0; t < kRowTiles; ++t) {
      Floats* to = y[r] + t * kRowSize;
      to[0] = zero[r][t], to[1] = to[2] = Floats{}, to[3] = infinity[r][t];
    }
  }
  PYCLR_UNROLL for (int i = 0; i < kPairs<kRowPoints>; ++i) {
    const float p = Pairs<kRowPoints>::at[i];
    RowTiles plus = {}, minus = {};
    row_products(inputs + (2 * i + 1) * stride, row, taps + (2 * i + 1) * kPoint, plus);
    row_products(inputs + (2 * i + 2) * stride, row, taps + (2 * i + 2) * kPoint, minus);
    PYCLR_UNROLL for (int r = 0; r < 2; ++r) {
      PYCLR_UNROLL for (int t = 0; t < kRowTiles; ++t) {
        const Floats even = plus[r][t] + minus[r][t], odd = plus[r][t] - minus[r][t];
        Floats* to = y[r] + t * kRowSize;
        to[0] = to[0] + even;
        to[1] = fma(broadcast(p), odd, to[1]);
        to[2] = fma(broadcast(p * p), even, to[2]);
        to[3] = fma(broadcast(p * p * p), odd, to[3]);
      }
    }
  }
}

void row_points_to_outputs(const float* inputs, int64_t tiles, int64_t stride, const float* taps,
                           const TwoRows& to) {
  constexpr int64_t L = kLanes<float>, kAtOnce = kRowTiles * kRowSize;
  const int64_t last = (to.positions - kAtOnce + kRowSize - 1) / kRowSize * kRowSize;
  for (int64_t j = 0; j < to.out; j += L, taps += kRowPoints * kRowTaps * L) {
    for (int64_t at = 0; at < to.positions; at += kAtOnce) {
      const int64_t p = at < last ? at : last;  // the last tile may be computed twice
      Floats y[2][kAtOnce];
      row_outputs(inputs + p / kRowSize, tiles, stride, taps, y);
      if (to.out - j < L) {
        write_two_rows(to, p, j, FirstLanes<float>{to.out - j}, y, to.positions - p);
      } else {
        write_two_rows(to, p, j, AllLanes<float>{}, y, to.positions - p);
      }
    }
  }
}

constexpr WinogradRowForm kWinogradRows = {rows_to_points, row_taps_to_points,
                                           row_points_to_outputs};

}  // namespace
}  // namespace pyclr::PYCLR_ISA
