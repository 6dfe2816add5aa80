// The transforms of Winograd's minimal filtering, vectors along the channels. Included once per
// instruction set (isa.cpp).
//
// A polynomial's coefficients are evaluated at the points 0, a, -a, b, -b and infinity (the leading
// coefficient of the highest degree there is room for), products of polynomials are products of
// values, and the transposed problem of interpolation gives a correlation (Lavin and Gray,
// arXiv:1509.09308). The points a = 3/4 and b = 3/2 are exact and keep the rounding errors about
// half of what 1 and 2 make of them.
#pragma once

#include "kernels/clipped.h"
#include "kernels/kernels.h"
#include "kernels/lanes.h"
#include "kernels/pool.h"
#include "kernels/winograd_table.h"

namespace pyclr::PYCLR_ISA {
namespace {

constexpr int kPoints = kWinogradTile;  // of one dimension
constexpr float kA = 0.75f, kB = 1.5f, kAA = kA * kA, kBB = kB * kB;
// What interpolation divides by: at each point the product of its differences from the others.
constexpr float kScale0 = 1 / (kAA * kBB), kScaleA = 1 / (2 * kAA * (kAA - kBB)),
                kScaleB = 1 / (2 * kBB * (kBB - kAA));

using Floats = Vec<float>;

// B^T d: what the products meet at each point.
struct InputTransform {
  static constexpr int kFrom = kPoints, kTo = kPoints;
  static PYCLR_INLINE void apply(const Floats* d, Floats* t) {
    const auto times = [](float f, Floats x, Floats y) { return fma(broadcast(f), x, y); };
    t[0] = times(kAA * kBB, d[0], times(-(kAA + kBB), d[2], d[4]));
    const Floats even_a = times(-kBB, d[2], d[4]), odd_a = times(-kBB, d[1], d[3]);
    t[1] = times(kA, odd_a, even_a);
    t[2] = times(-kA, odd_a, even_a);
    const Floats even_b = times(-kAA, d[2], d[4]), odd_b = times(-kAA, d[1], d[3]);
    t[3] = times(kB, odd_b, even_b);
    t[4] = times(-kB, odd_b, even_b);
    t[5] = times(kAA * kBB, d[1], times(-(kAA + kBB), d[3], d[5]));
  }
};

// The values at the points of the polynomial with kFrom coefficients y, divided if kScaled by what
// interpolation divides by.
template <int kCount, bool kScaled>
struct Evaluation {
  static constexpr int kFrom = kCount, kTo = kPoints;
  static PYCLR_INLINE void pair(const Floats* y, float point, float scale, Floats* t) {
    const Floats square = broadcast(point * point);
    Floats even = y[(kFrom - 1) / 2 * 2], odd = y[kFrom / 2 * 2 - 1];
    PYCLR_UNROLL for (int i = (kFrom - 1) / 2 * 2 - 2; i >= 0; i -= 2) {
      even = fma(even, square, y[i]);
    }
    PYCLR_UNROLL for (int i = kFrom / 2 * 2 - 3; i >= 0; i -= 2) odd = fma(odd, square, y[i]);
    if (kScaled) even = even * broadcast(scale);
    odd = odd * broadcast(kScaled ? point * scale : point);
    t[0] = even + odd;
    t[1] = even - odd;
  }
  static PYCLR_INLINE void apply(const Floats* y, Floats* t) {
    t[0] = kScaled ? y[0] * broadcast(kScale0) : y[0];
    pair(y, kA, kScaleA, t + 1);
    pair(y, kB, kScaleB, t + 3);
    t[5] = y[kFrom - 1];
  }
};

// The transpose of Evaluation: y[k] is the sum over the points of point^k t[point].
template <int kCount, bool kScaled>
struct Collection {
  static constexpr int kFrom = kPoints, kTo = kCount;
  static PYCLR_INLINE void apply(const Floats* t, Floats* y) {
    constexpr float kFactorA = kScaled ? kScaleA : 1, kFactorB = kScaled ? kScaleB : 1;
    const Floats sum[] = {t[1] + t[2], t[1] - t[2]}, more[] = {t[3] + t[4], t[3] - t[4]};
    float power_a = kFactorA, power_b = kFactorB;
    PYCLR_UNROLL for (int k = 0; k < kTo; ++k) {
      Floats value = sum[k % 2] * broadcast(power_a);
      if (k == 0) value = kScaled ? fma(t[0], broadcast(kScale0), value) : t[0] + value;
      if (k == kTo - 1) value = t[5] + value;
      y[k] = fma(more[k % 2], broadcast(power_b), value);
      power_a *= kA, power_b *= kB;
    }
  }
};

// Transform of the rows, then of the columns: from(i, j) to to(i, j, value).
template <class Transform, class From, class To>
PYCLR_INLINE void transform_tile(From&& from, To&& to) {
  constexpr int kFrom = Transform::kFrom, kTo = Transform::kTo;
  Floats half[kFrom][kTo];
  PYCLR_UNROLL for (int j = 0; j < kFrom; ++j) {
    Floats column[kFrom];
    PYCLR_UNROLL for (int i = 0; i < kFrom; ++i) column[i] = from(i, j);
    Transform::apply(column, half[j]);
  }
  PYCLR_UNROLL for (int i = 0; i < kTo; ++i) {
    Floats row[kFrom], result[kTo];
    PYCLR_UNROLL for (int j = 0; j < kFrom; ++j) row[j] = half[j][i];
    Transform::apply(row, result);
    PYCLR_UNROLL for (int j = 0; j < kTo; ++j) to(i, j, result[j]);
  }
}

constexpr float kZeros[kLanes<float>] = {};  // what pixels outside are read from

template <class Transform>
void pixels_to_points(const WinogradPixels<const float>& from, int64_t channels, float* points,
                      int64_t stride) {
  constexpr int kSize = Transform::kFrom;
  const int64_t row = from.row, pixel = from.pixel;
  const float* start = from.image + from.top * row + from.left * pixel;
  const Clipped rows(from.top, kSize, from.height), columns(from.left, kSize, from.width);
  // All ones for rows and columns inside.
  uintptr_t row_mask[kSize], column_mask[kSize];
  for (int i = 0; i < kSize; ++i) {
    row_mask[i] = -uintptr_t{rows.begin <= i && i < rows.end};
    column_mask[i] = -uintptr_t{columns.begin <= i && i < columns.end};
  }
  const bool whole = rows.count() == kSize && columns.count() == kSize;
  for_vectors<float>(channels, [&, points](int64_t c, auto lanes) {
    const float* source = start + c;
    float* target = points + c;
    const auto write = [&](int, int, Floats value) {  // in order
      lanes.write(target, value);
      target += stride;
    };
    if (whole) {
      transform_tile<Transform>(
          [=](int i, int j) { return lanes.read(source + i * row + j * pixel); }, write);
      return;
    }
    const uintptr_t zero = reinterpret_cast<uintptr_t>(kZeros);
    transform_tile<Transform>(
        [&](int i, int j) {
          const uintptr_t at = reinterpret_cast<uintptr_t>(source + i * row + j * pixel);
          const uintptr_t mask = row_mask[i] & column_mask[j];
          return lanes.read(reinterpret_cast<const float*>(((at ^ zero) & mask) ^ zero));
        },
        write);
  });
}

// finish(value, c, lanes) is what is written.
template <class Transform, class Finish>
PYCLR_INLINE void points_to_pixels(const float* points, int64_t stride, int64_t channels,
                                   const WinogradPixels<float>& to, Finish&& finish) {
  constexpr int kSize = Transform::kTo;
  const int64_t row = to.row, pixel = to.pixel;
  float* start = to.image + to.top * row + to.left * pixel;
  const Clipped rows(to.top, kSize, to.height), columns(to.left, kSize, to.width);
  const bool whole = rows.count() == kSize && columns.count() == kSize;
  for_vectors<float>(channels, [=](int64_t c, auto lanes) {
    const float* source = points + c;
    float* target = start + c;
    const auto read = [=](int i, int j) { return lanes.read(source + (i * kPoints + j) * stride); };
    if (whole) {
      transform_tile<Transform>(read, [=](int i, int j, Floats value) {
        lanes.write(target + i * row + j * pixel, finish(value, c, lanes));
      });
    } else {
      Floats pixels[kSize][kSize];
      transform_tile<Transform>(read, [&](int i, int j, Floats value) { pixels[i][j] = value; });
      for (int64_t i = rows.begin; i < rows.end; ++i) {
        for (int64_t j = columns.begin; j < columns.end; ++j) {
          lanes.write(target + i * row + j * pixel, finish(pixels[i][j], c, lanes));
        }
      }
    }
  });
}

PYCLR_INLINE auto epilogue(const float* bias, Activation activation) {
  return [=](Floats y, int64_t c, auto lanes) {
    if (bias) y = y + lanes.read(bias + c);
    return activation == Activation::relu ? max(y, Floats{}) : y;
  };
}

template <int m>
void winograd_outputs_of(const float* points, int64_t stride, int64_t channels, const float* bias,
                         Activation activation, const WinogradPixels<float>& to) {
  points_to_pixels<Collection<m, false>>(points, stride, channels, to, epilogue(bias, activation));
}

template <int m>
void winograd_maxima_of(const float* points, int64_t stride, int64_t channels, const float* bias,
                        Activation activation, const WinogradPixels<float>& to, uint8_t* index) {
  const int64_t row = to.row, pixel = to.pixel, start = to.top * row + to.left * pixel;
  const Clipped rows(to.top, m / 2, to.height), columns(to.left, m / 2, to.width);
  const auto finish = epilogue(bias, activation);
  for_vectors<float>(channels, [&](int64_t c, auto lanes) {
    Floats outputs[m][m];
    transform_tile<Collection<m, false>>(
        [&](int i, int j) { return lanes.read(points + c + (i * kPoints + j) * stride); },
        [&](int i, int j, Floats value) { outputs[i][j] = finish(value, c, lanes); });
    PYCLR_UNROLL for (int i = 0; i < m / 2; ++i) {
      PYCLR_UNROLL for (int j = 0; j < m / 2; ++j) {
        if (i >= rows.end || j >= columns.end) continue;
        Maximum<float> best(outputs[2 * i][2 * j], 0);
        best.meet(outputs[2 * i][2 * j + 1], 1);
        best.meet(outputs[2 * i + 1][2 * j], 2);
        best.meet(outputs[2 * i + 1][2 * j + 1], 3);
        const int64_t at = start + i * row + j * pixel + c;
        best.write(to.image + at, index + at, lanes);
      }
    }
  });
}

void winograd_maxima(int64_t m, const float* points, int64_t stride, int64_t channels,
                     const float* bias, Activation activation, const WinogradPixels<float>& to,
                     uint8_t* index) {
  (m == 4 ? winograd_maxima_of<4> : winograd_maxima_of<2>)(points, stride, channels, bias,
                                                           activation, to, index);
}

void winograd_outputs(int64_t m, const float* points, int64_t stride, int64_t channels,
                      const float* bias, Activation activation, const WinogradPixels<float>& to) {
  (m == 4 ? winograd_outputs_of<4> : winograd_outputs_of<2>)(points, stride, channels, bias,
                                                             activation, to);
}

void winograd_output_gradient(int64_t m, const WinogradPixels<const float>& from, int64_t channels,
                              float* points, int64_t stride) {
  (m == 4 ? pixels_to_points<Evaluation<4, false>>
          : pixels_to_points<Evaluation<2, false>>)(from, channels, points, stride);
}

void winograd_taps(int64_t r, const WinogradPixels<const float>& from, int64_t channels,
                   float* points, int64_t stride) {
  (r == 3 ? pixels_to_points<Evaluation<3, true>>
          : pixels_to_points<Evaluation<5, true>>)(from, channels, points, stride);
}

template <int r>
void winograd_tap_gradient_of(const float* points, int64_t stride, int64_t channels,
                              const WinogradPixels<float>& to) {
  points_to_pixels<Collection<r, true>>(points, stride, channels, to,
                                        [](Floats value, int64_t, auto) { return value; });
}
void winograd_tap_gradient(int64_t r, const float* points, int64_t stride, int64_t channels,
                           const WinogradPixels<float>& to) {
  (r == 3 ? winograd_tap_gradient_of<3> : winograd_tap_gradient_of<5>)(points, stride, channels,
                                                                       to);
}

constexpr WinogradKernels kWinograd = {
    pixels_to_points<InputTransform>, winograd_outputs, winograd_maxima,
    winograd_output_gradient,         winograd_taps,    winograd_tap_gradient};

}  // namespace
}  // namespace pyclr::PYCLR_ISA
