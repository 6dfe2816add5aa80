// What the pooling ops share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/pool_table.h"
#include "tensor.h"

namespace pyclr {

struct PoolAttributes {
  std::vector<int64_t> pool_size = {2, 2};
  std::vector<int64_t> strides;   // empty: pool_size
  std::string padding = "valid";  // "valid" or "same"
  std::vector<int64_t> shape;     // of the result of a gradient op
  bool operator==(const PoolAttributes&) const = default;
  void fields(auto&& v) {
    v("pool_size", pool_size), v("strides", strides), v("padding", padding), v("shape", shape);
  }
};

// Of the input's shape; throws, in the name of `op`, for what does not fit.
PoolShape pool_shape(std::string_view op, const Shape& x, const PoolAttributes& attributes);

// Positions of a window are numbered in a byte when they fit.
inline DType index_dtype(const PoolShape& s) {
  return s.ph * s.pw <= 256 ? DType::uint8 : DType::int32;
}
template <class F>
void with_index(const PoolShape& s, F&& f) {
  index_dtype(s) == DType::uint8 ? f(uint8_t{}) : f(int32_t{});
}

}  // namespace pyclr
