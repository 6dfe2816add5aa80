// The transforms of Winograd's minimal filtering, vectors along the channels. Included once per
// instruction set (isa.cpp).
//
// A polynomial's coefficients are evaluated at 0, at pairs of points p and -p and at infinity (the
// leading coefficient of the highest degree there is room for), products of polynomials are
// products of values, and the transposed problem of interpolation gives a correlation (Lavin and
// Gray, arXiv:1509.09308).
#pragma once

#include "kernels/clipped.h"
#include "kernels/kernels.h"
#include "kernels/lanes.h"
#include "kernels/pool.h"
#include "kernels/winograd_table.h"

namespace pyclr::PYCLR_ISA {
namespace {

using Floats = Vec<float>;

// The pairs of points for tiles of a side, whose rounding errors are about the least of all
// fractions as simple: half and a third of what whole numbers make of them.
template <int kSide>
struct Pairs;
template <>
struct Pairs<6> {
  static constexpr float at[] = {0.75f, 1.5f};
};
template <>
struct Pairs<8> {
  static constexpr float at[] = {0.5f, 1, 2};
};
template <int kSide>
constexpr int kPairs = (kSide - 2) / 2;

// A product of x^2 - p^2 over pairs, as a polynomial in x^2: coefficient k is that of (x^2)^k, the
// last one is 1.
struct Product {
  float coefficients[4] = {1};
  int degree = 0;
  constexpr void include(float square) {
    ++degree;
    for (int k = degree; k > 0; --k) {
      coefficients[k] = coefficients[k - 1] - square * coefficients[k];
    }
    coefficients[0] *= -square;
  }
  constexpr float at(float square) const {
    float value = 0;
    for (int k = degree; k >= 0; --k) value = value * square + coefficients[k];
    return value;
  }
  // The sum of coefficients[k] x[2k].
  template <int kDegree>
  PYCLR_INLINE Floats dot(const Floats* x) const {
    Floats sum = x[2 * kDegree];
    PYCLR_UNROLL for (int k = kDegree - 1; k >= 0; --k) {
      sum = fma(broadcast(coefficients[k]), x[2 * k], sum);
    }
    return sum;
  }
};

template <int kSide>
struct Polynomials {
  static constexpr int kPairs = (kSide - 2) / 2;
  Product all, others[kPairs];       // of all pairs, and of all but one
  float scale_zero, scales[kPairs];  // what interpolation multiplies by: at each point, one by
                                     // the product of its differences from the others
  constexpr Polynomials() : all(), others(), scale_zero(), scales() {
    const auto& at = Pairs<kSide>::at;
    for (int i = 0; i < kPairs; ++i) {
      all.include(at[i] * at[i]);
      for (int j = 0; j < kPairs; ++j)
        if (j != i) others[i].include(at[j] * at[j]);
      const float square = at[i] * at[i];
      scales[i] = 1 / (2 * square * others[i].at(square));
    }
    scale_zero = 1 / all.coefficients[0];
  }
};
template <int kSide>
constexpr Polynomials<kSide> kPolynomials;

// B^T d: what the products meet at each point.
template <int kSide>
struct InputTransform {
  static constexpr int kFrom = kSide, kTo = kSide, kPairs = (kSide - 2) / 2;
  static PYCLR_INLINE void apply(const Floats* d, Floats* t) {
    constexpr auto& p = kPolynomials<kSide>;
    t[0] = p.all.template dot<kPairs>(d);
    PYCLR_UNROLL for (int i = 0; i < kPairs; ++i) {
      const Floats odd = p.others[i].template dot<kPairs - 1>(d + 1);
      const Floats even = p.others[i].template dot<kPairs - 1>(d + 2);
      t[2 * i + 1] = fma(broadcast(Pairs<kSide>::at[i]), odd, even);
      t[2 * i + 2] = fma(broadcast(-Pairs<kSide>::at[i]), odd, even);
    }
    t[kSide - 1] = p.all.template dot<kPairs>(d + 1);
  }
};

// The values at the points of the polynomial with kFrom coefficients y, divided if kScaled by what
// interpolation divides by.
template <int kSide, int kCount, bool kScaled>
struct Evaluation {
  static constexpr int kFrom = kCount, kTo = kSide;
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
    constexpr auto& p = kPolynomials<kSide>;
    t[0] = kScaled ? y[0] * broadcast(p.scale_zero) : y[0];
    PYCLR_UNROLL for (int i = 0; i < p.kPairs; ++i) {
      pair(y, Pairs<kSide>::at[i], p.scales[i], t + 2 * i + 1);
    }
    t[kSide - 1] = y[kFrom - 1];
  }
};

// The transpose of Evaluation: y[k] is the sum over the points of point^k t[point].
template <int kSide, int kCount, bool kScaled>
struct Collection {
  static constexpr int kFrom = kSide, kTo = kCount, kPairs = (kSide - 2) / 2;
  static PYCLR_INLINE void apply(const Floats* t, Floats* y) {
    constexpr auto& p = kPolynomials<kSide>;
    Floats parts[2][kPairs];  // of even and of odd powers
    float power[kPairs];
    PYCLR_UNROLL for (int i = 0; i < kPairs; ++i) {
      parts[0][i] = t[2 * i + 1] + t[2 * i + 2];
      parts[1][i] = t[2 * i + 1] - t[2 * i + 2];
      power[i] = kScaled ? p.scales[i] : 1;
    }
    PYCLR_UNROLL for (int k = 0; k < kTo; ++k) {
      Floats value = parts[k % 2][0] * broadcast(power[0]);
      if (k == 0) value = kScaled ? fma(t[0], broadcast(p.scale_zero), value) : t[0] + value;
      if (k == kTo - 1) value = t[kSide - 1] + value;
      PYCLR_UNROLL for (int i = 1; i < kPairs; ++i) {
        value = fma(parts[k % 2][i], broadcast(power[i]), value);
      }
      y[k] = value;
      PYCLR_UNROLL for (int i = 0; i < kPairs; ++i) power[i] *= Pairs<kSide>::at[i];
    }
  }
};

// f(0), f(1), ... f(kCount - 1): a loop where a tile is much more than the registers hold.
template <int kSide, int kCount, class F>
PYCLR_INLINE void repeat(F&& f) {
  if constexpr (kMasks && kSide == 6) {
    PYCLR_UNROLL for (int i = 0; i < kCount; ++i) f(i);
  } else {
    PYCLR_LOOP for (int i = 0; i < kCount; ++i) f(i);
  }
}

// Transform of the rows, then of the columns: from(i, j) to to(i, j, value).
template <class Transform, class From, class To>
PYCLR_INLINE void transform_tile(From&& from, To&& to) {
  constexpr int kFrom = Transform::kFrom, kTo = Transform::kTo, kSide = kFrom > kTo ? kFrom : kTo;
  Floats half[kFrom][kTo];
  repeat<kSide, kFrom>([&](int j) {
    Floats column[kFrom];
    PYCLR_UNROLL for (int i = 0; i < kFrom; ++i) column[i] = from(i, j);
    Transform::apply(column, half[j]);
  });
  repeat<kSide, kTo>([&](int i) {
    Floats row[kFrom], result[kTo];
    PYCLR_UNROLL for (int j = 0; j < kFrom; ++j) row[j] = half[j][i];
    Transform::apply(row, result);
    PYCLR_UNROLL for (int j = 0; j < kTo; ++j) to(i, j, result[j]);
  });
}

constexpr float kZeros[kLanes<float>] = {};  // what pixels outside are read from

// Where row i of a column of pixels lies, p being the address of row 0.
struct WholeColumn {
  int64_t row;
  PYCLR_INLINE const float* at(const float* p, int i) const { return p + i * row; }
};
template <int kSize>
struct ClippedColumn {
  int64_t row;
  uintptr_t mask[kSize];  // all ones for rows inside
  ClippedColumn(int64_t row, const Clipped& inside) : row(row) {
    for (int i = 0; i < kSize; ++i) mask[i] = -uintptr_t{inside.begin <= i && i < inside.end};
  }
  PYCLR_INLINE const float* at(const float* p, int i) const {
    const uintptr_t zero = reinterpret_cast<uintptr_t>(kZeros);
    const uintptr_t pixel = reinterpret_cast<uintptr_t>(p + i * row);
    return reinterpret_cast<const float*>(((pixel ^ zero) & mask[i]) ^ zero);
  }
};

// Asks for the rows of the tiles below.
template <class Transform, int kStep, class Lanes, class Column>
PYCLR_INLINE void transform_columns(const float* source, int64_t pixel, const Column& column,
                                    Lanes lanes, Floats* half, const Floats* end) {
  for (; half < end; half += Transform::kTo, source += pixel) {
    Floats pixels[Transform::kFrom];
    PYCLR_UNROLL for (int i = 0; i < Transform::kFrom; ++i) {
      pixels[i] = lanes.read(column.at(source, i));
      if (i >= Transform::kFrom - kStep) __builtin_prefetch(source + (i + kStep) * column.row);
    }
    Transform::apply(pixels, half);
  }
}

template <class Transform, class Lanes>
PYCLR_INLINE void transform_rows(const Floats* half, Lanes lanes, float* points, int64_t stride) {
  constexpr int kFrom = Transform::kFrom, kTo = Transform::kTo;
  for (int i = 0; i < kTo; ++i, ++half) {
    Floats row[kFrom], result[kTo];
    PYCLR_UNROLL for (int j = 0; j < kFrom; ++j) row[j] = half[j * kTo];
    Transform::apply(row, result);
    PYCLR_UNROLL for (int j = 0; j < kTo; ++j, points += stride) lanes.write(points, result[j]);
  }
}

// Of tiles kStep pixels apart. A column of pixels is transformed once for all tiles it belongs to.
template <class Transform, int kStep>
void pixels_to_points(const WinogradPixels<const float>& from, int64_t tiles, int64_t channels,
                      float* points, int64_t stride) {
  constexpr int kFrom = Transform::kFrom, kTo = Transform::kTo, kShared = kFrom - kStep;
  constexpr int kTiles = 8;  // at once
  const int64_t row = from.row, pixel = from.pixel;
  const Clipped rows(from.top, kFrom, from.height);
  const bool whole = rows.count() == kFrom;
  const ClippedColumn<kFrom> clipped(row, rows);
  Floats half[(kTiles * kStep + kShared) * kTo];
  for (int64_t first = 0; first < tiles; first += kTiles) {
    const int64_t count = tiles - first < kTiles ? tiles - first : kTiles;
    const int64_t left = from.left + first * kStep;
    const Clipped columns(left, count * kStep + kShared, from.width);
    Floats *begin = half + columns.begin * kTo, *end = half + columns.end * kTo;
    for (Floats* outside = half; outside < begin; ++outside) *outside = Floats{};
    for (int64_t i = columns.end * kTo; i < (count * kStep + kShared) * kTo; ++i)
      half[i] = Floats{};
    const float* start = from.image + from.top * row + (left + columns.begin) * pixel;
    float* target = points + first * channels;
    for_masked_vectors<float>(channels, [&](int64_t c, auto lanes) {
      if ((kMasks || lanes.all) && whole) {  // the rest of the channels goes the general way
        transform_columns<Transform, kStep>(start + c, pixel, WholeColumn{row}, lanes, begin, end);
      } else {
        transform_columns<Transform, kStep>(start + c, pixel, clipped, lanes, begin, end);
      }
      for (int64_t t = 0; t < count; ++t) {
        transform_rows<Transform>(half + t * kStep * kTo, lanes, target + t * channels + c, stride);
      }
    });
  }
}

// What becomes of outputs. Without branches: adding -0 and the maximum with -infinity change
// nothing.
struct Epilogue {
  const float* bias;
  Activation activation;
  // Of the channels from c on.
  template <class Lanes>
  PYCLR_INLINE auto at(int64_t c, Lanes lanes) const {
    const Floats shift = bias ? lanes.read(bias + c) : broadcast(-0.0f);
    const Floats least = broadcast(activation == Activation::relu ? 0.0f : -__builtin_inff());
    return [=](Floats y) { return max(y + shift, least); };
  }
};
struct NoEpilogue {
  template <class Lanes>
  PYCLR_INLINE auto at(int64_t, Lanes) const {
    return [](Floats y) { return y; };
  }
};

template <class Transform, class After>
PYCLR_INLINE void points_to_pixels(const float* points, int64_t stride, int64_t channels,
                                   const WinogradPixels<float>& to, After epilogue) {
  constexpr int kSize = Transform::kTo;
  const int64_t row = to.row, pixel = to.pixel;
  float* start = to.image + to.top * row + to.left * pixel;
  const Clipped rows(to.top, kSize, to.height), columns(to.left, kSize, to.width);
  const bool whole = rows.count() == kSize && columns.count() == kSize;
  for_masked_vectors<float>(channels, [=](int64_t c, auto lanes) {
    const float* source = points + c;
    float* target = start + c;
    const auto finish = epilogue.at(c, lanes);
    const auto read = [=](int i, int j) {
      return lanes.read(source + (i * Transform::kFrom + j) * stride);
    };
    if ((kMasks || lanes.all) && whole) {
      transform_tile<Transform>(read, [=](int i, int j, Floats value) {
        lanes.write(target + i * row + j * pixel, finish(value));
      });
    } else {
      Floats pixels[kSize][kSize];
      transform_tile<Transform>(read, [&](int i, int j, Floats value) { pixels[i][j] = value; });
      for (int64_t i = rows.begin; i < rows.end; ++i) {
        for (int64_t j = columns.begin; j < columns.end; ++j) {
          lanes.write(target + i * row + j * pixel, finish(pixels[i][j]));
        }
      }
    }
  });
}

template <class Transform>
void points_to_outputs(const float* points, int64_t stride, int64_t channels, const float* bias,
                       Activation activation, const WinogradPixels<float>& to) {
  points_to_pixels<Transform>(points, stride, channels, to, Epilogue{bias, activation});
}

template <class Transform>
void points_to_maxima(const float* points, int64_t stride, int64_t channels, const float* bias,
                      Activation activation, const WinogradPixels<float>& to, uint8_t* index) {
  constexpr int kSize = Transform::kTo;
  const int64_t row = to.row, pixel = to.pixel, start = to.top * row + to.left * pixel;
  const Clipped rows(to.top, kSize / 2, to.height), columns(to.left, kSize / 2, to.width);
  const Epilogue epilogue{bias, activation};
  for_masked_vectors<float>(channels, [=](int64_t c, auto lanes) {
    const auto finish = epilogue.at(c, lanes);
    Floats outputs[kSize][kSize];
    transform_tile<Transform>(
        [=](int i, int j) { return lanes.read(points + c + (i * Transform::kFrom + j) * stride); },
        [&](int i, int j, Floats value) { outputs[i][j] = value; });
    PYCLR_UNROLL for (int i = 0; i < kSize / 2; ++i) {
      PYCLR_UNROLL for (int j = 0; j < kSize / 2; ++j) {
        if (i >= rows.end || j >= columns.end) continue;
        const int64_t at = start + i * row + j * pixel + c;
        write_maximum<float>(outputs[2 * i][2 * j], outputs[2 * i][2 * j + 1],
                             outputs[2 * i + 1][2 * j], outputs[2 * i + 1][2 * j + 1], finish,
                             to.image + at, index ? index + at : nullptr, lanes);
      }
    }
  });
}

template <class Transform>
void points_to_taps(const float* points, int64_t stride, int64_t channels,
                    const WinogradPixels<float>& to) {
  points_to_pixels<Transform>(points, stride, channels, to, NoEpilogue{});
}

template <int kSize, int kTaps, bool kForward, bool kGradient>
constexpr WinogradForm winograd_form() {
  constexpr int kSide = kSize + kTaps - 1;
  WinogradForm form{kSize, kTaps, pixels_to_points<InputTransform<kSide>, kSize>};
  if constexpr (kForward) {
    form.from_taps = pixels_to_points<Evaluation<kSide, kTaps, true>, kTaps>;
    form.to_outputs = points_to_outputs<Collection<kSide, kSize, false>>;
    form.to_maxima = points_to_maxima<Collection<kSide, kSize, false>>;
  }
  if constexpr (kGradient) {
    form.from_output_gradient = pixels_to_points<Evaluation<kSide, kSize, false>, kSize>;
    form.to_tap_gradient = points_to_taps<Collection<kSide, kTaps, true>>;
  }
  return form;
}

constexpr WinogradKernels kWinograd = {
    .f4x4_3x3 = winograd_form<4, 3, true, true>(),
    .f4x4_5x5 = winograd_form<4, 5, true, false>(),
    .f2x2_5x5 = winograd_form<2, 5, false, true>(),
};

}  // namespace
}  // namespace pyclr::PYCLR_ISA
