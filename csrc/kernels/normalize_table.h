// The normalisation part of the kernel table. Matrices are (rows, n), contiguous.
#pragma once

#include <cstdint>

namespace pyclr {

template <class T>
struct NormalizeTable {
  // Of each column: the mean, and the sum of the squared differences from it. rows > 0.
  void (*moments)(const T* x, int64_t rows, int64_t n, T* mean, T* squares);
  // y = (x - mean) * scale + shift, with one mean, scale and shift a column.
  void (*affine)(const T* x, int64_t rows, int64_t n, const T* mean, const T* scale, const T* shift,
                 T* y);
  // Of each column: sum(dy) and sum(dy (x - mean)).
  void (*gradient_sums)(const T* dy, const T* x, int64_t rows, int64_t n, const T* mean, T* sum,
                        T* product);
  // dx = scale * (dy - shift - (x - mean) * slope), one of each a column.
  void (*gradient)(const T* dy, const T* x, int64_t rows, int64_t n, const T* mean, const T* scale,
                   const T* shift, const T* slope, T* dx);

  // By rows: y = (x - mean) * inv_std * gamma + beta, inv_std = 1 / sqrt(variance + epsilon).
  void (*layer)(const T* x, int64_t rows, int64_t n, const T* gamma, const T* beta, double epsilon,
                T* y, T* mean, T* inv_std);
  // The gradient of that; what the rows give is added to dgamma and dbeta.
  void (*layer_gradient)(const T* dy, const T* x, int64_t rows, int64_t n, const T* gamma,
                         const T* mean, const T* inv_std, T* dx, T* dgamma, T* dbeta);
};

struct NormalizeKernels {
  NormalizeTable<float> f32;
  NormalizeTable<double> f64;

  const NormalizeTable<float>& of(float) const { return f32; }
  const NormalizeTable<double>& of(double) const { return f64; }
};

}  // namespace pyclr
