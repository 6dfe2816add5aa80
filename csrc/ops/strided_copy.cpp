// Copies between two walks over memory, transposition among them.
#include <cstring>

#include "ops/ops.h"
#include "ops/shape_ops.h"

namespace pyclr {

namespace {

// Copies elements of `size` bytes along a row of `count`, both sides strided.
template <size_t Size>
void copy_row(const std::byte* source, int64_t source_stride, std::byte* target,
              int64_t target_stride, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(target + i * target_stride * Size, source + i * source_stride * Size, Size);
}

// Axes of y = transpose(x), those that stay neighbours taken as one, and the strides in x.
void joined_axes(const TensorData& x, const std::vector<int64_t>& permutation, Shape& shape,
                 Strides& from) {
  const Strides own = contiguous_strides(x.shape);
  std::vector<int64_t> dims;
  for (int64_t axis : permutation) {
    const int at = normalize_axis("transpose", axis, x.shape.rank());
    const int64_t dim = x.shape[at];
    if (dim == 1) continue;
    if (!dims.empty() && from[dims.size() - 1] == own[at] * dim) {
      dims.back() *= dim;
    } else {
      dims.push_back(dim);
    }
    from[dims.size() - 1] = own[at];
  }
  shape = Shape(dims);
}

// Exchanges the last axis with axis `inner`, which is the last one of x: matrices in tiles.
template <class T>
void transpose_matrices(const TensorData& x, const Strides& from, const TensorData& y,
                        const Shape& shape, const Strides& to, int inner) {
  constexpr int64_t kTile = 64;
  const int last = shape.rank() - 1;
  std::vector<int64_t> tiles(shape.begin(), shape.end());
  tiles[inner] = (shape[inner] + kTile - 1) / kTile;
  tiles[last] = (shape[last] + kTile - 1) / kTile;
  tiles.push_back(1);  // a tile is a row of the walk
  std::array<Strides, 4> strides{from, to, Strides{}, Strides{}};
  strides[0][inner] *= kTile, strides[0][last] *= kTile;
  strides[1][inner] *= kTile, strides[1][last] *= kTile;
  strides[2][inner] = strides[3][last] = kTile;
  const Shape walk(tiles);
  const int64_t work = std::min(kTile, shape[inner]) * std::min(kTile, shape[last]);
  for_row_groups(walk.size(), work, [&](int64_t first, int64_t count) {
    for_rows<4>(walk, strides, first, count, [&](const auto& at) {
      kernels_of<T>().transpose(x.data<T>() + at[0], from[last], y.data<T>() + at[1], to[inner],
                                std::min(kTile, shape[last] - at[3]),
                                std::min(kTile, shape[inner] - at[2]));
    });
  });
}

}  // namespace

void copy_strided(const TensorData& x, const Strides& from, int64_t from_offset, const Strides& to,
                  int64_t to_offset, const Shape& walk, const TensorData& y) {
  const size_t size = size_of(x.dtype);
  const int last = walk.rank() - 1;
  const int64_t count = walk.rank() ? walk[last] : 1;
  const int64_t from_step = walk.rank() ? from[last] : 0, to_step = walk.rank() ? to[last] : 0;
  const auto* source = x.data<std::byte>() + from_offset * size;
  auto* target = y.data<std::byte>() + to_offset * size;
  for_each_row<2>(walk, {from, to}, [&](const std::array<int64_t, 2>& offsets) {
    const std::byte* s = source + offsets[0] * static_cast<int64_t>(size);
    std::byte* t = target + offsets[1] * static_cast<int64_t>(size);
    if (from_step == 1 && to_step == 1) {
      std::memcpy(t, s, size * count);
    } else if (size == 4) {
      copy_row<4>(s, from_step, t, to_step, count);
    } else if (size == 8) {
      copy_row<8>(s, from_step, t, to_step, count);
    } else {
      copy_row<1>(s, from_step, t, to_step, count);
    }
  });
}

void permute(const TensorData& x, const std::vector<int64_t>& permutation, const TensorData& y) {
  if (y.size() == 0) return;
  Shape shape;
  Strides from{};
  joined_axes(x, permutation, shape, from);
  const Strides to = contiguous_strides(shape);
  int inner = -1;  // the axis along which x is contiguous
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (from[axis] == 1) inner = axis;
  const bool moves = inner >= 0 && inner < shape.rank() - 1 && shape.rank() < Shape::max_rank;
  if (moves && size_of(x.dtype) == 4)
    return transpose_matrices<float>(x, from, y, shape, to, inner);
  if (moves && size_of(x.dtype) == 8)
    return transpose_matrices<double>(x, from, y, shape, to, inner);
  copy_strided(x, from, 0, to, 0, shape, y);
}

Tensor permuted(const Tensor& x, const std::vector<int64_t>& permutation) {
  Shape shape;
  for (int64_t axis : permutation) shape.push_back(x->shape[static_cast<int>(axis)]);
  Tensor y = empty(shape, x->dtype);
  permute(*x, permutation, *y);
  return y;
}

}  // namespace pyclr
