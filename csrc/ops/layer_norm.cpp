// Layer normalisation (Ba, Kiros and Hinton, 2016) over the trailing axes.
#include "ops/normalize.h"
#include "ops/row_groups.h"

namespace pyclr {

namespace {

// Rows are cut into at most this many groups, each with sums of its own for dgamma and dbeta.
constexpr int64_t kMostGroups = 64;

// The leading axes, and the trailing ones as one.
struct Split {
  Shape leading, trailing;
  int64_t rows, n;
};

Split split(const Call& call, const Shape& shape, int64_t rank) {
  check(rank >= 1 && rank <= shape.rank(), call.op->name,
        ": rank, the number of trailing axes to "
        "normalise, must be in [1, ",
        shape.rank(), "] for an input of shape ", shape, ". Received: rank=", rank);
  const int lead = shape.rank() - static_cast<int>(rank);
  const std::span<const int64_t> dims(shape.begin(), shape.rank());
  return {Shape(dims.first(lead)), Shape(dims.subspan(lead)), shape.product(0, lead),
          shape.product(lead, shape.rank())};
}

// x (a..., b...), gamma, beta (b...: `rank` axes) -> y (a..., b...), mean (a...), inv_std (a...):
// y = (x - mean) inv_std gamma + beta, inv_std = 1 / sqrt(variance + epsilon).
struct LayerNorm {
  static constexpr const char* name = "layer_norm";
  static constexpr size_t max_inputs = 3;
  struct Attributes {
    double epsilon = 1e-3;
    int64_t rank = 1;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("epsilon", epsilon), v("rank", rank); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check_normalized(call, x);
    const Split s = split(call, x.shape, call.attrs_as<Attributes>().rank);
    check_argument(call, "gamma", *call.in(1), s.trailing, x.dtype);
    check_argument(call, "beta", *call.in(2), s.trailing, x.dtype);
    return {{x.shape, x.dtype}, {s.leading, x.dtype}, {s.leading, x.dtype}};
  }
  static void run(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    const auto [leading, trailing, rows, n] = split(call, call.in(0)->shape, a.rank);
    with_float(call.in(0)->dtype, [&, rows = rows, n = n](auto t) {
      using T = decltype(t);
      const T *x = call.in(0)->data<T>(), *gamma = call.in(1)->data<T>(),
              *beta = call.in(2)->data<T>();
      T *y = call.out(0)->data<T>(), *mean = call.out(1)->data<T>(),
        *inv_std = call.out(2)->data<T>();
      for_row_groups(rows, n, [&](int64_t first, int64_t count) {
        kernels().normalize.of(t).layer(x + first * n, count, n, gamma, beta, a.epsilon,
                                        y + first * n, mean + first, inv_std + first);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &x = call.in(0), &gamma = call.in(1), &mean = call.out(1), &inv_std = call.out(2);
    Tensors result(3);
    if (dy[0])
      result = launch(layer_norm_gradient_op, {dy[0], x, gamma, mean, inv_std},
                      layer_norm_gradient_op.make_attrs());
    if (needs[0] && (dy[1] || dy[2])) {
      const Split s = split(call, x->shape, call.attrs_as<Attributes>().rank);
      auto rows = [&](const Tensor& t) { return t ? reshape(t, {s.rows, 1}) : nullptr; };
      auto matrix = [&](const Tensor& t) { return t ? reshape(t, {s.rows, s.n}) : nullptr; };
      result[0] = reshape(with_statistics_gradient(matrix(result[0]), matrix(x), rows(mean),
                                                   rows(inv_std), rows(dy[1]), rows(dy[2]), 1),
                          x->shape);
    }
    return result;
  }
};

// dy, x (a..., b...), gamma (b...), mean, inv_std (a...) -> dx (a..., b...), dgamma (b...), dbeta
// (b...): the formulas of normalized_gradient().
struct LayerNormGradient {
  static constexpr const char* name = "layer_norm_gradient";
  static constexpr size_t max_inputs = 5;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData &x = *call.in(1), &gamma = *call.in(2);
    check_normalized(call, x);
    const Split s = split(call, x.shape, gamma.shape.rank());
    check_argument(call, "dy", *call.in(0), x.shape, x.dtype);
    check_argument(call, "gamma", gamma, s.trailing, x.dtype);
    check_argument(call, "mean", *call.in(3), s.leading, x.dtype);
    check_argument(call, "inv_std", *call.in(4), s.leading, x.dtype);
    return {{x.shape, x.dtype}, {s.trailing, x.dtype}, {s.trailing, x.dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(1)->dtype, [&](auto t) { run_typed<decltype(t)>(call); });
  }
  template <class T>
  static void run_typed(const Call& call) {
    const int64_t n = call.in(2)->size(), rows = call.in(3)->size();
    const T *dy = call.in(0)->data<T>(), *x = call.in(1)->data<T>(), *gamma = call.in(2)->data<T>();
    const T *mean = call.in(3)->data<T>(), *inv_std = call.in(4)->data<T>();
    T* dx = call.out(0)->data<T>();
    const int64_t group =
        std::max(16384 / std::max<int64_t>(n, 1) + 1, (rows + kMostGroups - 1) / kMostGroups);
    const int64_t groups = (rows + group - 1) / group;
    std::vector<T> parts(groups * 2 * n);
    parallel_for(groups, [&](int64_t g) {
      const int64_t first = g * group;
      T* part = parts.data() + g * 2 * n;
      kernels().normalize.of(T{}).layer_gradient(
          dy + first * n, x + first * n, std::min(group, rows - first), n, gamma, mean + first,
          inv_std + first, dx + first * n, part, part + n);
    });
    for (size_t output : {1, 2}) {
      T* total = call.out(output)->data<T>();
      std::fill_n(total, n, T(0));
      for (int64_t g = 0; g < groups; ++g)
        for (int64_t j = 0; j < n; ++j) total[j] += parts[(g * 2 + output - 1) * n + j];
    }
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    const int64_t n = call.in(2)->size(), rows = call.in(3)->size();
    return vjp_of(call, g, [rows, n](const Tensors& in) {
      Tensors result = normalized_gradient(reshape(in[0], {rows, n}), reshape(in[1], {rows, n}),
                                           reshape(in[2], {n}), reshape(in[3], {rows, 1}),
                                           reshape(in[4], {rows, 1}), 1);
      result[0] = reshape(result[0], in[1]->shape);
      for (size_t i : {1, 2}) result[i] = reshape(result[i], in[2]->shape);
      return result;
    });
  }
};

}  // namespace

const Op layer_norm_op = make_op<LayerNorm>();
const Op layer_norm_gradient_op = make_op<LayerNormGradient>();

}  // namespace pyclr
