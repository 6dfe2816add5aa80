// The random part of the kernel table.
#pragma once

#include <cstdint>

namespace pyclr {

// What a stream of random numbers is a function of, beside the position in it.
struct RandomKey {
  uint64_t seed, step;
};

// Positions are counted in groups of this many values; a piece of a stream begins at a group.
constexpr int64_t kRandomGroup = 64;

template <class T>
struct RandomTable {
  // y[i] = value i of the stream, begin <= i < end. y is where value 0 would go.
  // [low, high)
  void (*uniform)(RandomKey key, int64_t begin, int64_t end, double low, double high, T* y);
  void (*normal)(RandomKey key, int64_t begin, int64_t end, double mean, double stddev, T* y);
  // 0 with probability `rate`, else 1 / (1 - rate).
  void (*dropout_mask)(RandomKey key, int64_t begin, int64_t end, double rate, T* y);
};

// The same for integers: low <= y[i] < low + range.
template <class T>
using RandomIntegerKernel = void (*)(RandomKey key, int64_t begin, int64_t end, int64_t low,
                                     uint64_t range, T* y);

struct RandomKernels {
  RandomTable<float> f32;
  RandomTable<double> f64;
  RandomIntegerKernel<int32_t> i32;
  RandomIntegerKernel<int64_t> i64;

  const RandomTable<float>& of(float) const { return f32; }
  const RandomTable<double>& of(double) const { return f64; }
  RandomIntegerKernel<int32_t> integers(int32_t) const { return i32; }
  RandomIntegerKernel<int64_t> integers(int64_t) const { return i64; }
};

}  // namespace pyclr
