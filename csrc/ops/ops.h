// The ops as C++ functions, for vjps: each launches one Call (or a few).
#pragma once

#include <optional>

#include "engine.h"
#include "kernels/kernels.h"

namespace pyclr {

#define PYCLR_OP(name) extern const Op name##_op;
#include "ops/ops.inc"
#undef PYCLR_OP

// One launch of `op` with the attributes `a`; the first output.
template <class A>
Tensor launch_one(const Op& op, Tensors inputs, A a) {
  return launch(op, std::move(inputs), std::make_shared<AttrsOf<A>>(std::move(a)))[0];
}
Tensor launch_one(const Op& op, Tensors inputs);

// pointwise.cpp: runs a pointwise op by pieces. False, without a result, when an operand is neither
// of the result's size nor one value.
bool run_elements(const Call& call);
Tensor add(const Tensor& a, const Tensor& b);
Tensor subtract(const Tensor& a, const Tensor& b);
Tensor multiply(const Tensor& a, const Tensor& b);
Tensor divide(const Tensor& a, const Tensor& b);
Tensor negative(const Tensor& x);
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

// dense.cpp
Activation activation_named(const char* op, const std::string& name);
// The gradient before the activation of an epilogue, from the one after it.
Tensor epilogue_gradient(const Tensor& dy, const Tensor& y, const std::string& activation);

// shape.cpp
Tensor full(const Shape& shape, DType dtype, double value);
Tensor full_like(const Tensor& x, double value);
Tensor cast(const Tensor& x, DType dtype);  // x itself when it has the dtype
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor transpose(const Tensor& x, const std::vector<int64_t>& permutation);
Tensor concat(const Tensors& parts, int64_t axis);
Tensor broadcast_to(const Tensor& x, const Shape& shape);
Tensor slice(const Tensor& x, const std::vector<int64_t>& begin, const std::vector<int64_t>& size,
             const std::vector<int64_t>& strides);

// A transposed copy outside of tape and recording, for kernels that need another layout.
Tensor permuted(const Tensor& x, const std::vector<int64_t>& permutation);

// gather.cpp: zeros of `shape` to which the values are added at the indices along an axis.
Tensor add_along_axis(const Tensor& values, const Tensor& indices, int64_t axis,
                      const Shape& shape);

// curvature.cpp: the derivative of a function's slope by what the function keeps (its argument or
// its value); null where it is zero.
Tensor curvature(Unary function, const Tensor& kept);

// reduce.cpp
Tensor sum(const Tensor& x, const std::vector<int64_t>& axes, bool keepdims);
// Sums the axes along which `shape` was broadcast to x's shape: the gradient of broadcasting.
Tensor sum_to(const Tensor& x, const Shape& shape);

// conv2d_pooled.cpp: what `reader` computes of the result of `unpool`, a max_pool2d_gradient, by a
// call that reads the inputs of that; none where the shapes or the op do not suit.
std::optional<Call> pooled_gradient(const Call& reader, const Call& unpool);

// update.cpp: what kernels/update.inc says of each optimizer, names separated by spaces.
struct UpdateInfo {
  const char *name, *slots, *hyper, *flag;
};
const std::vector<UpdateInfo>& update_infos();
// Lets an optimizer's update make a gradient itself that `product`, a dense_weight_gradient, has
// made for it. False when `update` is something else, or does not take it as a gradient.
bool product_into_update(Call& update, const Call& product);

}  // namespace pyclr
