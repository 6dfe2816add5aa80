// What the convolution ops share.
#pragma once

#include <string>
#include <vector>

#include "kernels/conv.h"
#include "tensor.h"

namespace pyclr {

struct ConvAttributes {
  std::vector<int64_t> strides = {1, 1};
  std::vector<int64_t> dilation = {1, 1};
  std::string padding = "valid";  // "valid" or "same"
  int64_t groups = 1;
  std::string activation = "linear";
  std::vector<int64_t> shape;  // of the result of a gradient op
  bool operator==(const ConvAttributes&) const = default;
  void fields(auto&& v) {
    v("strides", strides), v("dilation", dilation), v("padding", padding), v("groups", groups);
    v("activation", activation), v("shape", shape);
  }
};

// Of the input's and the kernel's shapes; throws for what does not fit.
ConvShape conv_shape(const Shape& x, const Shape& w, const ConvAttributes& attributes);

}  // namespace pyclr
