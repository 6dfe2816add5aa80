// The pooling part of the kernel table.
#pragma once

#include <cstdint>

namespace pyclr {

// x (n, h, w, c) -> (n, oh, ow, c): windows of (ph, pw), clipped where they leave the image.
struct PoolShape {
  int64_t n, h, w, c, oh, ow, ph, pw, stride_h, stride_w, pad_top, pad_left;
};

template <class T, class I>
struct MaxPoolTable {
  // Row `row` of the n * oh of y. index: which of the ph * pw positions holds the maximum.
  void (*forward)(const PoolShape& s, const T* x, int64_t row, T* y, I* index);
  // Row `row` of the n * h of dx.
  void (*gradient)(const PoolShape& s, const T* dy, const I* index, int64_t row, T* dx);
};

template <class T>
struct PoolTable {
  MaxPoolTable<T, uint8_t> max_u8;
  MaxPoolTable<T, int32_t> max_i32;
  void (*average)(const PoolShape& s, const T* x, int64_t row, T* y);
  void (*average_gradient)(const PoolShape& s, const T* dy, int64_t row, T* dx);

  const MaxPoolTable<T, uint8_t>& max(uint8_t) const { return max_u8; }
  const MaxPoolTable<T, int32_t>& max(int32_t) const { return max_i32; }
};

struct PoolKernels {
  PoolTable<float> f32;
  PoolTable<double> f64;

  const PoolTable<float>& of(float) const { return f32; }
  const PoolTable<double>& of(double) const { return f64; }
};

}  // namespace pyclr
