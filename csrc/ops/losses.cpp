// Losses with their gradients: the cross-entropies from logits, and the squared error.
#include "ops/ops.h"
#include "ops/row_groups.h"

namespace pyclr {

namespace {

int64_t rows_of(const TensorData& x) { return x.shape.product(0, x.shape.rank() - 1); }
Shape without_last(const Shape& shape) { return Shape(std::span(shape.begin(), shape.rank() - 1)); }

// (...) -> (..., 1): one number a row, against the rows.
Tensor by_rows(const Tensor& x) {
  Shape shape = x->shape;
  shape.push_back(1);
  return reshape(x, shape);
}
Tensor row_sums(const Tensor& x) { return sum(x, {-1}, false); }

void check_rows(const Call& call, const TensorData& x) {
  check_type(is_float(x.dtype), call.op->name,
             ": floating point is needed. Received: dtype=", x.dtype);
  check(x.shape.rank() >= 1, call.op->name, ": at least one axis is needed. Received shape ",
        x.shape);
}
void check_same(const Call& call, const TensorData& a, const TensorData& b) {
  check(a.shape == b.shape, call.op->name,
        ": predictions and targets must have one shape. Received: ", a.shape, " and ", b.shape);
  check_type(a.dtype == b.dtype, call.op->name,
             ": predictions and targets must have one dtype. "
             "Received: ",
             a.dtype, " and ", b.dtype);
}
// dy has one number for each row of x.
void check_row_gradient(const Call& call, const TensorData& dy, const TensorData& x) {
  check(dy.shape == without_last(x.shape) && dy.dtype == x.dtype, call.op->name,
        ": the gradient "
        "must be ",
        x.dtype, " of shape ", without_last(x.shape), ". Received: ", dy.dtype, ' ', dy.shape);
}

void check_labels(const Call& call, const TensorData& labels, const TensorData& logits) {
  check_type(!is_float(labels.dtype) && labels.dtype != DType::boolean, call.op->name,
             ": labels must be integers. Received: dtype=", labels.dtype);
  check(labels.shape == without_last(logits.shape), call.op->name,
        ": labels must have the shape of "
        "the logits without the last axis, ",
        without_last(logits.shape), ". Received: labels of shape ", labels.shape,
        " for logits of shape ", logits.shape);
}

// The labels, all of them in [0, classes).
std::vector<int64_t> checked_labels(const Call& call, const TensorData& labels, int64_t classes) {
  std::vector<int64_t> result(labels.size());
  with_type(labels.dtype, [&](auto t) {
    std::copy_n(labels.data<decltype(t)>(), labels.size(), result.begin());
  });
  for (int64_t label : result)
    check(label >= 0 && label < classes, call.op->name, ": labels must be in [0, ", classes,
          "), one for each class of the logits' last axis. Received: label ", label);
  return result;
}

// logits (..., c), labels (...) -> loss (...) = -log(softmax(logits)[label]), probabilities (...,
// c).
struct SoftmaxCrossEntropy {
  static constexpr const char* name = "softmax_cross_entropy";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& logits = *call.in(0);
    check_rows(call, logits);
    check_labels(call, *call.in(1), logits);
    return {{call.in(1)->shape, logits.dtype}, {logits.shape, logits.dtype}};
  }
  static void run(const Call& call) {
    const TensorData& logits = *call.in(0);
    const int64_t c = logits.shape.last();
    const auto labels = checked_labels(call, *call.in(1), c);
    with_float(logits.dtype, [&](auto t) {
      using T = decltype(t);
      const T* x = logits.data<T>();
      T *loss = call.out(0)->data<T>(), *p = call.out(1)->data<T>();
      for_row_groups(rows_of(logits), c, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).sparse_entropy(x + first * c, labels.data() + first, count, c,
                                            loss + first, p + first * c);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    Tensor dx;
    if (dy[0]) dx = launch_one(softmax_cross_entropy_gradient_op, {dy[0], call.out(1), call.in(1)});
    if (dy[1]) {
      const Tensor more =
          launch(softmax_gradient_op, {dy[1], call.out(1)}, softmax_gradient_op.make_attrs())[0];
      dx = dx ? add(dx, more) : more;
    }
    return {dx, nullptr};
  }
};

// dy (...), probabilities (..., c), labels (...) -> (probabilities - one_hot(labels)) dy.
struct SoftmaxCrossEntropyGradient {
  static constexpr const char* name = "softmax_cross_entropy_gradient";
  static constexpr size_t max_inputs = 3;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& p = *call.in(1);
    check_rows(call, p);
    check_row_gradient(call, *call.in(0), p);
    check_labels(call, *call.in(2), p);
    return {{p.shape, p.dtype}};
  }
  static void run(const Call& call) {
    const int64_t c = call.in(1)->shape.last();
    const auto labels = checked_labels(call, *call.in(2), c);
    with_float(call.in(1)->dtype, [&](auto t) {
      using T = decltype(t);
      const T *dy = call.in(0)->data<T>(), *p = call.in(1)->data<T>();
      T* dx = call.out()->data<T>();
      for_row_groups(rows_of(*call.in(1)), c, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).sparse_entropy_gradient(
            dy + first, p + first * c, labels.data() + first, count, c, dx + first * c);
      });
    });
  }
  // With dy = 1 it gives the slope of the loss.
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    Tensors result(3);
    if (needs[0]) {
      const Tensor slope = launch_one(softmax_cross_entropy_gradient_op,
                                      {full_like(call.in(0), 1), call.in(1), call.in(2)});
      result[0] = row_sums(multiply(g[0], slope));
    }
    if (needs[1]) result[1] = multiply(g[0], by_rows(call.in(0)));
    return result;
  }
};

