// Batch normalisation (Ioffe and Szegedy, 2015), channels last.
#include <cmath>

#include "ops/normalize.h"
#include "ops/row_groups.h"

namespace pyclr {

namespace {

int64_t rows_of(const TensorData& x) { return x.shape.product(0, x.shape.rank() - 1); }
Tensor as_matrix(const Tensor& x) { return reshape(x, {rows_of(*x), x->shape.last()}); }

// A kernel takes a block of rows at once, in the precision of T: enough of them that what follows
// is cheap, few enough that the sums keep their digits. Blocks are joined in double precision and
// in order. A chunk of blocks is the unit of work; there are not so many that joining them would
// count.
constexpr int64_t kBlockRows = 128, kChunkElements = 16384, kMostChunks = 64;

// Two numbers a column.
struct ColumnPairs {
  std::vector<double> first, second;
  explicit ColumnPairs(int64_t c) : first(c), second(c) {}
};

// Joins what block(row, count, a, b) puts in the arrays a and b of T for each block of rows.
// join(total, rows so far, a, b, count) adds the numbers of `count` rows to a total.
template <class T, class Block, class Join>
ColumnPairs over_rows(int64_t rows, int64_t c, Block&& block, Join&& join) {
  const int64_t least = std::max(kChunkElements / std::max<int64_t>(c, 1), rows / kMostChunks);
  const int64_t chunk = (least / kBlockRows + 1) * kBlockRows;
  const int64_t chunks = (rows + chunk - 1) / chunk;
  std::vector<ColumnPairs> parts(chunks, ColumnPairs(c));
  parallel_for(chunks, [&](int64_t i) {
    std::vector<T> a(c), b(c);
    const int64_t end = std::min(rows, (i + 1) * chunk);
    for (int64_t row = i * chunk; row < end; row += kBlockRows) {
      const int64_t count = std::min(kBlockRows, end - row);
      block(row, count, a.data(), b.data());
      join(parts[i], row - i * chunk, a.data(), b.data(), count);
    }
  });
  ColumnPairs total(c);
  for (int64_t i = 0; i < chunks; ++i)
    join(total, i * chunk, parts[i].first.data(), parts[i].second.data(),
         std::min(chunk, rows - i * chunk));
  return total;
}

// Means and sums of squared differences from them (Chan, Golub and LeVeque, 1983).
template <class T>
ColumnPairs column_moments(const T* x, int64_t rows, int64_t c) {
  const auto kernel = kernels().normalize.of(T{}).moments;
  return over_rows<T>(
      rows, c, [&](int64_t row, int64_t count, T* a, T* b) { kernel(x + row * c, count, c, a, b); },
      [c](ColumnPairs& total, int64_t before, const auto* mean, const auto* squares,
          int64_t count) {
        const double share = static_cast<double>(count) / static_cast<double>(before + count);
        for (int64_t j = 0; j < c; ++j) {
          const double step = mean[j] - total.first[j];
          total.first[j] += step * share;
          total.second[j] += squares[j] + step * step * share * static_cast<double>(before);
        }
      });
}

// sum(dy) and sum(dy (x - mean)).
template <class T>
ColumnPairs gradient_sums(const T* dy, const T* x, int64_t rows, int64_t c, const T* mean) {
  const auto kernel = kernels().normalize.of(T{}).gradient_sums;
  return over_rows<T>(
      rows, c,
      [&](int64_t row, int64_t count, T* a, T* b) {
        kernel(dy + row * c, x + row * c, count, c, mean, a, b);
      },
      [c](ColumnPairs& total, int64_t, const auto* sum, const auto* product, int64_t) {
        for (int64_t j = 0; j < c; ++j) total.first[j] += sum[j], total.second[j] += product[j];
      });
}

// f(first, count) for groups of rows, beginning with those that over_rows has read last: they may
// still be in a cache.
template <class F>
void back_over_rows(int64_t rows, int64_t c, F&& f) {
  for_row_groups(rows, c, [&](int64_t first, int64_t count) { f(rows - first - count, count); });
}

// y = (x - mean) * scale + shift
template <class T>
void affine(const T* x, int64_t rows, int64_t c, const T* mean, const T* scale, const T* shift,
            T* y) {
  back_over_rows(rows, c, [&](int64_t first, int64_t count) {
    kernels().normalize.of(T{}).affine(x + first * c, count, c, mean, scale, shift, y + first * c);
  });
}

// The arguments from `first` on have one number a channel of x.
void check_channels(const Call& call, const TensorData& x, size_t first,
                    std::initializer_list<const char*> arguments) {
  for (const char* argument : arguments)
    check_argument(call, argument, *call.in(first++), Shape{x.shape.last()}, x.dtype);
}

// x (..., c), gamma, beta, moving_mean, moving_variance (c,) -> y, mean (c,), inv_std (c,). Takes
// mean and (biased) variance of the batch; moving = moving * momentum + batch's * (1 - momentum).
// An empty batch leaves them.
struct BatchNorm {
  static constexpr const char* name = "batch_norm";
  static constexpr size_t max_inputs = 5;
  struct Attributes {
    double epsilon = 1e-3, momentum = 0.99;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("epsilon", epsilon), v("momentum", momentum); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check_normalized(call, x);
    check_channels(call, x, 1, {"gamma", "beta", "moving_mean", "moving_variance"});
    const Shape channels{x.shape.last()};
    return {{x.shape, x.dtype}, {channels, x.dtype}, {channels, x.dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) { run_typed<decltype(t)>(call); });
  }
  template <class T>
  static void run_typed(const Call& call) {
    const TensorData& x = *call.in(0);
    const auto& a = call.attrs_as<Attributes>();
    const int64_t rows = rows_of(x), c = x.shape.last();
    const T* gamma = call.in(1)->data<T>();
    T *moving_mean = call.in(3)->data<T>(), *moving_variance = call.in(4)->data<T>();
    T *mean = call.out(1)->data<T>(), *inv_std = call.out(2)->data<T>();
    const ColumnPairs moments = column_moments(x.data<T>(), rows, c);
    std::vector<T> scale(c);
    for (int64_t j = 0; j < c; ++j) {
      const double variance = rows ? moments.second[j] / static_cast<double>(rows) : 0;
      const double inverse = 1 / std::sqrt(variance + a.epsilon);
      mean[j] = static_cast<T>(moments.first[j]);
      inv_std[j] = static_cast<T>(inverse);
      scale[j] = static_cast<T>(gamma[j] * inverse);
      if (!rows) continue;
      auto blend = [&](T moving, double value) {
        return static_cast<T>(moving * a.momentum + value * (1 - a.momentum));
      };
      moving_mean[j] = blend(moving_mean[j], moments.first[j]);
      moving_variance[j] = blend(moving_variance[j], variance);
    }
    affine(x.data<T>(), rows, c, mean, scale.data(), call.in(2)->data<T>(), call.out(0)->data<T>());
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &x = call.in(0), &gamma = call.in(1), &mean = call.out(1), &inv_std = call.out(2);
    Tensors result(5);
    if (dy[0]) {
      const Tensors g = launch(batch_norm_gradient_op, {dy[0], x, gamma, mean, inv_std},
                               batch_norm_gradient_op.make_attrs());
      std::copy(g.begin(), g.end(), result.begin());
    }
    if (needs[0] && (dy[1] || dy[2])) {
      const Tensor dx = result[0] ? as_matrix(result[0]) : nullptr;
      result[0] = reshape(
          with_statistics_gradient(dx, as_matrix(x), mean, inv_std, dy[1], dy[2], 0), x->shape);
    }
    return result;
  }
  static bool writes(const Call&, size_t input) { return input >= 3; }
};

// dy, x (..., c), gamma, mean, inv_std (c,) -> dx (..., c), dgamma (c,), dbeta (c,): the formulas
// of normalized_gradient().
struct BatchNormGradient {
  static constexpr const char* name = "batch_norm_gradient";
  static constexpr size_t max_inputs = 5;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(1);
    check_normalized(call, x);
    check_argument(call, "dy", *call.in(0), x.shape, x.dtype);
    check_channels(call, x, 2, {"gamma", "mean", "inv_std"});
    const Shape channels{x.shape.last()};
    return {{x.shape, x.dtype}, {channels, x.dtype}, {channels, x.dtype}};
  }
  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) { run_typed<decltype(t)>(call); });
  }
  template <class T>
  static void run_typed(const Call& call) {
    const int64_t rows = rows_of(*call.in(1)), c = call.in(1)->shape.last();
    const T *dy = call.in(0)->data<T>(), *x = call.in(1)->data<T>(), *gamma = call.in(2)->data<T>();
    const T *mean = call.in(3)->data<T>(), *inv_std = call.in(4)->data<T>();
    T *dx = call.out(0)->data<T>(), *dgamma = call.out(1)->data<T>(),
      *dbeta = call.out(2)->data<T>();
    const ColumnPairs sums = gradient_sums(dy, x, rows, c, mean);
    std::vector<T> scale(c), shift(c), slope(c);
    const double count = static_cast<double>(std::max<int64_t>(rows, 1));
    for (int64_t j = 0; j < c; ++j) {
      const double inverse = inv_std[j];
      dbeta[j] = static_cast<T>(sums.first[j]);
      dgamma[j] = static_cast<T>(sums.second[j] * inverse);
      scale[j] = gamma[j] * inv_std[j];
      shift[j] = static_cast<T>(sums.first[j] / count);
      slope[j] = static_cast<T>(sums.second[j] * inverse * inverse / count);
    }
    back_over_rows(rows, c, [&](int64_t first, int64_t n) {
      kernels().normalize.of(T{}).gradient(dy + first * c, x + first * c, n, c, mean, scale.data(),
                                           shift.data(), slope.data(), dx + first * c);
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    return vjp_of(call, g, [](const Tensors& in) {
      Tensors result =
          normalized_gradient(as_matrix(in[0]), as_matrix(in[1]), in[2], in[3], in[4], 0);
      result[0] = reshape(result[0], in[1]->shape);
      return result;
    });
  }
};

// x (..., c), gamma, beta, mean, variance (c,) -> (x - mean) / sqrt(variance + epsilon) * gamma +
// beta.
struct BatchNormInference {
  static constexpr const char* name = "batch_norm_inference";
  static constexpr size_t max_inputs = 5;
  using Attributes = EpsilonAttributes;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check_normalized(call, x);
    check_channels(call, x, 1, {"gamma", "beta", "mean", "variance"});
    return {{x.shape, x.dtype}};
  }
  static void run(const Call& call) {
    const double epsilon = call.attrs_as<Attributes>().epsilon;
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const TensorData& x = *call.in(0);
      const int64_t c = x.shape.last();
      const T *gamma = call.in(1)->data<T>(), *variance = call.in(4)->data<T>();
      std::vector<T> scale(c);
      for (int64_t j = 0; j < c; ++j)
        scale[j] = static_cast<T>(gamma[j] / std::sqrt(variance[j] + epsilon));
      affine(x.data<T>(), rows_of(x), c, call.in(3)->data<T>(), scale.data(), call.in(2)->data<T>(),
             call.out()->data<T>());
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &x = call.in(0), &gamma = call.in(1), &mean = call.in(3), &variance = call.in(4);
    const auto& a = call.attrs_as<Attributes>();
    const Tensors g = launch(batch_norm_inference_gradient_op, {dy[0], x, gamma, mean, variance},
                             std::make_shared<AttrsOf<Attributes>>(a));
    Tensors result = {g[0], g[1], g[2], nullptr, nullptr};
    const Tensor scale = multiply(gamma, inverse_std(variance, a.epsilon));
    if (needs[3]) result[3] = negative(multiply(g[2], scale));
    if (needs[4]) {
      const Tensor slope =
          multiply(scale, multiply(inverse_std(variance, a.epsilon), full({}, gamma->dtype, -0.5)));
      result[4] = multiply(g[1], slope);
    }
    return result;
  }
};

