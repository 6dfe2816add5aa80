// Reductions over any set of axes.
//
// The axes are brought into one of three layouts: the reduced axes last (rows), first or in the
// middle (columns), or - when they are scattered - transposed so that they are last.
#include "ops/ops.h"
#include "ops/shape_ops.h"
#include "parallel.h"

namespace pyclr {

namespace {

struct ReduceAttributes {
  std::vector<int64_t> axes;  // empty: all
  bool keepdims = false;
  bool operator==(const ReduceAttributes&) const = default;
  void fields(auto&& v) { v("axes", axes), v("keepdims", keepdims); }
};

Shape reduced_shape(const Shape& shape, const std::vector<int64_t>& axes, bool keepdims) {
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), axis);
    if (!reduced) result.push_back(shape[axis]);
    if (reduced && keepdims) result.push_back(1);
  }
  return result;
}

int64_t reduced_count(const Call& call) {
  const Shape& shape = call.in(0)->shape;
  int64_t count = 1;
  for (int64_t axis :
       normalize_axes("reduce", call.attrs_as<ReduceAttributes>().axes, shape.rank()))
    count *= shape[static_cast<int>(axis)];
  return count;
}

// One long row is cut into pieces of this size, whose results are joined in order.
constexpr int64_t kRowPiece = 8192;

template <Reduction R, class T>
T long_row(const T* x, int64_t n) {
  const auto row = kernels().reduce.of(T{}).row[int(R)];
  if (n <= kRowPiece) return row(x, n);
  std::vector<T> partial((n + kRowPiece - 1) / kRowPiece);
  parallel_for(static_cast<int64_t>(partial.size()), [&](int64_t i) {
    partial[i] = row(x + i * kRowPiece, std::min(kRowPiece, n - i * kRowPiece));
  });
  return long_row<R>(partial.data(), static_cast<int64_t>(partial.size()));
}

// (outer, n) -> (outer,)
template <Reduction R, class T>
void reduce_rows(const T* x, int64_t outer, int64_t n, T* y) {
  if (outer == 1) {
    *y = long_row<R>(x, n);
    return;
  }
  const auto row = kernels().reduce.of(T{}).row[int(R)];
  const int64_t group = std::max<int64_t>(1, kRowPiece / std::max<int64_t>(n, 1));
  parallel_for((outer + group - 1) / group, [&](int64_t g) {
    for (int64_t i = g * group; i < std::min(outer, (g + 1) * group); ++i) y[i] = row(x + i * n, n);
  });
}

// (outer, rows, inner) -> (outer, inner). A tall matrix is cut into groups of rows, joined in
// order.
template <Reduction R, class T>
void reduce_middle(const T* x, int64_t outer, int64_t rows, int64_t inner, T* y) {
  const auto columns = kernels().reduce.of(T{}).columns[int(R)];
  // At least two, so that each round leaves fewer rows.
  const int64_t group = std::max<int64_t>(2, 4 * kRowPiece / std::max<int64_t>(inner, 1));
  if (rows <= group) {
    parallel_for(outer,
                 [&](int64_t o) { columns(x + o * rows * inner, rows, inner, y + o * inner); });
    return;
  }
  const int64_t groups = (rows + group - 1) / group;
  std::vector<T> partial(outer * groups * inner);
  parallel_for(outer * groups, [&](int64_t i) {
    const int64_t first = i % groups * group;
    columns(x + (i / groups * rows + first) * inner, std::min(group, rows - first), inner,
            partial.data() + i * inner);
  });
  reduce_middle<R>(partial.data(), outer, groups, inner, y);
}

template <Reduction R, class T>
void reduce(const TensorData& x, const std::vector<int64_t>& axes, T* y) {
  const Shape& shape = x.shape;
  if (axes.empty()) {  // a scalar, or nothing to reduce
    std::copy_n(x.data<T>(), x.size(), y);
    return;
  }
  const int first = static_cast<int>(axes.front()), last = static_cast<int>(axes.back()) + 1;
  const int64_t outer = shape.product(0, first), inner = shape.product(last, shape.rank());
  if (inner == 1) {
    reduce_rows<R>(x.data<T>(), outer, shape.product(first, last), y);
  } else {
    reduce_middle<R>(x.data<T>(), outer, shape.product(first, last), inner, y);
  }
}

