// Where a window slides along one axis: convolution and pooling.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace pyclr {

// Output size and padding before, as TensorFlow and Keras define them, for a window that covers
// `extent` elements.
inline std::pair<int64_t, int64_t> sliding_window(int64_t size, int64_t extent, int64_t stride,
                                                  const std::string& padding) {
  if (padding == "same") {
    const int64_t out = (size + stride - 1) / stride;
    return {out, std::max<int64_t>((out - 1) * stride + extent - size, 0) / 2};
  }
  return {size < extent ? 0 : (size - extent) / stride + 1, 0};
}

}  // namespace pyclr