// dy, x (..., c), gamma, mean, variance (c,) -> dx (..., c), dgamma (c,), dbeta (c,).
struct BatchNormInferenceGradient {
  static constexpr const char* name = "batch_norm_inference_gradient";
  static constexpr size_t max_inputs = 5;
  using Attributes = EpsilonAttributes;
  static Specs infer(const Call& call) { return BatchNormGradient::infer(call); }
  static void run(const Call& call) {
    const double epsilon = call.attrs_as<Attributes>().epsilon;
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const int64_t rows = rows_of(*call.in(1)), c = call.in(1)->shape.last();
      const T *dy = call.in(0)->data<T>(), *x = call.in(1)->data<T>(),
              *gamma = call.in(2)->data<T>();
      const T *mean = call.in(3)->data<T>(), *variance = call.in(4)->data<T>();
      T *dgamma = call.out(1)->data<T>(), *dbeta = call.out(2)->data<T>();
      const ColumnPairs sums = gradient_sums(dy, x, rows, c, mean);
      std::vector<T> scale(c), zero(c);
      for (int64_t j = 0; j < c; ++j) {
        const double inverse = 1 / std::sqrt(variance[j] + epsilon);
        dbeta[j] = static_cast<T>(sums.first[j]);
        dgamma[j] = static_cast<T>(sums.second[j] * inverse);
        scale[j] = static_cast<T>(gamma[j] * inverse);
      }
      affine(dy, rows, c, zero.data(), scale.data(), zero.data(), call.out(0)->data<T>());
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    const double epsilon = call.attrs_as<Attributes>().epsilon;
    return vjp_of(call, g, [epsilon](const Tensors& in) -> Tensors {
      const Tensor &dy = in[0], inv_std = inverse_std(in[4], epsilon);
      const Tensor z = multiply(subtract(in[1], in[3]), inv_std);
      return {multiply(dy, multiply(in[2], inv_std)), sum_to(multiply(dy, z), in[2]->shape),
              sum_to(dy, in[2]->shape)};
    });
  }
};

}  // namespace

const Op batch_norm_op = make_op<BatchNorm>();
const Op batch_norm_gradient_op = make_op<BatchNormGradient>();
const Op batch_norm_inference_op = make_op<BatchNormInference>();
const Op batch_norm_inference_gradient_op = make_op<BatchNormInferenceGradient>();

}  // namespace pyclr
