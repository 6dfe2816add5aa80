// Reductions over any set of axes.
//
// Neighbouring axes are taken together, which leaves two layouts: the reduced axes last (rows), or
// followed by kept ones (columns). Scattered axes are several such reductions.
#include "ops/ops.h"
#include "ops/row_groups.h"
#include "ops/shape_ops.h"

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
  const auto rows = kernels().reduce.of(T{}).rows[int(R)];
  if (n <= kRowPiece) {
    T result;
    rows(x, 1, n, &result);
    return result;
  }
  std::vector<T> partial((n + kRowPiece - 1) / kRowPiece);
  parallel_for(static_cast<int64_t>(partial.size()), [&](int64_t i) {
    rows(x + i * kRowPiece, 1, std::min(kRowPiece, n - i * kRowPiece), &partial[i]);
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
  const auto rows = kernels().reduce.of(T{}).rows[int(R)];
  for_row_groups(
      outer, n, [&](int64_t first, int64_t count) { rows(x + first * n, count, n, y + first); },
      2 * kRowPiece);
}

// (outer, rows, inner) -> (outer, inner). A tall matrix is cut into groups of rows, joined in
// order.
template <Reduction R, class T>
void reduce_middle(const T* x, int64_t outer, int64_t rows, int64_t inner, T* y) {
  const auto columns = kernels().reduce.of(T{}).columns[int(R)];
  // At least two, so that each round leaves fewer rows.
  const int64_t group = std::max<int64_t>(2, 4 * kRowPiece / std::max<int64_t>(inner, 1));
  if (rows <= group) {
    for_row_groups(outer, rows * inner, [&](int64_t first, int64_t count) {
      columns(x + first * rows * inner, count, rows, inner, y + first * inner);
    });
    return;
  }
  const int64_t groups = (rows + group - 1) / group;
  std::vector<T> partial(outer * groups * inner);
  parallel_for(outer * groups, [&](int64_t i) {
    const int64_t first = i % groups * group;
    columns(x + (i / groups * rows + first) * inner, 1, std::min(group, rows - first), inner,
            partial.data() + i * inner);
  });
  reduce_middle<R>(partial.data(), outer, groups, inner, y);
}

// Sizes of neighbouring axes that are all reduced or all kept, in turn; the first is kept (perhaps
// of size 1). Axes of size 1 count for neither.
std::vector<int64_t> alternating_sizes(const Shape& shape, const std::vector<int64_t>& axes) {
  std::vector<int64_t> sizes{1};
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    const bool reduced = std::binary_search(axes.begin(), axes.end(), axis);
    if (reduced == (sizes.size() % 2 == 0)) {
      sizes.back() *= shape[axis];
    } else {
      sizes.push_back(shape[axis]);
    }
  }
  return sizes;
}

// Scattered axes go one group after the other, the largest first: what it leaves is the least.
template <Reduction R, class T>
void reduce(const T* x, std::vector<int64_t> sizes, T* y) {
  if (sizes.size() == 1) {  // nothing to reduce
    std::copy_n(x, sizes[0], y);
    return;
  }
  size_t largest = 1;
  for (size_t i = 3; i < sizes.size(); i += 2)
    if (sizes[i] > sizes[largest]) largest = i;
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < largest; ++i) outer *= sizes[i];
  for (size_t i = largest + 1; i < sizes.size(); ++i) inner *= sizes[i];
  const bool last = sizes.size() <= 3;
  const Tensor rest = last ? nullptr : empty({outer, inner}, dtype_of<T>());
  T* target = last ? y : rest->data<T>();
  if (inner == 1) {
    reduce_rows<R>(x, outer, sizes[largest], target);
  } else {
    reduce_middle<R>(x, outer, sizes[largest], inner, target);
  }
  if (last) return;
  // The kept sizes on both sides become neighbours.
  const auto at = sizes.begin() + static_cast<ptrdiff_t>(largest);
  if (largest + 1 < sizes.size()) *(at - 1) *= *(at + 1);
  sizes.erase(at, largest + 1 < sizes.size() ? at + 2 : at + 1);
  reduce<R>(target, std::move(sizes), y);
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
    const TensorData &x = *call.in(0), &y = *call.out();
    const auto sizes = alternating_sizes(x.shape, axes);
    switch (x.dtype) {
      case DType::float32:
        return reduce<R>(x.data<float>(), sizes, y.data<float>());
      case DType::float64:
        return reduce<R>(x.data<double>(), sizes, y.data<double>());
      case DType::int32:
        return reduce<R>(x.data<int32_t>(), sizes, y.data<int32_t>());
      default:
        return reduce<R>(x.data<int64_t>(), sizes, y.data<int64_t>());
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
    with_float(y.dtype, [&](auto t) {
      using T = decltype(t);
      const T count = static_cast<T>(reduced_count(call));
      const auto divide = kernels().pointwise.binary(t).row[int(Binary::divide)];
      divide(y.data<T>(), true, &count, false, y.data<T>(), y.size());
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
    if (x.dtype == DType::boolean) return find<uint8_t>(x, outer, n, inner, *call.out());
    with_type(x.dtype, [&](auto t) {
      using T = decltype(t);
      if constexpr (!std::is_same_v<T, bool>) find<T>(x, outer, n, inner, *call.out());
    });
  }
  template <class T>
  static void find(const TensorData& x, int64_t outer, int64_t n, int64_t inner,
                   const TensorData& y) {
    const auto& table = kernels().reduce.arg(T{});
    const T* source = x.data<T>();
    int32_t* target = y.data<int32_t>();
    if (y.size() == 0) return;
    if (inner == 1) {
      for_row_groups(outer, n, [&](int64_t first, int64_t count) {
        table.rows[!Max](source + first * n, count, n, target + first);
      });
      return;
    }
    // A few vectors of columns are work enough where n is large.
    const int64_t width = std::min(inner, std::max<int64_t>(64, 2 * kRowPiece / n / 64 * 64));
    const int64_t parts = (inner + width - 1) / width;
    for_row_groups(outer * parts, n * width, [&](int64_t first, int64_t count) {
      for (int64_t i = first; i < first + count; ++i) {
        const int64_t o = i / parts, j = i % parts * width;
        table.columns[!Max](source + o * n * inner + j, n, inner, std::min(width, inner - j),
                            target + o * inner + j);
      }
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
