#include "ops/normalize.h"

namespace pyclr {

namespace {

Tensor constant_like(const Tensor& x, double value) { return full({}, x->dtype, value); }

// The mean along `axis`, which is kept.
Tensor mean_along(const Tensor& x, int axis) {
  const double count = static_cast<double>(std::max<int64_t>(x->shape[axis], 1));
  return divide(sum(x, {axis}, true), constant_like(x, count));
}

}  // namespace

void check_normalized(const Call& call, const TensorData& x) {
  check_type(is_float(x.dtype), call.op->name,
             ": a floating point tensor is needed. Received: "
             "dtype=",
             x.dtype);
  check(x.shape.rank() >= 1, call.op->name, ": at least one axis is needed. Received input shape ",
        x.shape);
}

void check_argument(const Call& call, const char* argument, const TensorData& value,
                    const Shape& shape, DType dtype) {
  check(value.shape == shape, call.op->name, ": ", argument, " must have shape ", shape,
        ". Received: ", value.shape);
  check_type(value.dtype == dtype, call.op->name, ": ", argument, " must have the input's dtype ",
             dtype, ". Received: ", value.dtype);
}

Tensor inverse_std(const Tensor& variance, double epsilon) {
  return launch_one(rsqrt_op, {add(variance, constant_like(variance, epsilon))});
}

Tensors normalized_gradient(const Tensor& dy, const Tensor& x, const Tensor& gamma,
                            const Tensor& mean, const Tensor& inv_std, int axis) {
  const Tensor z = multiply(subtract(x, mean), inv_std), g = multiply(dy, gamma);
  const Tensor slope = mean_along(multiply(g, z), axis);
  const Tensor dx = subtract(subtract(g, mean_along(g, axis)), multiply(z, slope));
  return {multiply(dx, inv_std), sum_to(multiply(dy, z), gamma->shape), sum_to(dy, gamma->shape)};
}

Tensor with_statistics_gradient(const Tensor& dx, const Tensor& x, const Tensor& mean,
                                const Tensor& inv_std, const Tensor& dmean, const Tensor& dinv_std,
                                int axis) {
  Tensor result = dx;
  const Tensor share =
      constant_like(x, 1 / static_cast<double>(std::max<int64_t>(x->shape[axis], 1)));
  auto include = [&](const Tensor& more) {
    const Tensor full_size = broadcast_to(multiply(more, share), x->shape);
    result = result ? add(result, full_size) : full_size;
  };
  if (dmean) include(dmean);
  if (dinv_std) {  // d inv_std / d variance = -inv_std^3 / 2, d variance / dx = 2 / count (x -
                   // mean)
    const Tensor cube = multiply(inv_std, multiply(inv_std, inv_std));
    include(multiply(subtract(mean, x), multiply(cube, dinv_std)));
  }
  return result;
}

}  // namespace pyclr
