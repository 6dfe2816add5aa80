// Index arithmetic shared by the ops that move data: broadcasting and strided walks.
#pragma once

#include "ops/row_groups.h"
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

// Calls f(offset of each operand...) for `count` rows, from row `first` on, of a walk over `shape`;
// a row is the last axis.
template <size_t N, class F>
void for_rows(const Shape& shape, const std::array<Strides, N>& strides, int64_t first,
              int64_t count, F&& f) {
  const int outer = std::max(shape.rank() - 1, 0);
  std::array<int64_t, N> offsets{};
  std::array<int64_t, Shape::max_rank> index{};
  for (int axis = outer - 1; axis >= 0; --axis) {
    index[axis] = first % shape[axis];
    first /= shape[axis];
    for (size_t i = 0; i < N; ++i) offsets[i] += strides[i][axis] * index[axis];
  }
  for (int64_t row = 0; row < count; ++row) {
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

// The same for every row, on several threads: rows must not touch each other's results.
template <size_t N, class F>
void for_each_row(const Shape& shape, const std::array<Strides, N>& strides, F&& f) {
  if (shape.size() == 0) return;
  const int64_t row_size = shape.rank() ? shape.last() : 1;
  for_row_groups(shape.size() / row_size, row_size, [&](int64_t first, int64_t count) {
    for_rows<N>(shape, strides, first, count, f);
  });
}

// Copies the elements of x on a walk over the shape `walk` to those of y on another.
void copy_strided(const TensorData& x, const Strides& from, int64_t from_offset, const Strides& to,
                  int64_t to_offset, const Shape& walk, const TensorData& y);

// y's axis i = x's axis permutation[i].
void permute(const TensorData& x, const std::vector<int64_t>& permutation, const TensorData& y);

}  // namespace pyclr
