// Softmax and its logarithm along one axis.
#include <cstring>

#include "ops/ops.h"
#include "ops/row_groups.h"
#include "ops/shape_ops.h"

namespace pyclr {

namespace {

struct AxisAttributes {
  int64_t axis = -1;
  bool operator==(const AxisAttributes&) const = default;
  void fields(auto&& v) { v("axis", axis); }
};

int axis_of(const Call& call) {
  return normalize_axis(call.op->name.data(), call.attrs_as<AxisAttributes>().axis,
                        call.in(0)->shape.rank());
}

// One or two inputs of one shape and floating point dtype -> the same.
Specs infer_rows(const Call& call) {
  const TensorData& x = *call.in(0);
  check_type(is_float(x.dtype), call.op->name,
             ": a floating point tensor is needed. Received: "
             "dtype=",
             x.dtype);
  for (const Tensor& other : call.inputs)
    check(other->shape == x.shape && other->dtype == x.dtype, call.op->name,
          ": the gradient must "
          "have the shape and dtype of the value. Received: ",
          x.dtype, ' ', x.shape, " and ", other->dtype, ' ', other->shape);
  axis_of(call);
  return {{x.shape, x.dtype}};
}

// f(inputs, output, rows, n) with the axis last: moved there and back when it is not.
template <class F>
void with_axis_last(const Call& call, F&& f) {
  const Shape& shape = call.in(0)->shape;
  const int axis = axis_of(call), last = shape.rank() - 1;
  const int64_t n = shape[axis], rows = n ? shape.size() / n : 0;
  if (axis == last) return f(call.inputs, *call.out(), rows, n);
  std::vector<int64_t> swap(shape.rank());
  for (int i = 0; i <= last; ++i) swap[i] = i == axis ? last : i == last ? axis : i;
  Tensors moved;
  for (const Tensor& input : call.inputs) moved.push_back(permuted(input, swap));
  const Tensor result = empty(moved[0]->shape, moved[0]->dtype);
  f(moved, *result, rows, n);
  std::memcpy(call.out()->data<char>(), permuted(result, swap)->data<char>(), result->bytes());
}

template <class T>
using Forward = void (*RowTable<T>::*)(const T*, int64_t, int64_t, T*);
template <class T>
using Backward = void (*RowTable<T>::*)(const T*, const T*, int64_t, int64_t, T*);

template <class T>
void run_forward(const Call& call, Forward<T> kernel) {
  with_axis_last(call, [&](const Tensors& inputs, const TensorData& y, int64_t rows, int64_t n) {
    for_row_groups(rows, n, [&](int64_t first, int64_t count) {
      (kernels().rows.of(T{}).*kernel)(inputs[0]->data<T>() + first * n, count, n,
                                       y.data<T>() + first * n);
    });
  });
}
template <class T>
void run_backward(const Call& call, Backward<T> kernel) {
  with_axis_last(call, [&](const Tensors& inputs, const TensorData& dx, int64_t rows, int64_t n) {
    for_row_groups(rows, n, [&](int64_t first, int64_t count) {
      (kernels().rows.of(T{}).*kernel)(inputs[0]->data<T>() + first * n,
                                       inputs[1]->data<T>() + first * n, count, n,
                                       dx.data<T>() + first * n);
    });
  });
}

Tensor sum_along_axis(const Call& call, const Tensor& x) { return sum(x, {axis_of(call)}, true); }

// x -> exp(x) / sum(exp(x))
struct Softmax {
  static constexpr const char* name = "softmax";
  static constexpr size_t max_inputs = 1;
  using Attributes = AxisAttributes;
  static Specs infer(const Call& call) { return infer_rows(call); }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype,
               [&](auto t) { run_forward<decltype(t)>(call, &RowTable<decltype(t)>::softmax); });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {launch_one(softmax_gradient_op, {dy[0], call.out()}, call.attrs_as<Attributes>())};
  }
};

// dy, y -> dx = (dy - sum(dy y)) y
struct SoftmaxGradient {
  static constexpr const char* name = "softmax_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = AxisAttributes;
  static Specs infer(const Call& call) { return infer_rows(call); }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      run_backward<decltype(t)>(call, &RowTable<decltype(t)>::softmax_gradient);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    const Tensor &dy = call.in(0), &y = call.in(1);
    Tensors result(2);
    if (needs[0])
      result[0] = launch_one(softmax_gradient_op, {g[0], y}, call.attrs_as<Attributes>());
    if (needs[1]) {
      const Tensor centered = subtract(dy, sum_along_axis(call, multiply(dy, y)));
      result[1] =
          subtract(multiply(g[0], centered), multiply(dy, sum_along_axis(call, multiply(g[0], y))));
    }
    return result;
  }
};

// x -> x - log(sum(exp(x)))
struct LogSoftmax {
  static constexpr const char* name = "log_softmax";
  static constexpr size_t max_inputs = 1;
  using Attributes = AxisAttributes;
  static Specs infer(const Call& call) { return infer_rows(call); }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      run_forward<decltype(t)>(call, &RowTable<decltype(t)>::log_softmax);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {launch_one(log_softmax_gradient_op, {dy[0], call.out()}, call.attrs_as<Attributes>())};
  }
};

// dy, y -> dx = dy - exp(y) sum(dy)
struct LogSoftmaxGradient {
  static constexpr const char* name = "log_softmax_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = AxisAttributes;
  static Specs infer(const Call& call) { return infer_rows(call); }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      run_backward<decltype(t)>(call, &RowTable<decltype(t)>::log_softmax_gradient);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    const Tensor weighted = multiply(g[0], launch_one(exp_op, {call.in(1)}));
    Tensors result(2);
    if (needs[0]) result[0] = subtract(g[0], sum_along_axis(call, weighted));
    if (needs[1]) result[1] = negative(multiply(weighted, sum_along_axis(call, call.in(0))));
    return result;
  }
};

}  // namespace

const Op softmax_op = make_op<Softmax>();
const Op softmax_gradient_op = make_op<SoftmaxGradient>();
const Op log_softmax_op = make_op<LogSoftmax>();
const Op log_softmax_gradient_op = make_op<LogSoftmaxGradient>();

}  // namespace pyclr
