// Pooling, NHWC. One dimension is pooling with height 1. A window that leaves the image (padding
// 'same') sees only what is inside: an average divides by the number of those.
#include "ops/pool2d.h"

#include "ops/ops.h"
#include "ops/row_groups.h"
#include "ops/window.h"

namespace pyclr {

namespace {

std::string listed(const std::vector<int64_t>& values) {
  std::ostringstream out;
  for (size_t i = 0; i < values.size(); ++i) out << (i ? ", " : "(") << values[i];
  out << ')';
  return out.str();
}

}  // namespace

PoolShape pool_shape(std::string_view op, const Shape& x, const PoolAttributes& a) {
  const auto& strides = a.strides.empty() ? a.pool_size : a.strides;
  auto two_positive = [](const std::vector<int64_t>& v) {
    return v.size() == 2 && v[0] > 0 && v[1] > 0;
  };
  check(x.rank() == 4, op,
        ": the input must have shape (batch, height, width, channels). Received "
        "input shape ",
        x, ".");
  check(two_positive(a.pool_size), op,
        ": pool_size must be two positive integers. Received: "
        "pool_size=",
        listed(a.pool_size));
  check(two_positive(strides), op,
        ": strides must be two positive integers. Received: strides=", listed(strides));
  check(a.padding == "valid" || a.padding == "same", op,
        ": padding must be 'valid' or 'same'. "
        "Received: padding=",
        a.padding);
  PoolShape s{};
  s.n = x[0], s.h = x[1], s.w = x[2], s.c = x[3];
  s.ph = a.pool_size[0], s.pw = a.pool_size[1];
  s.stride_h = strides[0], s.stride_w = strides[1];
  std::tie(s.oh, s.pad_top) = sliding_window(s.h, s.ph, s.stride_h, a.padding);
  std::tie(s.ow, s.pad_left) = sliding_window(s.w, s.pw, s.stride_w, a.padding);
  check((s.oh > 0 || s.h == 0) && (s.ow > 0 || s.w == 0), op, ": pool_size (", s.ph, ", ", s.pw,
        ") is larger than the input (", s.h, ", ", s.w,
        ") with padding='valid'. Received input "
        "shape ",
        x, ".");
  return s;
}

namespace {

PoolShape pool_shape(const Call& call) {
  return pool_shape(call.op->name, call.in(0)->shape, call.attrs_as<PoolAttributes>());
}
// Of a gradient op, whose attributes give the shape of x.
PoolShape pool_shape_of_result(const Call& call) {
  const auto& a = call.attrs_as<PoolAttributes>();
  return pool_shape(call.op->name, Shape(a.shape), a);
}

Shape pooled(const PoolShape& s) { return {s.n, s.oh, s.ow, s.c}; }

void check_float(const Call& call) {
  check_type(is_float(call.in(0)->dtype), call.op->name,
             ": a floating point tensor is needed. "
             "Received: dtype=",
             call.in(0)->dtype);
}

void check_pooled(const Call& call, const PoolShape& s, size_t input) {
  check(call.in(input)->shape == pooled(s), call.op->name,
        ": the gradient and the index must have "
        "shape ",
        pooled(s), ". Received: ", call.in(input)->shape);
}

void check_index(const Call& call, const PoolShape& s) {
  check_pooled(call, s, 1);
  check_type(call.in(1)->dtype == index_dtype(s), call.op->name, ": the index must be ",
             index_dtype(s), ". Received: dtype=", call.in(1)->dtype);
}

PoolAttributes with_shape(const Call& call, const Shape& shape) {
  PoolAttributes a = call.attrs_as<PoolAttributes>();
  a.shape.assign(shape.begin(), shape.end());
  return a;
}
PoolAttributes without_shape(const Call& call) { return with_shape(call, {}); }

// f(row of y) for all of them, and f(row of dx).
template <class F>
void for_output_rows(const PoolShape& s, F&& f) {
  for_row_groups(s.n * s.oh, s.ph * s.w * s.c, [&](int64_t first, int64_t count) {
    for (int64_t row = first; row < first + count; ++row) f(row);
  });
}
template <class F>
void for_input_rows(const PoolShape& s, F&& f) {
  for_row_groups(s.n * s.h, s.w * s.c, [&](int64_t first, int64_t count) {
    for (int64_t row = first; row < first + count; ++row) f(row);
  });
}

// x (n, h, w, c) -> y (n, oh, ow, c), index (the same shape): which position of the window, counted
// row by row, holds the maximum. The first of equals; NaN counts as the maximum.
struct MaxPool2D {
  static constexpr const char* name = "max_pool2d";
  static constexpr size_t max_inputs = 1;
  using Attributes = PoolAttributes;
  static Specs infer(const Call& call) {
    check_float(call);
    const PoolShape s = pool_shape(call);
    return {{pooled(s), call.in(0)->dtype}, {pooled(s), index_dtype(s)}};
  }
  static void run(const Call& call) {
    const PoolShape s = pool_shape(call);
    with_float(call.in(0)->dtype, [&](auto t) {
      with_index(s, [&](auto i) {
        using T = decltype(t);
        using I = decltype(i);
        const auto kernel = kernels().pool.of(t).max(i).forward;
        const T* x = call.in(0)->data<T>();
        T* y = call.out(0)->data<T>();
        I* index = call.out(1)->data<I>();
        const int64_t size = s.ow * s.c;
        for_output_rows(
            s, [&](int64_t row) { kernel(s, x, row, y + row * size, index + row * size); });
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {launch_one(max_pool2d_gradient_op, {dy[0], call.out(1)},
                       with_shape(call, call.in(0)->shape))};
  }
};

// dy, index (n, oh, ow, c) -> dx (`shape`): each dy goes to where the maximum came from.
struct MaxPool2DGradient {
  static constexpr const char* name = "max_pool2d_gradient";
  static constexpr size_t max_inputs = 2;
  using Attributes = PoolAttributes;
  static Specs infer(const Call& call) {
    check_float(call);
    const PoolShape s = pool_shape_of_result(call);
    check_pooled(call, s, 0), check_index(call, s);
    return {{Shape(call.attrs_as<Attributes>().shape), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const PoolShape s = pool_shape_of_result(call);
    with_float(call.in(0)->dtype, [&](auto t) {
      with_index(s, [&](auto i) {
        using T = decltype(t);
        const auto kernel = kernels().pool.of(t).max(i).gradient;
        const T* dy = call.in(0)->data<T>();
        const auto* index = call.in(1)->data<decltype(i)>();
        T* dx = call.out()->data<T>();
        for_input_rows(s, [&](int64_t row) { kernel(s, dy, index, row, dx + row * s.w * s.c); });
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    return {launch_one(max_pool2d_select_op, {g[0], call.in(1)}, without_shape(call)), nullptr};
  }
};

// x (n, h, w, c), index (n, oh, ow, c) -> (n, oh, ow, c): of each window the element at the index.
struct MaxPool2DSelect {
  static constexpr const char* name = "max_pool2d_select";
  static constexpr size_t max_inputs = 2;
  using Attributes = PoolAttributes;
  static Specs infer(const Call& call) {
    check_float(call);
    const PoolShape s = pool_shape(call);
    check_index(call, s);
    return {{pooled(s), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const PoolShape s = pool_shape(call);
    with_float(call.in(0)->dtype, [&](auto t) {
      with_index(s, [&](auto i) { select<decltype(t), decltype(i)>(call, s); });
    });
  }
  template <class T, class I>
  static void select(const Call& call, const PoolShape& s) {
    for_output_rows(s, [&](int64_t row) {
      const int64_t top = row % s.oh * s.stride_h - s.pad_top;
      const T* image = call.in(0)->data<T>() + row / s.oh * s.h * s.w * s.c;
      const I* index = call.in(1)->data<I>() + row * s.ow * s.c;
      T* y = call.out()->data<T>() + row * s.ow * s.c;
      for (int64_t o = 0; o < s.ow; ++o) {
        const int64_t left = o * s.stride_w - s.pad_left;
        for (int64_t c = 0; c < s.c; ++c, ++index, ++y)
          *y = image[((top + *index / s.pw) * s.w + left + *index % s.pw) * s.c + c];
      }
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    return {
        launch_one(max_pool2d_gradient_op, {g[0], call.in(1)}, with_shape(call, call.in(0)->shape)),
        nullptr};
  }
};

// x (n, h, w, c) -> (n, oh, ow, c)
struct AveragePool2D {
  static constexpr const char* name = "average_pool2d";
  static constexpr size_t max_inputs = 1;
  using Attributes = PoolAttributes;
  static Specs infer(const Call& call) {
    check_float(call);
    return {{pooled(pool_shape(call)), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const PoolShape s = pool_shape(call);
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const auto kernel = kernels().pool.of(t).average;
      const T* x = call.in(0)->data<T>();
      T* y = call.out()->data<T>();
      for_output_rows(s, [&](int64_t row) { kernel(s, x, row, y + row * s.ow * s.c); });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {launch_one(average_pool2d_gradient_op, {dy[0]}, with_shape(call, call.in(0)->shape))};
  }
};

// dy (n, oh, ow, c) -> dx (`shape`)
struct AveragePool2DGradient {
  static constexpr const char* name = "average_pool2d_gradient";
  static constexpr size_t max_inputs = 1;
  using Attributes = PoolAttributes;
  static Specs infer(const Call& call) {
    check_float(call);
    check_pooled(call, pool_shape_of_result(call), 0);
    return {{Shape(call.attrs_as<Attributes>().shape), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const PoolShape s = pool_shape_of_result(call);
    with_float(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      const auto kernel = kernels().pool.of(t).average_gradient;
      const T* dy = call.in(0)->data<T>();
      T* dx = call.out()->data<T>();
      for_input_rows(s, [&](int64_t row) { kernel(s, dy, row, dx + row * s.w * s.c); });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    return {launch_one(average_pool2d_op, {g[0]}, without_shape(call))};
  }
};

}  // namespace

const Op max_pool2d_op = make_op<MaxPool2D>();
const Op max_pool2d_gradient_op = make_op<MaxPool2DGradient>();
const Op max_pool2d_select_op = make_op<MaxPool2DSelect>();
const Op average_pool2d_op = make_op<AveragePool2D>();
const Op average_pool2d_gradient_op = make_op<AveragePool2DGradient>();

}  // namespace pyclr
