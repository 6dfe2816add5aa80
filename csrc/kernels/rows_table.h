// The row part of the kernel table: softmax and the losses. A matrix is (rows, n), contiguous.
#pragma once

#include <cstdint>

namespace pyclr {

template <class T>
struct RowTable {
  // y = exp(x) / sum(exp(x)) by rows, and its logarithm.
  void (*softmax)(const T* x, int64_t rows, int64_t n, T* y);
  void (*log_softmax)(const T* x, int64_t rows, int64_t n, T* y);
  // From dy and the result y: dx = (dy - sum(dy y)) y, and dx = dy - exp(y) sum(dy).
  void (*softmax_gradient)(const T* dy, const T* y, int64_t rows, int64_t n, T* dx);
  void (*log_softmax_gradient)(const T* dy, const T* y, int64_t rows, int64_t n, T* dx);

  // p = softmax(x), loss = -log(p[label]); labels lie in [0, n). dx = (p - one_hot(label)) dy.
  void (*sparse_entropy)(const T* x, const int64_t* labels, int64_t rows, int64_t n, T* loss, T* p);
  void (*sparse_entropy_gradient)(const T* dy, const T* p, const int64_t* labels, int64_t rows,
                                  int64_t n, T* dx);
  // p = softmax(x), loss = -sum(t log(p)). dx = (p sum(t) - t) dy.
  void (*dense_entropy)(const T* x, const T* t, int64_t rows, int64_t n, T* loss, T* p);
  void (*dense_entropy_gradient)(const T* dy, const T* p, const T* t, int64_t rows, int64_t n,
                                 T* dx);

  // loss = mean((x - t)^2). dx = 2 / n (x - t) dy.
  void (*squared_error)(const T* x, const T* t, int64_t rows, int64_t n, T* loss);
  void (*squared_error_gradient)(const T* dy, const T* x, const T* t, int64_t rows, int64_t n,
                                 T* dx);

  // By elements: loss = -t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)). dx = (sigmoid(x) - t) dy.
  void (*binary_entropy)(const T* x, const T* t, int64_t n, T* loss);
  void (*binary_entropy_gradient)(const T* dy, const T* x, const T* t, int64_t n, T* dx);
};

struct RowKernels {
  RowTable<float> f32;
  RowTable<double> f64;

  const RowTable<float>& of(float) const { return f32; }
  const RowTable<double>& of(double) const { return f64; }
};

}  // namespace pyclr
