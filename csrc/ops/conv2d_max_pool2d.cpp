// A convolution and max pooling of it: what fuse.cpp makes of the two.
#include "ops/conv2d.h"
#include "ops/ops.h"
#include "ops/pool2d.h"
#include "program.h"

namespace pyclr {

namespace {

struct ConvMaxPoolAttributes {
  ConvAttributes conv;
  PoolAttributes pool;
  bool operator==(const ConvMaxPoolAttributes&) const = default;
  void fields(auto&& v) {
    conv.fields(v);
    v("pool_size", pool.pool_size), v("pool_strides", pool.strides);
    v("pool_padding", pool.padding);
  }
};

struct Sizes {
  ConvShape conv;
  PoolShape pool;
};

Sizes sizes_of(std::string_view op, const Tensor& x, const Tensor& w,
               const ConvMaxPoolAttributes& a) {
  const ConvShape s = conv_shape(x->shape, w->shape, a.conv);
  return {s, pool_shape(op, Shape{s.n, s.oh, s.ow, s.out}, a.pool)};
}

Sizes sizes_of(const Call& call) {
  return sizes_of(call.op->name, call.in(0), call.in(1), call.attrs_as<ConvMaxPoolAttributes>());
}

// x, w[, bias] as of conv2d -> y, index as of max_pool2d. A program that has no use for the index
// leaves it out.
struct Conv2DMaxPool2D {
  static constexpr const char* name = "conv2d_max_pool2d";
  static constexpr size_t max_inputs = 3;
  using Attributes = ConvMaxPoolAttributes;
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>().conv;
    const Spec whole = conv2d_op.infer(
        {&conv2d_op, call.inputs, {}, std::make_shared<AttrsOf<ConvAttributes>>(a)})[0];
    const PoolShape s = sizes_of(call).pool;
    const Shape shape{s.n, s.oh, s.ow, s.c};
    return {{shape, whole.dtype}, {shape, index_dtype(s)}};
  }
  static void run(const Call& call) {
    const Sizes sizes = sizes_of(call);
    with_float(call.in(0)->dtype, [&](auto t) {
      with_index(sizes.pool, [&](auto i) {
        using T = decltype(t);
        conv_max_pool(sizes.conv, sizes.pool, call.in(0)->data<T>(), call.in(1)->data<T>(),
                      call.inputs.size() > 2 ? call.in(2)->data<T>() : nullptr,
                      activation_named(name, call.attrs_as<Attributes>().conv.activation),
                      call.out(0)->data<T>(),
                      call.outputs.size() > 1 ? call.out(1)->data<decltype(i)>() : nullptr);
      });
    });
  }
};

}  // namespace

const Op conv2d_max_pool2d_op = make_op<Conv2DMaxPool2D>();

bool fuse_max_pool(Call& conv, const Call& pool) {
  const ConvMaxPoolAttributes a{conv.attrs_as<ConvAttributes>(), pool.attrs_as<PoolAttributes>()};
  const Sizes sizes = sizes_of(conv2d_max_pool2d_op.name, conv.in(0), conv.in(1), a);
  if (!pools_in_passing(sizes.conv, sizes.pool)) return false;
  conv = {&conv2d_max_pool2d_op, conv.inputs, pool.outputs,
          std::make_shared<AttrsOf<ConvMaxPoolAttributes>>(a)};
  return true;
}

}  // namespace pyclr
