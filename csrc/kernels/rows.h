// Softmax and losses by rows, see rows_table.h. Included once per instruction set (isa.cpp).
#pragma once

#include "kernels/lanes.h"
#include "kernels/rows_table.h"

namespace pyclr::PYCLR_ISA {
namespace {

template <class T>
constexpr T kMinusInfinity = static_cast<T>(-__builtin_inf());

// The maximum; a NaN may be lost, and comes back with the exponentials.
template <class T>
PYCLR_INLINE T row_max(const T* x, int64_t n) {
  Vec<T> best = broadcast(kMinusInfinity<T>);
  for_vectors<T>(
      n, [&](int64_t i, auto lanes) { best = max(lanes.read(x + i, kMinusInfinity<T>), best); });
  return lane_max<T>(best);
}

// y = exp(x - top); the sum.
template <class T>
PYCLR_INLINE double exponentials(const T* x, T top, int64_t n, T* y) {
  return sum_vectors<T>(n, [&](int64_t i, auto lanes) {
    const Vec<T> e = exp(lanes.read(x + i, kMinusInfinity<T>) - top);
    lanes.write(y + i, e);
    return e;
  });
}

template <class T>
PYCLR_INLINE void scale_row(T* y, T factor, int64_t n) {
  for_vectors<T>(n, [&](int64_t i, auto lanes) { lanes.write(y + i, lanes.read(y + i) * factor); });
}

template <class T>
void softmax(const T* x, int64_t rows, int64_t n, T* y) {
  for (int64_t r = 0; r < rows; ++r, x += n, y += n)
    scale_row(y, static_cast<T>(1 / exponentials(x, row_max(x, n), n, y)), n);
}

template <class T>
void log_softmax(const T* x, int64_t rows, int64_t n, T* y) {
  for (int64_t r = 0; r < rows; ++r, x += n, y += n) {
    const T top = row_max(x, n);
    const T log_sum = static_cast<T>(::log(exponentials(x, top, n, y)));
    for_vectors<T>(
        n, [&](int64_t i, auto lanes) { lanes.write(y + i, lanes.read(x + i) - top - log_sum); });
  }
}

template <class T>
void softmax_gradient(const T* dy, const T* y, int64_t rows, int64_t n, T* dx) {
  for (int64_t r = 0; r < rows; ++r, dy += n, y += n, dx += n) {
    const T dot = static_cast<T>(sum_vectors<T>(
        n, [&](int64_t i, auto lanes) { return lanes.read(dy + i) * lanes.read(y + i); }));
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      lanes.write(dx + i, (lanes.read(dy + i) - dot) * lanes.read(y + i));
    });
  }
}

template <class T>
void log_softmax_gradient(const T* dy, const T* y, int64_t rows, int64_t n, T* dx) {
  for (int64_t r = 0; r < rows; ++r, dy += n, y += n, dx += n) {
    const T sum = static_cast<T>(
        sum_vectors<T>(n, [&](int64_t i, auto lanes) { return lanes.read(dy + i); }));
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      lanes.write(dx + i, lanes.read(dy + i) - exp(lanes.read(y + i)) * sum);
    });
  }
}

template <class T>
void sparse_entropy(const T* x, const int64_t* labels, int64_t rows, int64_t n, T* loss, T* p) {
  for (int64_t r = 0; r < rows; ++r, x += n, p += n) {
    const T top = row_max(x, n);
    const double sum = exponentials(x, top, n, p);
    scale_row(p, static_cast<T>(1 / sum), n);
    loss[r] = static_cast<T>(::log(sum) - (x[labels[r]] - top));
  }
}

template <class T>
void sparse_entropy_gradient(const T* dy, const T* p, const int64_t* labels, int64_t rows,
                             int64_t n, T* dx) {
  for (int64_t r = 0; r < rows; ++r, p += n, dx += n) {
    for_vectors<T>(n,
                   [&](int64_t i, auto lanes) { lanes.write(dx + i, lanes.read(p + i) * dy[r]); });
    dx[labels[r]] = (p[labels[r]] - 1) * dy[r];
  }
}

