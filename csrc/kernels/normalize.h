// Normalisation, see normalize_table.h. Included once per instruction set (isa.cpp).
#pragma once

#include "kernels/lanes.h"
#include "kernels/normalize_table.h"

namespace pyclr::PYCLR_ISA {
namespace {

// Two sums a column: terms(i, j, lanes, s, p) gives the terms of row i in the columns from j on.
// Four rows at a time: memory is read in order, and the sums stay in the cache.
template <class T, class Terms>
PYCLR_INLINE void column_sums(int64_t rows, int64_t n, T* s_sum, T* p_sum, Terms terms) {
  for_vectors<T>(n, [&](int64_t j, auto lanes) {
    lanes.write(s_sum + j, Vec<T>{});
    lanes.write(p_sum + j, Vec<T>{});
  });
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4)
    for_vectors<T>(n, [&](int64_t j, auto lanes) {
      Vec<T> s[4], p[4];
      PYCLR_UNROLL for (int k = 0; k < 4; ++k) terms(i + k, j, lanes, s[k], p[k]);
      lanes.write(s_sum + j, lanes.read(s_sum + j) + ((s[0] + s[1]) + (s[2] + s[3])));
      lanes.write(p_sum + j, lanes.read(p_sum + j) + ((p[0] + p[1]) + (p[2] + p[3])));
    });
  for (; i < rows; ++i)
    for_vectors<T>(n, [&](int64_t j, auto lanes) {
      Vec<T> s, p;
      terms(i, j, lanes, s, p);
      lanes.write(s_sum + j, lanes.read(s_sum + j) + s);
      lanes.write(p_sum + j, lanes.read(p_sum + j) + p);
    });
}

// In one pass: differences from the first row keep the digits that a large mean would cost.
template <class T>
void moments(const T* x, int64_t rows, int64_t n, T* mean, T* squares) {
  column_sums<T>(rows, n, mean, squares,
                 [&](int64_t i, int64_t j, auto lanes, Vec<T>& sum, Vec<T>& square) {
                   sum = lanes.read(x + i * n + j) - lanes.read(x + j);
                   square = sum * sum;
                 });
  for_vectors<T>(n, [&](int64_t j, auto lanes) {
    const Vec<T> sum = lanes.read(mean + j), shift = sum / static_cast<T>(rows);
    lanes.write(mean + j, lanes.read(x + j) + shift);
    lanes.write(squares + j, max(lanes.read(squares + j) - sum * shift, Vec<T>{}));
  });
}

template <class T>
void affine(const T* x, int64_t rows, int64_t n, const T* mean, const T* scale, const T* shift,
            T* y) {
  for (int64_t i = 0; i < rows; ++i, x += n, y += n)
    for_vectors<T>(n, [&](int64_t j, auto lanes) {
      lanes.write(y + j, (lanes.read(x + j) - lanes.read(mean + j)) * lanes.read(scale + j) +
                             lanes.read(shift + j));
    });
}

template <class T>
void gradient_sums(const T* dy, const T* x, int64_t rows, int64_t n, const T* mean, T* sum,
                   T* product) {
  column_sums<T>(rows, n, sum, product,
                 [&](int64_t i, int64_t j, auto lanes, Vec<T>& g, Vec<T>& p) {
                   g = lanes.read(dy + i * n + j);
                   p = g * (lanes.read(x + i * n + j) - lanes.read(mean + j));
                 });
}

template <class T>
void normalize_gradient(const T* dy, const T* x, int64_t rows, int64_t n, const T* mean,
                        const T* scale, const T* shift, const T* slope, T* dx) {
  for (int64_t i = 0; i < rows; ++i, dy += n, x += n, dx += n)
    for_vectors<T>(n, [&](int64_t j, auto lanes) {
      const Vec<T> d = lanes.read(x + j) - lanes.read(mean + j);
      lanes.write(dx + j, lanes.read(scale + j) * (lanes.read(dy + j) - lanes.read(shift + j) -
                                                   d * lanes.read(slope + j)));
    });
}

template <class T>
void layer_norm(const T* x, int64_t rows, int64_t n, const T* gamma, const T* beta, double epsilon,
                T* y, T* mean, T* inv_std) {
  const double count = static_cast<double>(n);
  for (int64_t i = 0; i < rows; ++i, x += n, y += n) {
    const T center = static_cast<T>(
        sum_vectors<T>(n, [&](int64_t j, auto lanes) { return lanes.read(x + j); }) / count);
    const double variance = sum_vectors<T>(n,
                                           [&](int64_t j, auto lanes) {
                                             const Vec<T> d = lanes.read(x + j, center) - center;
                                             return d * d;
                                           }) /
                            count;
    const T scale = static_cast<T>(1 / __builtin_sqrt(variance + epsilon));
    for_vectors<T>(n, [&](int64_t j, auto lanes) {
      lanes.write(y + j, (lanes.read(x + j) - center) * scale * lanes.read(gamma + j) +
                             lanes.read(beta + j));
    });
    mean[i] = center;
    inv_std[i] = scale;
  }
}

// With g = dy gamma and z = (x - mean) inv_std: dx = inv_std (g - mean(g) - z mean(g z)).
template <class T>
void layer_norm_gradient(const T* dy, const T* x, int64_t rows, int64_t n, const T* gamma,
                         const T* mean, const T* inv_std, T* dx, T* dgamma, T* dbeta) {
  const double count = static_cast<double>(n);
  for (int64_t i = 0; i < rows; ++i, dy += n, x += n, dx += n) {
    const T center = mean[i], scale = inv_std[i];
    const T shift = static_cast<T>(
        sum_vectors<T>(
            n, [&](int64_t j, auto lanes) { return lanes.read(dy + j) * lanes.read(gamma + j); }) /
        count);
    const T slope =
        static_cast<T>(sum_vectors<T>(n,
                                      [&](int64_t j, auto lanes) {
                                        const Vec<T> z =
                                            (lanes.read(x + j, center) - center) * scale;
                                        return lanes.read(dy + j) * lanes.read(gamma + j) * z;
                                      }) /
                       count);
    for_vectors<T>(n, [&](int64_t j, auto lanes) {
      const Vec<T> g = lanes.read(dy + j), z = (lanes.read(x + j) - center) * scale;
      lanes.write(dx + j, scale * (g * lanes.read(gamma + j) - shift - z * slope));
      lanes.write(dgamma + j, lanes.read(dgamma + j) + g * z);
      lanes.write(dbeta + j, lanes.read(dbeta + j) + g);
    });
  }
}

template <class T>
constexpr NormalizeTable<T> normalize_table() {
  return {.moments = moments<T>,
          .affine = affine<T>,
          .gradient_sums = gradient_sums<T>,
          .gradient = normalize_gradient<T>,
          .layer = layer_norm<T>,
          .layer_gradient = layer_norm_gradient<T>};
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
