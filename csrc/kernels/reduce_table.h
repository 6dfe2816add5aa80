// The reduction part of the kernel table.
#pragma once

#include <cstdint>

namespace pyclr {

enum class Reduction : int { sum, max, min, prod, count };

template <class T>
struct ReduceTable {
  // The reduction of n contiguous elements; the order depends on n only. n = 0 gives the neutral
  // element.
  T (*row[int(Reduction::count)])(const T* x, int64_t n);
  // y[j] = reduction over i < rows of x[i * n + j], j < n, in the order of i.
  void (*columns[int(Reduction::count)])(const T* x, int64_t rows, int64_t n, T* y);
};

struct ReduceKernels {
  ReduceTable<float> f32;
  ReduceTable<double> f64;
  ReduceTable<int32_t> i32;
  ReduceTable<int64_t> i64;

  const ReduceTable<float>& of(float) const { return f32; }
  const ReduceTable<double>& of(double) const { return f64; }
  const ReduceTable<int32_t>& of(int32_t) const { return i32; }
  const ReduceTable<int64_t>& of(int64_t) const { return i64; }
};

}  // namespace pyclr