template <class T>
void dense_entropy(const T* x, const T* t, int64_t rows, int64_t n, T* loss, T* p) {
  for (int64_t r = 0; r < rows; ++r, x += n, t += n, p += n) {
    const T top = row_max(x, n);
    const double sum = exponentials(x, top, n, p);
    scale_row(p, static_cast<T>(1 / sum), n);
    const T log_sum = static_cast<T>(::log(sum));
    loss[r] = static_cast<T>(sum_vectors<T>(n, [&](int64_t i, auto lanes) {
      return lanes.read(t + i) * (log_sum - (lanes.read(x + i, top) - top));
    }));
  }
}

template <class T>
void dense_entropy_gradient(const T* dy, const T* p, const T* t, int64_t rows, int64_t n, T* dx) {
  for (int64_t r = 0; r < rows; ++r, p += n, t += n, dx += n) {
    const T sum =
        static_cast<T>(sum_vectors<T>(n, [&](int64_t i, auto lanes) { return lanes.read(t + i); }));
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      lanes.write(dx + i, (lanes.read(p + i) * sum - lanes.read(t + i)) * dy[r]);
    });
  }
}

template <class T>
void squared_error(const T* x, const T* t, int64_t rows, int64_t n, T* loss) {
  if (n == 1) {  // one long row of results
    for (int64_t r = 0; r < rows; ++r) loss[r] = (x[r] - t[r]) * (x[r] - t[r]);
    return;
  }
  for (int64_t r = 0; r < rows; ++r, x += n, t += n) {
    const double sum = sum_vectors<T>(n, [&](int64_t i, auto lanes) {
      const Vec<T> error = lanes.read(x + i) - lanes.read(t + i);
      return error * error;
    });
    loss[r] = static_cast<T>(sum / static_cast<double>(n));
  }
}

template <class T>
void squared_error_gradient(const T* dy, const T* x, const T* t, int64_t rows, int64_t n, T* dx) {
  if (n == 1) {
    for (int64_t r = 0; r < rows; ++r) dx[r] = (x[r] - t[r]) * (2 * dy[r]);
    return;
  }
  for (int64_t r = 0; r < rows; ++r, x += n, t += n, dx += n) {
    const T factor = 2 * dy[r] / static_cast<T>(n);
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      lanes.write(dx + i, (lanes.read(x + i) - lanes.read(t + i)) * factor);
    });
  }
}

template <class T>
void binary_entropy(const T* x, const T* t, int64_t n, T* loss) {
  for_vectors<T>(n, [&](int64_t i, auto lanes) {
    const Vec<T> logit = lanes.read(x + i);
    lanes.write(loss + i,
                max(logit, Vec<T>{}) - logit * lanes.read(t + i) + log1p(exp(-abs(logit))));
  });
}

template <class T>
void binary_entropy_gradient(const T* dy, const T* x, const T* t, int64_t n, T* dx) {
  for_vectors<T>(n, [&](int64_t i, auto lanes) {
    lanes.write(dx + i, (sigmoid(lanes.read(x + i)) - lanes.read(t + i)) * lanes.read(dy + i));
  });
}

template <class T>
constexpr RowTable<T> row_table() {
  return {.softmax = softmax<T>,
          .log_softmax = log_softmax<T>,
          .softmax_gradient = softmax_gradient<T>,
          .log_softmax_gradient = log_softmax_gradient<T>,
          .sparse_entropy = sparse_entropy<T>,
          .sparse_entropy_gradient = sparse_entropy_gradient<T>,
          .dense_entropy = dense_entropy<T>,
          .dense_entropy_gradient = dense_entropy_gradient<T>,
          .squared_error = squared_error<T>,
          .squared_error_gradient = squared_error_gradient<T>,
          .binary_entropy = binary_entropy<T>,
          .binary_entropy_gradient = binary_entropy_gradient<T>};
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