template <Reduction R>
struct Reduce {
  using Attributes = ReduceAttributes;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    const auto& a = call.attrs_as<Attributes>();
    check_type(x.dtype != DType::boolean && x.dtype != DType::uint8, call.op->name,
               ": cast booleans and uint8 to a wider type first. Received: dtype=", x.dtype);
    const auto axes = normalize_axes(call.op->name.data(), a.axes, x.shape.rank());
    check(R == Reduction::sum || R == Reduction::prod || reduced_count(call) > 0, call.op->name,
          ": nothing to reduce. Received shape ", x.shape);
    return {{reduced_shape(x.shape, axes, a.keepdims), x.dtype}};
  }
  static void run(const Call& call) {
    const auto axes = normalize_axes(call.op->name.data(), call.attrs_as<Attributes>().axes,
                                     call.in(0)->shape.rank());
    const TensorData* x = call.in(0).get();
    std::vector<int64_t> adjacent = axes;
    Tensor moved;
    if (!axes.empty() && axes.back() - axes.front() + 1 != static_cast<int64_t>(axes.size())) {
      std::vector<int64_t> order;
      for (int axis = 0; axis < x->shape.rank(); ++axis)
        if (!std::binary_search(axes.begin(), axes.end(), axis)) order.push_back(axis);
      adjacent.clear();
      for (int64_t axis : axes) {
        adjacent.push_back(static_cast<int64_t>(order.size()));
        order.push_back(axis);
      }
      moved = permuted(call.in(0), order);
      x = moved.get();
    }
    const TensorData& y = *call.out();
    switch (x->dtype) {
      case DType::float32:
        return reduce<R>(*x, adjacent, y.data<float>());
      case DType::float64:
        return reduce<R>(*x, adjacent, y.data<double>());
      case DType::int32:
        return reduce<R>(*x, adjacent, y.data<int32_t>());
      default:
        return reduce<R>(*x, adjacent, y.data<int64_t>());
    }
  }
};

// A reduced tensor (dy or y) with its reduced axes kept, so that it broadcasts against x.
Tensor with_kept_axes(const Call& call, const Tensor& reduced) {
  const Shape& shape = call.in(0)->shape;
  const auto axes = normalize_axes("reduce", call.attrs_as<ReduceAttributes>().axes, shape.rank());
  return reshape(reduced, reduced_shape(shape, axes, true));
}

struct SumOp : Reduce<Reduction::sum> {
  static constexpr const char* name = "sum";
  static constexpr size_t max_inputs = 1;
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {broadcast_to(with_kept_axes(call, dy[0]), call.in(0)->shape)};
  }
};
struct MeanOp : Reduce<Reduction::sum> {
  static constexpr const char* name = "mean";
  static constexpr size_t max_inputs = 1;
  static Specs infer(const Call& call) {
    check_type(is_float(call.in(0)->dtype),
               "mean: a floating point tensor is needed. Received: "
               "dtype=",
               call.in(0)->dtype);
    return Reduce<Reduction::sum>::infer(call);
  }
  static void run(const Call& call) {
    Reduce<Reduction::sum>::run(call);
    const TensorData& y = *call.out();
    const double count = static_cast<double>(reduced_count(call));
    with_float(y.dtype, [&](auto t) {
      using T = decltype(t);
      for (int64_t i = 0; i < y.size(); ++i) y.data<T>()[i] /= static_cast<T>(count);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const Tensor share =
        divide(dy[0], full({}, dy[0]->dtype, static_cast<double>(reduced_count(call))));
    return {broadcast_to(with_kept_axes(call, share), call.in(0)->shape)};
  }
};
// Elements that tie for the extremum share the gradient equally.
Tensors extremum_vjp(const Call& call, const Tensors& dy) {
  const Tensor& x = call.in(0);
  const Tensor winners =
      cast(launch_one(equal_op, {x, with_kept_axes(call, call.out())}), x->dtype);
  ReduceAttributes kept = call.attrs_as<ReduceAttributes>();
  kept.keepdims = true;
  const Tensor ties = launch_one(sum_op, {winners}, kept);
  return {multiply(winners, divide(with_kept_axes(call, dy[0]), ties))};
}
struct MaxOp : Reduce<Reduction::max> {
  static constexpr const char* name = "max";
  static constexpr size_t max_inputs = 1;
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return extremum_vjp(call, dy);
  }
};
struct MinOp : Reduce<Reduction::min> {
  static constexpr const char* name = "min";
  static constexpr size_t max_inputs = 1;
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return extremum_vjp(call, dy);
  }
};
// The product of the others: y / x where no factor is 0; where one factor is 0, only it gets one.
struct ProdOp : Reduce<Reduction::prod> {
  static constexpr const char* name = "prod";
  static constexpr size_t max_inputs = 1;
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const Tensor& x = call.in(0);
    const Tensor zero = full({}, x->dtype, 0), one = full({}, x->dtype, 1);
    ReduceAttributes kept = call.attrs_as<ReduceAttributes>();
    kept.keepdims = true;
    const Tensor is_zero = launch_one(equal_op, {x, zero});
    const Tensor zeros = launch_one(sum_op, {cast(is_zero, x->dtype)}, kept);
    const Tensor safe = where(is_zero, one, x);
    const Tensor product = launch_one(prod_op, {safe}, kept);
    const Tensor others =
        where(is_zero, where(launch_one(equal_op, {zeros, one}), product, zero),
              where(launch_one(equal_op, {zeros, zero}), divide(product, safe), zero));
    return {multiply(with_kept_axes(call, dy[0]), others)};
  }
};