// logits, targets (..., c) -> loss (...) = -sum(targets log(softmax(logits))), probabilities (...,
// c).
struct SoftmaxCrossEntropyDense {
  static constexpr const char* name = "softmax_cross_entropy_dense";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& logits = *call.in(0);
    check_rows(call, logits);
    check_same(call, logits, *call.in(1));
    return {{without_last(logits.shape), logits.dtype}, {logits.shape, logits.dtype}};
  }
  static void run(const Call& call) {
    const int64_t c = call.in(0)->shape.last();
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const T *x = call.in(0)->data<T>(), *targets = call.in(1)->data<T>();
      T *loss = call.out(0)->data<T>(), *p = call.out(1)->data<T>();
      for_row_groups(rows_of(*call.in(0)), c, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).dense_entropy(x + first * c, targets + first * c, count, c,
                                           loss + first, p + first * c);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &logits = call.in(0), &targets = call.in(1), &p = call.out(1);
    Tensors result(2);
    if (needs[0]) {
      if (dy[0])
        result[0] = launch_one(softmax_cross_entropy_dense_gradient_op, {dy[0], p, targets});
      if (dy[1]) {
        const Tensor more =
            launch(softmax_gradient_op, {dy[1], p}, softmax_gradient_op.make_attrs())[0];
        result[0] = result[0] ? add(result[0], more) : more;
      }
    }
    if (needs[1] && dy[0]) {
      const Tensor log_p = launch(log_softmax_op, {logits}, log_softmax_op.make_attrs())[0];
      result[1] = negative(multiply(log_p, by_rows(dy[0])));
    }
    return result;
  }
};

