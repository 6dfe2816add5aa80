// A sparse matrix along one axis, given as the few elements of each of its rows: interpolation.
#include "ops/ops.h"
#include "ops/row_groups.h"
#include "ops/shape_ops.h"

namespace pyclr {

namespace {

struct SparseAttributes {
  int64_t axis = 0;
  bool operator==(const SparseAttributes&) const = default;
  void fields(auto&& v) { v("axis", axis); }
};

void check_table(const char* op, const Tensor& indices, const Tensor& weights, DType dtype) {
  check_type(indices->dtype == DType::int32 && weights->dtype == dtype, op,
             ": indices must be int32 and weights of the input's dtype. Received: ", indices->dtype,
             " and ", weights->dtype);
  check(indices->shape.rank() == 2 && indices->shape == weights->shape, op,
        ": indices and weights must be matrices of one shape. Received: ", indices->shape, " and ",
        weights->shape);
}

// y = sum over the k taps of weights[t] * x[indices[t]], where x is (n, inner).
template <class T>
void weighted_sum(const T* x, const int32_t* indices, const T* weights, int64_t taps, int64_t inner,
                  T* y) {
  if (taps == 0) {
    std::fill_n(y, inner, T(0));
    return;
  }
  // Weights as values: y might be where they are, for all that the compiler knows.
  const T* first = x + indices[0] * inner;
  const T first_weight = weights[0];
  if (taps == 1) {
    for (int64_t j = 0; j < inner; ++j) y[j] = first_weight * first[j];
    return;
  }
  const T* second = x + indices[1] * inner;
  const T second_weight = weights[1];
  for (int64_t j = 0; j < inner; ++j) y[j] = first_weight * first[j] + second_weight * second[j];
  for (int64_t t = 2; t < taps; ++t) {
    const T* other = x + indices[t] * inner;
    const T weight = weights[t];
    for (int64_t j = 0; j < inner; ++j) y[j] += weight * other[j];
  }
}

// x (a..., n, b...), indices and weights (m, k) of the matrix (m, n), then those (n, l) of its
// transpose -> (a..., m, b...): y[i] = sum over t of weights[i, t] * x[indices[i, t]].
struct SparseAlongAxis {
  static constexpr const char* name = "sparse_along_axis";
  static constexpr size_t max_inputs = 5;
  using Attributes = SparseAttributes;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check_type(is_float(x.dtype), name,
               ": a floating point tensor is needed. Received: dtype=", x.dtype);
    check_table(name, call.in(1), call.in(2), x.dtype);
    check_table(name, call.in(3), call.in(4), x.dtype);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    check(call.in(3)->shape[0] == x.shape[axis], name,
          ": the transpose must have a row for each element along the axis. Received input shape ",
          x.shape, ", axis ", axis, " and ", call.in(3)->shape[0], " rows.");
    Shape shape = x.shape;
    shape[axis] = call.in(1)->shape[0];
    return {{shape, x.dtype}};
  }
  static void run(const Call& call) {
    const TensorData &x = *call.in(0), &indices = *call.in(1);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    const int64_t outer = x.shape.product(0, axis), n = x.shape[axis];
    const int64_t inner = x.shape.product(axis + 1, x.shape.rank());
    const int64_t m = indices.shape[0], taps = indices.shape[1];
    const int32_t* places = indices.data<int32_t>();
    for (int64_t i = 0; i < m * taps; ++i)
      check(places[i] >= 0 && places[i] < n, name, ": an index must be in [0, ", n,
            "). Received: ", places[i]);
    with_float(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T* weights = call.in(2)->data<T>();
      for_row_groups(
          outer * m, inner * std::max<int64_t>(taps, 1), [&](int64_t first, int64_t count) {
            for (int64_t row = first; row < first + count; ++row) {
              const int64_t i = row % m;
              weighted_sum(x.data<T>() + row / m * n * inner, places + i * taps, weights + i * taps,
                           taps, inner, call.out()->data<T>() + row * inner);
            }
          });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const Tensors& in = call.inputs;
    return {launch_one(sparse_along_axis_op, {dy[0], in[3], in[4], in[1], in[2]},
                       call.attrs_as<Attributes>()),
            nullptr, nullptr, nullptr, nullptr};
  }
};

}  // namespace

const Op sparse_along_axis_op = make_op<SparseAlongAxis>();

}  // namespace pyclr
