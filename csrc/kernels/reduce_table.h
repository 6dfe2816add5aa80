// The reduction part of the kernel table.
#pragma once

#include <cstdint>

namespace pyclr {

enum class Reduction : int { sum, max, min, prod, count };

template <class T>
struct ReduceTable {
  // y[i] = reduction of the n contiguous elements x[i * n + ...], i < rows; the order depends on n
  // only. n = 0 gives the neutral element.
  void (*rows[int(Reduction::count)])(const T* x, int64_t rows, int64_t n, T* y);
  // y[o * n + j] = reduction over i < rows of x[(o * rows + i) * n + j], o < outer, j < n; the
  // order depends on rows and n only.
  void (*columns[int(Reduction::count)])(const T* x, int64_t outer, int64_t rows, int64_t n, T* y);
};

// The index of the first extremum; NaN counts as one.
template <class T>
struct ArgTable {
  // y[j] = argmax (0) or argmin (1) over i < rows of x[i * stride + j], j < n.
  void (*columns[2])(const T* x, int64_t rows, int64_t stride, int64_t n, int32_t* y);
  // y[i] = the same over j < n of x[i * n + j], i < rows.
  void (*rows[2])(const T* x, int64_t rows, int64_t n, int32_t* y);
};

struct ReduceKernels {
  ReduceTable<float> f32;
  ReduceTable<double> f64;
  ReduceTable<int32_t> i32;
  ReduceTable<int64_t> i64;
  ArgTable<float> arg_f32;
  ArgTable<double> arg_f64;
  ArgTable<int32_t> arg_i32;
  ArgTable<int64_t> arg_i64;
  ArgTable<uint8_t> arg_u8;  // also boolean

  const ReduceTable<float>& of(float) const { return f32; }
  const ReduceTable<double>& of(double) const { return f64; }
  const ReduceTable<int32_t>& of(int32_t) const { return i32; }
  const ReduceTable<int64_t>& of(int64_t) const { return i64; }

  const ArgTable<float>& arg(float) const { return arg_f32; }
  const ArgTable<double>& arg(double) const { return arg_f64; }
  const ArgTable<int32_t>& arg(int32_t) const { return arg_i32; }
  const ArgTable<int64_t>& arg(int64_t) const { return arg_i64; }
  const ArgTable<uint8_t>& arg(uint8_t) const { return arg_u8; }
};

}  // namespace pyclr
