// Gradients of a convolution by the gradient dy of its max-pooled output and the index that says
// which of a window's positions each number belongs to. Windows are whole, side by side from the
// first output on. Only fuse.cpp makes these calls: in place of max_pool2d_gradient and what
// reads its result, whose bits they have.
#include <optional>

#include "ops/conv2d.h"
#include "ops/ops.h"
#include "ops/pool2d.h"

namespace pyclr {

namespace {

struct PooledAttributes : ConvAttributes {
  std::vector<int64_t> pool_size = {2, 2};
  bool operator==(const PooledAttributes&) const = default;
  void fields(auto&& v) {
    ConvAttributes::fields(v);
    v("pool_size", pool_size);
  }
};

void check_pooled(const Call& call, const ConvShape& s, const Tensor& dy, const Tensor& index) {
  const auto& a = call.attrs_as<PooledAttributes>();
  check(a.pool_size.size() == 2 && a.pool_size[0] > 0 && a.pool_size[1] > 0 &&
            a.pool_size[0] * a.pool_size[1] <= 256,
        call.op->name, ": pool_size must be two positive integers whose product a byte holds.");
  check_type(is_float(dy->dtype) && index->dtype == DType::uint8, call.op->name,
             ": the gradient must be floating point and the index uint8. Received: ", dy->dtype,
             " and ", index->dtype);
  const auto covers = [](int64_t windows, int64_t size, int64_t outputs) {
    return windows == outputs / size || windows == (outputs + size - 1) / size;
  };
  check(dy->shape.rank() == 4 && dy->shape == index->shape && dy->shape[0] == s.n &&
            dy->shape[3] == s.out && covers(dy->shape[1], a.pool_size[0], s.oh) &&
            covers(dy->shape[2], a.pool_size[1], s.ow),
        call.op->name, ": the gradient and the index must have the shape of the pooled ",
        Shape{s.n, s.oh, s.ow, s.out}, ". Received: ", dy->shape, " and ", index->shape);
}

template <class T>
SparseGradient<T> sparse(const Call& call, const Tensor& dy, const Tensor& index) {
  const auto& size = call.attrs_as<PooledAttributes>().pool_size;
  return {dy->data<T>(), index->data<uint8_t>(), dy->shape[1], dy->shape[2], size[0], size[1]};
}

// x, dy, index -> dw (`shape`).
struct Conv2DPooledWeightGradient {
  static constexpr const char* name = "conv2d_pooled_weight_gradient";
  static constexpr size_t max_inputs = 3;
  using Attributes = PooledAttributes;
  static ConvShape sizes(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    return conv_shape(call.in(0)->shape, Shape(a.shape), a);
  }
  static Specs infer(const Call& call) {
    check_pooled(call, sizes(call), call.in(1), call.in(2));
    check_type(call.in(0)->dtype == call.in(1)->dtype, name,
               ": input and gradient must have one dtype. Received: ", call.in(0)->dtype, " and ",
               call.in(1)->dtype);
    return {{Shape(call.attrs_as<Attributes>().shape), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      pooled_weight_gradient(sizes(call), call.in(0)->data<T>(),
                             sparse<T>(call, call.in(1), call.in(2)), call.out()->data<T>());
    });
  }
};

// dy, index, w -> dx (`shape`).
struct Conv2DPooledInputGradient {
  static constexpr const char* name = "conv2d_pooled_input_gradient";
  static constexpr size_t max_inputs = 3;
  using Attributes = PooledAttributes;
  static ConvShape sizes(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    return conv_shape(Shape(a.shape), call.in(2)->shape, a);
  }
  static Specs infer(const Call& call) {
    check_pooled(call, sizes(call), call.in(0), call.in(1));
    check_type(call.in(0)->dtype == call.in(2)->dtype, name,
               ": gradient and kernel must have one dtype. Received: ", call.in(0)->dtype, " and ",
               call.in(2)->dtype);
    return {{Shape(call.attrs_as<Attributes>().shape), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      pooled_input_gradient(sizes(call), sparse<T>(call, call.in(0), call.in(1)),
                            call.in(2)->data<T>(), call.out()->data<T>());
    });
  }
};

// dy, index -> (out,): the bias_gradient of max_pool2d_gradient, whose result has the shape
// `shape`.
struct PooledBiasGradient {
  static constexpr const char* name = "pooled_bias_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = PooledAttributes;
  static ConvShape sizes(const Call& call) {
    const Shape y(call.attrs_as<Attributes>().shape);
    check(y.rank() == 4, name, ": `shape` must have four dimensions. Received: ", y);
    ConvShape s{};
    s.n = y[0], s.oh = y[1], s.ow = y[2], s.out = y[3];
    return s;
  }
  static Specs infer(const Call& call) {
    const ConvShape s = sizes(call);
    check_pooled(call, s, call.in(0), call.in(1));
    return {{Shape{s.out}, call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      pooled_bias_gradient(sizes(call), sparse<T>(call, call.in(0), call.in(1)),
                           call.out()->data<T>());
    });
  }
};

}  // namespace

const Op conv2d_pooled_weight_gradient_op = make_op<Conv2DPooledWeightGradient>();
const Op conv2d_pooled_input_gradient_op = make_op<Conv2DPooledInputGradient>();
const Op pooled_bias_gradient_op = make_op<PooledBiasGradient>();

namespace {

// Else the copy with the zeros would be made again, by each of the gradients.
bool leaves_zeros_out_of_weights(DType dtype, const ConvShape& s) {
  return with_float(
      dtype, [&](auto t) { return sparse_suits_weights<decltype(t)>(s) || one_channel_suits(s); });
}
bool leaves_zeros_out_of_inputs(DType dtype, const ConvShape& s) {
  return with_float(dtype, [&](auto t) { return sparse_suits_input<decltype(t)>(s); });
}

}  // namespace

std::optional<Call> pooled_gradient(const Call& reader, const Call& unpool) {
  const Tensor &unpooled = unpool.out(), &dy = unpool.in(0), &index = unpool.in(1);
  const auto& pool = unpool.attrs_as<PoolAttributes>();
  const PoolShape p = pool_shape(unpool.op->name, unpooled->shape, pool);
  // Fewer numbers than a third, and windows that the kernels know.
  if (p.ph * p.pw < 3 || index->dtype != DType::uint8 || p.stride_h != p.ph || p.stride_w != p.pw ||
      p.pad_top || p.pad_left)
    return std::nullopt;
  PooledAttributes a;
  a.pool_size = {p.ph, p.pw};
  Call fused;
  if (reader.op == &bias_gradient_op) {
    a.shape.assign(unpooled->shape.begin(), unpooled->shape.end());
    fused = {&pooled_bias_gradient_op, {dy, index}, reader.outputs, nullptr};
  } else if (reader.op == &conv2d_weight_gradient_op && reader.in(1) == unpooled) {
    static_cast<ConvAttributes&>(a) = reader.attrs_as<ConvAttributes>();
    const Tensor& x = reader.in(0);
    if (!leaves_zeros_out_of_weights(x->dtype, conv_shape(x->shape, Shape(a.shape), a)))
      return std::nullopt;
    fused = {&conv2d_pooled_weight_gradient_op, {x, dy, index}, reader.outputs, nullptr};
  } else if (reader.op == &conv2d_input_gradient_op && reader.in(0) == unpooled) {
    static_cast<ConvAttributes&>(a) = reader.attrs_as<ConvAttributes>();
    const Tensor& w = reader.in(1);
    if (!leaves_zeros_out_of_inputs(w->dtype, conv_shape(Shape(a.shape), w->shape, a)))
      return std::nullopt;
    fused = {&conv2d_pooled_input_gradient_op, {dy, index, w}, reader.outputs, nullptr};
  } else {
    return std::nullopt;
  }
  fused.attrs = std::make_shared<AttrsOf<PooledAttributes>>(std::move(a));
  return fused;
}

}  // namespace pyclr
