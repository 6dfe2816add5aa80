// What batch and layer normalisation share: checks, and gradients written with ordinary ops, for
// gradients of gradients and for the statistics as results of their own.
//
// Those see x as a matrix that is normalised along `axis`; the other arguments broadcast against
// it.
#pragma once

#include "ops/ops.h"
#include "tape.h"

namespace pyclr {

struct EpsilonAttributes {
  double epsilon = 1e-3;
  bool operator==(const EpsilonAttributes&) const = default;
  void fields(auto&& v) { v("epsilon", epsilon); }
};

// Of a floating point tensor with at least one axis.
void check_normalized(const Call& call, const TensorData& x);
void check_argument(const Call& call, const char* argument, const TensorData& value,
                    const Shape& shape, DType dtype);

// 1 / sqrt(variance + epsilon)
Tensor inverse_std(const Tensor& variance, double epsilon);

// dx, dgamma, dbeta of (x - mean) inv_std gamma + beta, when mean and inv_std are those of x:
// with z = (x - mean) inv_std and g = dy gamma, dx = inv_std (g - mean(g) - z mean(g z)).
Tensors normalized_gradient(const Tensor& dy, const Tensor& x, const Tensor& gamma,
                            const Tensor& mean, const Tensor& inv_std, int axis);

// What gradients for the mean and inv_std of x - either may be null - add to dx, which may be null.
Tensor with_statistics_gradient(const Tensor& dx, const Tensor& x, const Tensor& mean,
                                const Tensor& inv_std, const Tensor& dmean, const Tensor& dinv_std,
                                int axis);

// A vjp for a Call that computes what f(inputs) would with ordinary ops.
template <class F>
Tensors vjp_of(const Call& call, const Tensors& gradients, F&& f) {
  Tape tape(false);
  Tensors inputs, targets, seeds;
  for (const Tensor& input : call.inputs) {
    inputs.push_back(reshape(input, input->shape));  // of its own, should one tensor be two inputs
    tape.watch(inputs.back());
  }
  engine().tapes.push_back(&tape);
  const Tensors outputs = f(inputs);
  std::erase(engine().tapes, &tape);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (gradients[i]) targets.push_back(outputs[i]), seeds.push_back(gradients[i]);
  return tape.gradient(targets, inputs, seeds);
}

}  // namespace pyclr
