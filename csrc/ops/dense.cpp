// Matrix products: the dense layer's three passes and general (batched) matmul.
#include "kernels/dense.h"

#include "ops/ops.h"
#include "ops/shape_ops.h"
#include "parallel.h"

namespace pyclr {

Activation activation_named(const char* op, const std::string& name) {
  if (name == "linear") return Activation::linear;
  check(name == "relu", op, ": activation must be 'linear' or 'relu'. Received: ", name);
  return Activation::relu;
}

Tensor epilogue_gradient(const Tensor& dy, const Tensor& y, const std::string& activation) {
  return activation == "relu" ? launch_one(relu_gradient_op, {dy, y}) : dy;
}

namespace {

// Rows of a tensor seen as a matrix (rows, last).
int64_t rows_of(const TensorData& x) { return x.shape.product(0, x.shape.rank() - 1); }

void check_float_pair(const char* op, const TensorData& a, const TensorData& b) {
  check_type(is_float(a.dtype) && a.dtype == b.dtype, op,
             ": operands must be of one floating point dtype. Received: ", a.dtype, " and ",
             b.dtype);
}

// x (..., in), w (in, out)[, bias (out,)] -> act(x @ w + bias) (..., out).
struct Dense {
  static constexpr const char* name = "dense";
  static constexpr size_t max_inputs = 3;
  struct Attributes {
    std::string activation = "linear";
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("activation", activation); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    const TensorData& w = *call.in(1);
    check_float_pair(name, x, w);
    activation_named(name, call.attrs_as<Attributes>().activation);
    check(w.shape.rank() == 2, "dense: the kernel must have shape (in, out). Received: ", w.shape);
    check(x.shape.rank() >= 1 && x.shape.last() == w.shape[0],
          "dense: the last dimension of the "
          "input must be ",
          w.shape[0], " to match a kernel of shape ", w.shape, ". Received input shape ", x.shape,
          ".");
    if (call.inputs.size() > 2)
      check(call.in(2)->shape == Shape{w.shape[1]}, "dense: the bias must have shape (", w.shape[1],
            ",). Received: ", call.in(2)->shape);
    Shape shape = x.shape;
    shape[shape.rank() - 1] = w.shape[1];
    return {{shape, x.dtype}};
  }
  static void run(const Call& call) {
    const TensorData& x = *call.in(0);
    const TensorData& w = *call.in(1);
    const Activation act = activation_named(name, call.attrs_as<Attributes>().activation);
    with_float(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T* bias = call.inputs.size() > 2 ? call.in(2)->data<T>() : nullptr;
      dense_forward(x.data<T>(), w.data<T>(), bias, act, call.out()->data<T>(), rows_of(x),
                    w.shape[0], w.shape[1]);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& gradients, const Needs& needs) {
    const auto& activation = call.attrs_as<Attributes>().activation;
    const Tensor dy = epilogue_gradient(gradients[0], call.out(), activation);
    Tensors dx(call.inputs.size());
    if (call.inputs.size() > 2 && needs[2]) dx[2] = launch_one(bias_gradient_op, {dy});
    if (needs[1]) dx[1] = launch_one(dense_weight_gradient_op, {call.in(0), dy});
    if (needs[0]) dx[0] = launch_one(dense_input_gradient_op, {dy, call.in(1)});
    return dx;
  }
};

// x (..., in), dy (..., out) -> dw (in, out) = x^T @ dy over all rows.
struct DenseWeightGradient {
  static constexpr const char* name = "dense_weight_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    const TensorData& dy = *call.in(1);
    check_float_pair(name, x, dy);
    check(rows_of(x) == rows_of(dy),
          "dense_weight_gradient: the operands must have as many rows. "
          "Received: ",
          x.shape, " and ", dy.shape);
    return {{Shape{x.shape.last(), dy.shape.last()}, x.dtype}};
  }
  static void run(const Call& call) {
    const TensorData& x = *call.in(0);
    const TensorData& dy = *call.in(1);
    with_float(x.dtype, [&](auto t) {
      using T = decltype(t);
      dense_weight_gradient(x.data<T>(), dy.data<T>(), call.out()->data<T>(), rows_of(x),
                            x.shape.last(), dy.shape.last());
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    Tensors result(2);
    if (needs[0]) result[0] = launch_one(dense_input_gradient_op, {call.in(1), g[0]});
    if (needs[1]) {
      static const AttrsPtr linear = std::make_shared<AttrsOf<Dense::Attributes>>();
      result[1] = launch(dense_op, {call.in(0), g[0]}, linear)[0];
    }
    return result;
  }
};

// dy (..., out), w (in, out) -> dx (..., in) = dy @ w^T.
struct DenseInputGradient {
  static constexpr const char* name = "dense_input_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& dy = *call.in(0);
    const TensorData& w = *call.in(1);
    check_float_pair(name, dy, w);
    check(w.shape.rank() == 2 && dy.shape.last() == w.shape[1],
          "dense_input_gradient: the last "
          "dimension must be the kernel's. Received: ",
          dy.shape, " and ", w.shape);
    Shape shape = dy.shape;
    shape[shape.rank() - 1] = w.shape[0];
    return {{shape, dy.dtype}};
  }
  static void run(const Call& call) {
    const TensorData& dy = *call.in(0);
    const TensorData& w = *call.in(1);
    with_float(dy.dtype, [&](auto t) {
      using T = decltype(t);
      dense_input_gradient(dy.data<T>(), w.data<T>(), call.out()->data<T>(), rows_of(dy),
                           w.shape[0], w.shape[1]);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    Tensors result(2);
    if (needs[0]) {
      static const AttrsPtr linear = std::make_shared<AttrsOf<Dense::Attributes>>();
      result[0] = launch(dense_op, {g[0], call.in(1)}, linear)[0];
    }
    if (needs[1]) result[1] = launch_one(dense_weight_gradient_op, {g[0], call.in(0)});
    return result;
  }
};

// dy (..., out) -> (out,): the sum over all rows.
struct BiasGradient {
  static constexpr const char* name = "bias_gradient";
  static constexpr size_t max_inputs = 1;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    check(call.in(0)->shape.rank() >= 1, "bias_gradient: a scalar has no rows.");
    check_type(is_float(call.in(0)->dtype),
               "bias_gradient: floating point is needed. Received: ", call.in(0)->dtype);
    return {{Shape{call.in(0)->shape.last()}, call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const TensorData& dy = *call.in(0);
    with_float(dy.dtype, [&](auto t) {
      using T = decltype(t);
      const int rank = dy.shape.rank();
      bias_gradient(dy.data<T>(), call.out()->data<T>(), rows_of(dy), dy.shape.last(),
                    rank > 2 ? dy.shape[rank - 2] : 1);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    return {broadcast_to(g[0], call.in(0)->shape)};
  }
};

// a (..., m, k) and b (..., k, n), or with their last two axes exchanged; the leading axes are
// equal or absent from one operand -> (..., m, n).
struct Matmul {
  static constexpr const char* name = "matmul";
  static constexpr size_t max_inputs = 2;
  struct Attributes {
    bool transpose_a = false, transpose_b = false;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("transpose_a", transpose_a), v("transpose_b", transpose_b); }
  };
  struct Sizes {
    Shape batch;
    int64_t m, k, n;
  };
  static Sizes sizes(const Call& call) {
    const TensorData& a = *call.in(0);
    const TensorData& b = *call.in(1);
    const auto& attrs = call.attrs_as<Attributes>();
    check_float_pair(name, a, b);
    const int ra = a.shape.rank(), rb = b.shape.rank();
    check(ra >= 2 && rb >= 2, "matmul: both operands need at least two axes. Received: ", a.shape,
          " and ", b.shape);
    const int64_t m = a.shape[attrs.transpose_a ? ra - 1 : ra - 2];
    const int64_t k = a.shape[attrs.transpose_a ? ra - 2 : ra - 1];
    const int64_t kb = b.shape[attrs.transpose_b ? rb - 1 : rb - 2];
    const int64_t n = b.shape[attrs.transpose_b ? rb - 2 : rb - 1];
    const Shape batch_a(std::span(a.shape.begin(), ra - 2)),
        batch_b(std::span(b.shape.begin(), rb - 2));
    check(k == kb && (batch_a == batch_b || ra == 2 || rb == 2),
          "matmul: the shapes do not fit "
          "together. Received: ",
          a.shape, " and ", b.shape, ", transpose_a=", attrs.transpose_a,
          ", transpose_b=", attrs.transpose_b);
    return {ra > 2 ? batch_a : batch_b, m, k, n};
  }
  static Specs infer(const Call& call) {
    const Sizes s = sizes(call);
    Shape shape = s.batch;
    shape.push_back(s.m), shape.push_back(s.n);
    return {{shape, call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const Sizes s = sizes(call);
    const TensorData& a = *call.in(0);
    const TensorData& b = *call.in(1);
    const auto& attrs = call.attrs_as<Attributes>();
    with_float(a.dtype, [&](auto t) {
      using T = decltype(t);
      matmul(a.data<T>(), b.data<T>(), call.out()->data<T>(), s.batch.size(), s.m, s.k, s.n,
             a.shape.rank() > 2 ? s.m * s.k : 0, b.shape.rank() > 2 ? s.k * s.n : 0,
             attrs.transpose_a, attrs.transpose_b);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    const auto& attrs = call.attrs_as<Attributes>();
    const Tensor &a = call.in(0), &b = call.in(1), &dy = g[0];
    auto product = [](const Tensor& x, const Tensor& y, bool tx, bool ty) {
      return launch_one(matmul_op, {x, y}, Attributes{tx, ty});
    };
    Tensors result(2);
    if (needs[0])
      result[0] = sum_to(attrs.transpose_a ? product(b, dy, attrs.transpose_b, true)
                                           : product(dy, b, false, !attrs.transpose_b),
                         a->shape);
    if (needs[1])
      result[1] = sum_to(attrs.transpose_b ? product(dy, a, true, attrs.transpose_a)
                                           : product(a, dy, !attrs.transpose_a, false),
                         b->shape);
    return result;
  }
};

}  // namespace

const Op dense_op = make_op<Dense>();
const Op dense_weight_gradient_op = make_op<DenseWeightGradient>();
const Op dense_input_gradient_op = make_op<DenseInputGradient>();
const Op bias_gradient_op = make_op<BiasGradient>();
const Op matmul_op = make_op<Matmul>();

}  // namespace pyclr