// dy (...), probabilities, targets (..., c) -> (probabilities sum(targets) - targets) dy.
struct SoftmaxCrossEntropyDenseGradient {
  static constexpr const char* name = "softmax_cross_entropy_dense_gradient";
  static constexpr size_t max_inputs = 3;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& p = *call.in(1);
    check_rows(call, p);
    check_row_gradient(call, *call.in(0), p);
    check_same(call, p, *call.in(2));
    return {{p.shape, p.dtype}};
  }
  static void run(const Call& call) {
    const int64_t c = call.in(1)->shape.last();
    with_float(call.in(1)->dtype, [&](auto t) {
      using T = decltype(t);
      const T *dy = call.in(0)->data<T>(), *p = call.in(1)->data<T>(),
              *targets = call.in(2)->data<T>();
      T* dx = call.out()->data<T>();
      for_row_groups(rows_of(*call.in(1)), c, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).dense_entropy_gradient(dy + first, p + first * c, targets + first * c,
                                                    count, c, dx + first * c);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    const Tensor &dy = call.in(0), &p = call.in(1), &targets = call.in(2);
    const Tensor weighted = multiply(g[0], by_rows(dy));
    Tensors result(3);
    if (needs[0]) {
      const Tensor slope = subtract(multiply(p, by_rows(row_sums(targets))), targets);
      result[0] = row_sums(multiply(g[0], slope));
    }
    if (needs[1]) result[1] = multiply(weighted, by_rows(row_sums(targets)));
    if (needs[2]) result[2] = subtract(by_rows(row_sums(multiply(weighted, p))), weighted);
    return result;
  }
};

// logits, targets (any shape) -> max(x, 0) - x t + log(1 + exp(-|x|)): the cross-entropy of
// sigmoid(x) and t, without overflow.
struct SigmoidCrossEntropy {
  static constexpr const char* name = "sigmoid_cross_entropy";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check_type(is_float(x.dtype), name, ": floating point is needed. Received: dtype=", x.dtype);
    check_same(call, x, *call.in(1));
    return {{x.shape, x.dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const T *x = call.in(0)->data<T>(), *targets = call.in(1)->data<T>();
      T* loss = call.out()->data<T>();
      for_row_groups(call.in(0)->size(), 1, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).binary_entropy(x + first, targets + first, count, loss + first);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &x = call.in(0), &targets = call.in(1);
    return {needs[0] ? launch_one(sigmoid_cross_entropy_gradient_op, {dy[0], x, targets}) : nullptr,
            needs[1] ? negative(multiply(x, dy[0])) : nullptr};
  }
};

// dy, logits, targets (any shape) -> (sigmoid(logits) - targets) dy.
struct SigmoidCrossEntropyGradient {
  static constexpr const char* name = "sigmoid_cross_entropy_gradient";
  static constexpr size_t max_inputs = 3;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(1);
    check_type(is_float(x.dtype), name, ": floating point is needed. Received: dtype=", x.dtype);
    check_same(call, x, *call.in(0));
    check_same(call, x, *call.in(2));
    return {{x.shape, x.dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(1)->dtype, [&](auto t) {
      using T = decltype(t);
      const T *dy = call.in(0)->data<T>(), *x = call.in(1)->data<T>(),
              *targets = call.in(2)->data<T>();
      T* dx = call.out()->data<T>();
      for_row_groups(call.in(1)->size(), 1, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).binary_entropy_gradient(dy + first, x + first, targets + first, count,
                                                     dx + first);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    const Tensor &dy = call.in(0), &x = call.in(1), &targets = call.in(2);
    const Tensor weighted = multiply(g[0], dy);
    Tensors result(3);
    if (needs[0]) result[0] = launch_one(sigmoid_cross_entropy_gradient_op, {g[0], x, targets});
    if (needs[1])
      result[1] = launch_one(sigmoid_gradient_op, {weighted, launch_one(sigmoid_op, {x})});
    if (needs[2]) result[2] = negative(weighted);
    return result;
  }
};

// prediction, target (..., n) -> (...): the mean of (prediction - target)^2 over the last axis.
struct SquaredError {
  static constexpr const char* name = "squared_error";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check_rows(call, x);
    check_same(call, x, *call.in(1));
    return {{without_last(x.shape), x.dtype}};
  }
  static void run(const Call& call) {
    const int64_t n = call.in(0)->shape.last();
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const T *x = call.in(0)->data<T>(), *target = call.in(1)->data<T>();
      T* loss = call.out()->data<T>();
      for_row_groups(rows_of(*call.in(0)), n, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).squared_error(x + first * n, target + first * n, count, n,
                                           loss + first);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor dx = launch_one(squared_error_gradient_op, {dy[0], call.in(0), call.in(1)});
    return {dx, needs[1] ? negative(dx) : nullptr};
  }
};

// dy (...), prediction, target (..., n) -> 2 / n (prediction - target) dy.
struct SquaredErrorGradient {
  static constexpr const char* name = "squared_error_gradient";
  static constexpr size_t max_inputs = 3;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(1);
    check_rows(call, x);
    check_row_gradient(call, *call.in(0), x);
    check_same(call, x, *call.in(2));
    return {{x.shape, x.dtype}};
  }
  static void run(const Call& call) {
    const int64_t n = call.in(1)->shape.last();
    with_float(call.in(1)->dtype, [&](auto t) {
      using T = decltype(t);
      const T *dy = call.in(0)->data<T>(), *x = call.in(1)->data<T>(),
              *target = call.in(2)->data<T>();
      T* dx = call.out()->data<T>();
      for_row_groups(rows_of(*call.in(1)), n, [&](int64_t first, int64_t count) {
        kernels().rows.of(t).squared_error_gradient(dy + first, x + first * n, target + first * n,
                                                    count, n, dx + first * n);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    const Tensor &dy = call.in(0), &x = call.in(1), &target = call.in(2);
    const double factor = 2.0 / static_cast<double>(x->shape.last());
    const Tensor scaled = multiply(g[0], full({}, x->dtype, factor));
    Tensors result(3);
    if (needs[0]) result[0] = row_sums(multiply(scaled, subtract(x, target)));
    if (needs[1] || needs[2]) result[1] = multiply(scaled, by_rows(dy));
    if (needs[2]) result[2] = negative(result[1]);
    return result;
  }
};

}  // namespace

const Op softmax_cross_entropy_op = make_op<SoftmaxCrossEntropy>();
const Op softmax_cross_entropy_gradient_op = make_op<SoftmaxCrossEntropyGradient>();
const Op softmax_cross_entropy_dense_op = make_op<SoftmaxCrossEntropyDense>();
const Op softmax_cross_entropy_dense_gradient_op = make_op<SoftmaxCrossEntropyDenseGradient>();
const Op sigmoid_cross_entropy_op = make_op<SigmoidCrossEntropy>();
const Op sigmoid_cross_entropy_gradient_op = make_op<SigmoidCrossEntropyGradient>();
const Op squared_error_op = make_op<SquaredError>();
const Op squared_error_gradient_op = make_op<SquaredErrorGradient>();

}  // namespace pyclr
