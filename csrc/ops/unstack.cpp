// The parts of a tensor along its first axis.
#include "ops/ops.h"

namespace pyclr {

namespace {

// x (n, a...) -> n tensors (a...), views of x. One Call for all of them, so that the gradient is
// put together once.
struct Unstack {
  static constexpr const char* name = "unstack";
  static constexpr size_t max_inputs = 1;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check(x.shape.rank() >= 1, "unstack: a scalar has no parts.");
    const Shape part(std::span(x.shape.begin(), x.shape.end()).subspan(1));
    const int64_t bytes = part.size() * static_cast<int64_t>(size_of(x.dtype));
    Specs specs;
    for (int64_t i = 0; i < x.shape[0]; ++i) specs.push_back({part, x.dtype, i * bytes});
    return specs;
  }
  static void run(const Call&) {}
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    if (dy.empty()) return {full_like(call.in(0), 0)};
    Shape row{1};
    for (int64_t dim : call.out()->shape) row.push_back(dim);
    Tensors parts;
    for (const Tensor& d : dy)
      parts.push_back(d ? reshape(d, row) : full(row, call.in(0)->dtype, 0));
    return {concat(parts, 0)};
  }
};

}  // namespace

const Op unstack_op = make_op<Unstack>();

}  // namespace pyclr
