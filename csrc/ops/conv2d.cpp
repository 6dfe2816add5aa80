// Convolution, NHWC. One dimension is a convolution with height 1; depthwise is groups = channels.
#include "ops/conv2d.h"

#include "ops/ops.h"
#include "ops/window.h"

namespace pyclr {

ConvShape conv_shape(const Shape& x, const Shape& w, const ConvAttributes& a) {
  check(x.rank() == 4,
        "conv2d: the input must have shape (batch, height, width, channels). "
        "Received input shape ",
        x, ".");
  check(w.rank() == 4,
        "conv2d: the kernel must have shape (height, width, channels / groups, "
        "filters). Received: ",
        w);
  check(a.strides.size() == 2 && a.strides[0] > 0 && a.strides[1] > 0,
        "conv2d: strides must be two positive integers.");
  check(a.dilation.size() == 2 && a.dilation[0] > 0 && a.dilation[1] > 0,
        "conv2d: dilation must be two positive integers.");
  check(a.padding == "valid" || a.padding == "same",
        "conv2d: padding must be 'valid' or 'same'. "
        "Received: padding=",
        a.padding);
  check(a.groups > 0 && w[2] * a.groups == x[3] && w[3] % a.groups == 0,
        "conv2d: the input's channels must be groups * ", w[2],
        " and the filters a multiple of "
        "groups. Received input shape ",
        x, ", kernel shape ", w, ", groups=", a.groups);
  ConvShape s{};
  s.n = x[0], s.h = x[1], s.w = x[2], s.c = x[3];
  s.kh = w[0], s.kw = w[1], s.out = w[3];
  s.stride_h = a.strides[0], s.stride_w = a.strides[1];
  s.dilation_h = a.dilation[0], s.dilation_w = a.dilation[1];
  const int64_t extent_h = (s.kh - 1) * s.dilation_h + 1, extent_w = (s.kw - 1) * s.dilation_w + 1;
  std::tie(s.oh, s.pad_top) = sliding_window(s.h, extent_h, s.stride_h, a.padding);
  std::tie(s.ow, s.pad_left) = sliding_window(s.w, extent_w, s.stride_w, a.padding);
  s.groups = a.groups;
  check((s.oh > 0 || s.h == 0) && (s.ow > 0 || s.w == 0), "conv2d: kernel_size (", s.kh, ", ", s.kw,
        ") with dilation (", s.dilation_h, ", ", s.dilation_w, ") is larger than the input (", s.h,
        ", ", s.w, ") with padding='valid'. Received input shape ", x, ".");
  return s;
}

namespace {

void check_dtypes(const Call& call) {
  const TensorData &a = *call.in(0), &b = *call.in(1);
  check_type(is_float(a.dtype) && a.dtype == b.dtype, call.op->name,
             ": operands must be of one floating point dtype. Received: ", a.dtype, " and ",
             b.dtype);
}

// x (n, h, w, c), w (kh, kw, c / groups, out)[, bias (out,)] -> (n, oh, ow, out).
struct Conv2D {
  static constexpr const char* name = "conv2d";
  static constexpr size_t max_inputs = 3;
  using Attributes = ConvAttributes;
  static Specs infer(const Call& call) {
    check_dtypes(call);
    const auto& a = call.attrs_as<Attributes>();
    const ConvShape s = conv_shape(call.in(0)->shape, call.in(1)->shape, a);
    activation_named(name, a.activation);
    if (call.inputs.size() > 2)
      check(call.in(2)->shape == Shape{s.out}, "conv2d: the bias must have shape (", s.out,
            ",). Received: ", call.in(2)->shape);
    return {{Shape{s.n, s.oh, s.ow, s.out}, call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    const ConvShape s = conv_shape(call.in(0)->shape, call.in(1)->shape, a);
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const T* bias = call.inputs.size() > 2 ? call.in(2)->data<T>() : nullptr;
      conv_forward(s, call.in(0)->data<T>(), call.in(1)->data<T>(), bias,
                   activation_named(name, a.activation), call.out()->data<T>());
    });
  }
  static Tensors vjp(const Call& call, const Tensors& gradients, const Needs& needs) {
    ConvAttributes a = call.attrs_as<Attributes>();
    const Tensor dy = epilogue_gradient(gradients[0], call.out(), a.activation);
    a.activation = "linear";
    Tensors dx(call.inputs.size());
    if (call.inputs.size() > 2 && needs[2]) dx[2] = launch_one(bias_gradient_op, {dy});
    if (needs[1]) {
      a.shape.assign(call.in(1)->shape.begin(), call.in(1)->shape.end());
      dx[1] = launch_one(conv2d_weight_gradient_op, {call.in(0), dy}, a);
    }
    if (needs[0]) {
      a.shape.assign(call.in(0)->shape.begin(), call.in(0)->shape.end());
      dx[0] = launch_one(conv2d_input_gradient_op, {dy, call.in(1)}, a);
    }
    return dx;
  }
};

void check_gradient(const Call& call, const ConvShape& s, const Tensor& dy) {
  check_dtypes(call);
  check(dy->shape == (Shape{s.n, s.oh, s.ow, s.out}), call.op->name,
        ": the gradient must have "
        "shape ",
        Shape{s.n, s.oh, s.ow, s.out}, ". Received: ", dy->shape);
}

ConvAttributes without_shape(ConvAttributes a) {
  a.shape.clear();
  return a;
}

// x, dy -> dw (`shape`).
struct Conv2DWeightGradient {
  static constexpr const char* name = "conv2d_weight_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = ConvAttributes;
  static ConvShape sizes(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    return conv_shape(call.in(0)->shape, Shape(a.shape), a);
  }
  static Specs infer(const Call& call) {
    check_gradient(call, sizes(call), call.in(1));
    return {{Shape(call.attrs_as<Attributes>().shape), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      conv_weight_gradient(sizes(call), call.in(0)->data<T>(), call.in(1)->data<T>(),
                           call.out()->data<T>());
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    ConvAttributes a = call.attrs_as<Attributes>();
    Tensors result(2);
    if (needs[0]) {
      a.shape.assign(call.in(0)->shape.begin(), call.in(0)->shape.end());
      result[0] = launch_one(conv2d_input_gradient_op, {call.in(1), g[0]}, a);
    }
    if (needs[1]) result[1] = launch_one(conv2d_op, {call.in(0), g[0]}, without_shape(a));
    return result;
  }
};

// dy, w -> dx (`shape`).
struct Conv2DInputGradient {
  static constexpr const char* name = "conv2d_input_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = ConvAttributes;
  static ConvShape sizes(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    return conv_shape(Shape(a.shape), call.in(1)->shape, a);
  }
  static Specs infer(const Call& call) {
    check_gradient(call, sizes(call), call.in(0));
    return {{Shape(call.attrs_as<Attributes>().shape), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      conv_input_gradient(sizes(call), call.in(0)->data<T>(), call.in(1)->data<T>(),
                          call.out()->data<T>());
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    ConvAttributes a = call.attrs_as<Attributes>();
    Tensors result(2);
    if (needs[0]) result[0] = launch_one(conv2d_op, {g[0], call.in(1)}, without_shape(a));
    if (needs[1]) {
      a.shape.assign(call.in(1)->shape.begin(), call.in(1)->shape.end());
      result[1] = launch_one(conv2d_weight_gradient_op, {g[0], call.in(0)}, a);
    }
    return result;
  }
};

}  // namespace

const Op conv2d_op = make_op<Conv2D>();
const Op conv2d_weight_gradient_op = make_op<Conv2DWeightGradient>();
const Op conv2d_input_gradient_op = make_op<Conv2DInputGradient>();

}  // namespace pyclr