// x -> int32 index of the first extremum along `axis`. NaN counts as the extremum.
template <bool Max>
struct ArgExtremum {
  struct Attributes {
    int64_t axis = -1;
    bool keepdims = false;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("axis", axis), v("keepdims", keepdims); }
  };
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    const Shape& shape = call.in(0)->shape;
    const int64_t axis = normalize_axis(call.op->name.data(), a.axis, shape.rank());
    check(shape[static_cast<int>(axis)] > 0, call.op->name, ": nothing to compare. Received shape ",
          shape);
    return {{reduced_shape(shape, {axis}, a.keepdims), DType::int32}};
  }
  static void run(const Call& call) {
    const TensorData& x = *call.in(0);
    const int axis =
        normalize_axis(call.op->name.data(), call.attrs_as<Attributes>().axis, x.shape.rank());
    const int64_t outer = x.shape.product(0, axis), n = x.shape[axis];
    const int64_t inner = x.shape.product(axis + 1, x.shape.rank());
    int32_t* y = call.out()->data<int32_t>();
    with_type(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T* source = x.data<T>();
      const int64_t group = std::max<int64_t>(1, kRowPiece / n);
      parallel_for((outer * inner + group - 1) / group, [&](int64_t g) {
        for (int64_t i = g * group; i < std::min(outer * inner, (g + 1) * group); ++i) {
          const T* row = source + i / inner * n * inner + i % inner;
          int64_t best = 0;
          for (int64_t j = 1; j < n; ++j) {
            const T value = row[j * inner], top = row[best * inner];
            if ((Max ? value > top : value < top) || (value != value && top == top)) best = j;
          }
          y[i] = static_cast<int32_t>(best);
        }
      });
    });
  }
};
struct ArgMax : ArgExtremum<true> {
  static constexpr const char* name = "argmax";
  static constexpr size_t max_inputs = 1;
};
struct ArgMin : ArgExtremum<false> {
  static constexpr const char* name = "argmin";
  static constexpr size_t max_inputs = 1;
};

}  // namespace

const Op sum_op = make_op<SumOp>();
const Op mean_op = make_op<MeanOp>();
const Op max_op = make_op<MaxOp>();
const Op min_op = make_op<MinOp>();
const Op prod_op = make_op<ProdOp>();
const Op argmax_op = make_op<ArgMax>();
const Op argmin_op = make_op<ArgMin>();

Tensor sum(const Tensor& x, const std::vector<int64_t>& axes, bool keepdims) {
  return launch_one(sum_op, {x}, ReduceAttributes{axes, keepdims});
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x->shape == shape) return x;
  std::vector<int64_t> axes;
  const int lead = x->shape.rank() - shape.rank();
  for (int axis = 0; axis < x->shape.rank(); ++axis)
    if (axis < lead || shape[axis - lead] != x->shape[axis]) axes.push_back(axis);
  return reshape(sum(x, axes, false), shape);
}

}  // namespace pyclr
