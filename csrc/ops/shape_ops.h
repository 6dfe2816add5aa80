// Index arithmetic shared by the ops that move data: broadcasting and strided walks.
#pragma once

#include "tensor.h"

namespace pyclr {

using Strides = std::array<int64_t, Shape::max_rank>;

// Element strides of a contiguous tensor of this shape.
inline Strides contiguous_strides(const Shape& shape) {
  Strides strides{};
  int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

// The shape two operands broadcast to, by NumPy's rule.
Shape broadcast_shape(const char* op, const Shape& a, const Shape& b);

// Strides that read `source` as if it had the shape `target`; 0 along broadcast axes.
Strides broadcast_strides(const Shape& source, const Shape& target);

// An axis counted from the end when negative.
int normalize_axis(const char* op, int64_t axis, int rank);
// Sorted, unique, non-negative; all axes when `axes` is empty.
std::vector<int64_t> normalize_axes(const char* op, const std::vector<int64_t>& axes, int rank);

// Calls f(offset of each operand...) for every row of a walk over `shape`; a row is the last axis.
template <size_t N, class F>
void for_each_row(const Shape& shape, const std::array<Strides, N>& strides, F&& f) {
  const int outer = std::max(shape.rank() - 1, 0);
  std::array<int64_t, N> offsets{};
  std::array<int64_t, Shape::max_rank> index{};
  const int64_t rows = shape.rank() ? shape.product(0, outer) : 1;
  if (shape.size() == 0) return;
  for (int64_t row = 0; row < rows; ++row) {
    f(offsets);
    for (int axis = outer - 1; axis >= 0; --axis) {
      ++index[axis];
      for (size_t i = 0; i < N; ++i) offsets[i] += strides[i][axis];
      if (index[axis] < shape[axis]) break;
      for (size_t i = 0; i < N; ++i) offsets[i] -= strides[i][axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace pyclr
