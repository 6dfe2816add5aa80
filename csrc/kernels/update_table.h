// The optimizer part of the kernel table.
#pragma once

#include <cstdint>

namespace pyclr {

constexpr int kMaxSlots = 4;
constexpr int kMaxHyper = 8;

// What one update reads besides the arrays.
struct UpdateStep {
  double hyper[kMaxHyper];  // in the order of update.inc
  double step;              // 1 for the first update
  bool flag;
  double learning_rate() const { return hyper[0]; }
  double weight_decay() const { return hyper[1]; }
};

template <class T>
struct UpdateTable {
  // w -= ... for n elements. slots[i] is null when the optimizer runs without its slot i.
#define UPDATE(name, slots, hyper, flag) \
  void (*name)(T * w, const T* g, T* const* slots_, int64_t n, const UpdateStep& step);
#include "kernels/update.inc"
  // w -= share w: weight decay.
  void (*decay)(T* w, int64_t n, double share);
};

struct UpdateKernels {
  UpdateTable<float> f32;
  UpdateTable<double> f64;
  const UpdateTable<float>& of(float) const { return f32; }
  const UpdateTable<double>& of(double) const { return f64; }
};

}  // namespace pyclr
