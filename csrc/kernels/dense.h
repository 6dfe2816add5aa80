// Products of matrices, row by row in memory. T is float or double.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace pyclr {

// y = act(x @ w + bias); x (rows, in), w (in, out), y (rows, out), bias (out) or null.
template <class T>
void dense_forward(const T* x, const T* w, const T* bias, Activation act, T* y, int64_t rows,
                   int64_t in, int64_t out);

// dw = x^T @ dy
template <class T>
void dense_weight_gradient(const T* x, const T* dy, T* dw, int64_t rows, int64_t in, int64_t out);

// The same dw, some of its rows at a time on the thread that asks for them: for a caller that uses
// them at once.
template <class T>
class WeightGradientRows {
 public:
  // Elements of memory that a copy of dy takes.
  static int64_t copy_size(int64_t rows, int64_t out);
  // Makes the copy, on all threads.
  WeightGradientRows(const T* x, const T* dy, int64_t rows, int64_t in, int64_t out, T* copy);
  // Rows [begin, end) of dw.
  void make(int64_t begin, int64_t end, T* dw) const;

 private:
  const T* x_;
  const T* panels_;  // dy, a panel of columns after the other
  int64_t rows_, in_, out_;
};

// dx = dy @ w^T
template <class T>
void dense_input_gradient(const T* dy, const T* w, T* dx, int64_t rows, int64_t in, int64_t out);

// db = the sum over the rows of dy (rows, out): runs of rows by themselves, if not too long, then
// their sums
template <class T>
void bias_gradient(const T* dy, T* db, int64_t rows, int64_t out, int64_t run = 1);

// c[i] = a[i] @ b[i] for i < batch; c (batch, m, n). a[i] is (m, k), or (k, m) with transpose_a;
// b[i] is (k, n), or (n, k) with transpose_b. The batch strides count elements; 0 gives all
// products the same matrix.
template <class T>
void matmul(const T* a, const T* b, T* c, int64_t batch, int64_t m, int64_t k, int64_t n,
            int64_t a_batch_stride, int64_t b_batch_stride, bool transpose_a, bool transpose_b);

}  // namespace pyclr
