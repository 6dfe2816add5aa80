// Pointwise functions: forward and vjp from kernels/pointwise.inc.
#include "ops/ops.h"
#include "ops/shape_ops.h"

namespace pyclr {

namespace {

void check_float(std::string_view op, const TensorData& x) {
  check_type(is_float(x.dtype), op,
             ": a floating point tensor is needed. Received: dtype=", x.dtype);
}

// The bodies of the ops below, outside of their templates: there are hundreds.
void unary_elements(const Elements* at, int64_t n, Unary function) {
  with_float(at[0].dtype, [&](auto t) {
    using T = decltype(t);
    kernels().pointwise.unary<T>().forward[int(function)](at[0].as<T>(), at[1].as<T>(), n);
  });
}

void unary_gradient_elements(const Elements* at, int64_t n, Unary function) {
  with_float(at[0].dtype, [&](auto t) {
    using T = decltype(t);
    kernels().pointwise.unary<T>().backward[int(function)](at[0].as<T>(), at[1].as<T>(),
                                                           at[2].as<T>(), n);
  });
}

// Booleans are bytes of 0 and 1.
template <class F>
void with_number(DType dtype, F&& f) {
  with_type(dtype, [&](auto t) {
    if constexpr (std::is_same_v<decltype(t), bool>) {
      f(uint8_t{});
    } else {
      f(t);
    }
  });
}

void binary_elements(const Elements* at, int64_t n, Binary function) {
  with_number(at[0].dtype, [&](auto t) {
    using T = decltype(t);
    kernels().pointwise.binary(t).row[int(function)](at[0].as<T>(), at[0].moves, at[1].as<T>(),
                                                     at[1].moves, at[2].data, n);
  });
}

Tensors unary_gradient_vjp(const Call& call, const Tensors& g, const Needs& needs, Unary function) {
  const Tensor &dy = call.in(0), &kept = call.in(1);
  Tensors result(2);
  if (needs[0]) result[0] = launch_one(*call.op, {g[0], kept});
  if (needs[1]) {
    const Tensor change = curvature(function, kept);
    if (change) result[1] = multiply(multiply(g[0], dy), change);
  }
  return result;
}

struct UnaryBase {
  using Attributes = NoAttrs;
  static constexpr size_t max_inputs = 1;
  static Specs infer(const Call& call) {
    check_float(call.op->name, *call.in(0));
    return {{call.in(0)->shape, call.in(0)->dtype}};
  }
  static void run(const Call& call) { run_elements(call); }
};

struct UnaryGradientBase {
  using Attributes = NoAttrs;
  static constexpr size_t max_inputs = 2;
  static Specs infer(const Call& call) {
    check_float(call.op->name, *call.in(0));
    check(call.in(0)->shape == call.in(1)->shape && call.in(0)->dtype == call.in(1)->dtype,
          call.op->name, ": the gradient must have the shape and dtype of the value. Received: ",
          call.in(0)->dtype, ' ', call.in(0)->shape, " and ", call.in(1)->dtype, ' ',
          call.in(1)->shape);
    return {{call.in(0)->shape, call.in(0)->dtype}};
  }
  static void run(const Call& call) { run_elements(call); }
};

// A binary function of operands that broadcast.
void run_binary_rows(const Call& call, Binary function) {
  const TensorData &a = *call.in(0), &b = *call.in(1), &y = *call.out();
  const Strides from_a = broadcast_strides(a.shape, y.shape);
  const Strides from_b = broadcast_strides(b.shape, y.shape);
  const int last = y.shape.rank() - 1;
  const int64_t n = y.shape[last], bytes = static_cast<int64_t>(size_of(y.dtype));
  with_number(a.dtype, [&](auto t) {
    using T = decltype(t);
    const auto row = kernels().pointwise.binary(t).row[int(function)];
    for_each_row<3>(y.shape, {from_a, from_b, contiguous_strides(y.shape)}, [&](const auto& at) {
      row(a.data<T>() + at[0], from_a[last] != 0, b.data<T>() + at[1], from_b[last] != 0,
          y.data<std::byte>() + at[2] * bytes, n);
    });
  });
}

// x (any shape) -> f(x), the same shape.
template <Unary F>
struct UnaryOp : UnaryBase {
  static void elements(const Elements* at, int64_t n) { unary_elements(at, n, F); }
};

// dy, kept (x or y) -> dx.
template <Unary F>
struct UnaryGradientOp : UnaryGradientBase {
  static void elements(const Elements* at, int64_t n) { unary_gradient_elements(at, n, F); }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs& needs) {
    return unary_gradient_vjp(call, g, needs, F);
  }
};

// a, b (shapes that broadcast, one dtype) -> f(a, b).
template <Binary F, bool Compare, bool Logical = false>
struct BinaryOp {
  using Attributes = NoAttrs;
  static constexpr size_t max_inputs = 2;
  static Specs infer(const Call& call) {
    const TensorData &a = *call.in(0), &b = *call.in(1);
    check_type(a.dtype == b.dtype, call.op->name,
               ": the operands must have one dtype. Received: ", a.dtype, " and ", b.dtype);
    if constexpr (F == Binary::divide) check_float(call.op->name, a);
    if constexpr (Logical)
      check_type(a.dtype == DType::boolean, call.op->name,
                 ": booleans are needed. Received: dtype=", a.dtype);
    if constexpr (!Compare)
      check_type(a.dtype != DType::boolean, call.op->name, ": not defined for booleans.");
    return {{broadcast_shape(call.op->name.data(), a.shape, b.shape),
             Compare ? DType::boolean : a.dtype}};
  }
  static void elements(const Elements* at, int64_t n) { binary_elements(at, n, F); }
  static void run(const Call& call) {
    if (!run_elements(call)) run_binary_rows(call, F);
  }
};

#define UNARY_Y(NAME, value, derivative)                                    \
  struct NAME##_unary : UnaryOp<Unary::NAME> {                              \
    static constexpr const char* name = #NAME;                              \
    static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) { \
      return {launch_one(NAME##_gradient_op, {dy[0], call.out()})};         \
    }                                                                       \
  };                                                                        \
  struct NAME##_unary_gradient : UnaryGradientOp<Unary::NAME> {             \
    static constexpr const char* name = #NAME "_gradient";                  \
  };
#define UNARY_X(NAME, value, derivative)                                    \
  struct NAME##_unary : UnaryOp<Unary::NAME> {                              \
    static constexpr const char* name = #NAME;                              \
    static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) { \
      return {launch_one(NAME##_gradient_op, {dy[0], call.in(0)})};         \
    }                                                                       \
  };                                                                        \
  struct NAME##_unary_gradient : UnaryGradientOp<Unary::NAME> {             \
    static constexpr const char* name = #NAME "_gradient";                  \
  };
#define UNARY_FLAT(NAME, value)                                          \
  struct NAME##_unary : UnaryOp<Unary::NAME> {                           \
    static constexpr const char* name = #NAME;                           \
    static Tensors vjp(const Call& call, const Tensors&, const Needs&) { \
      return {full_like(call.in(0), 0)};                                 \
    }                                                                    \
  };
#define COMPARE(NAME, value)                             \
  struct NAME##_compare : BinaryOp<Binary::NAME, true> { \
    static constexpr const char* name = #NAME;           \
  };
#define LOGICAL(NAME, value)                                   \
  struct NAME##_compare : BinaryOp<Binary::NAME, true, true> { \
    static constexpr const char* name = #NAME;                 \
  };
#include "kernels/pointwise.inc"

Tensor compare(const Op& op, const Tensor& a, const Tensor& b) { return launch_one(op, {a, b}); }
Tensor to_float(const Tensor& mask, const Tensor& like) { return cast(mask, like->dtype); }

struct Add : BinaryOp<Binary::add, false> {
  static constexpr const char* name = "add";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    return {needs[0] ? sum_to(dy[0], call.in(0)->shape) : nullptr,
            needs[1] ? sum_to(dy[0], call.in(1)->shape) : nullptr};
  }
};
struct Subtract : BinaryOp<Binary::subtract, false> {
  static constexpr const char* name = "subtract";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    return {needs[0] ? sum_to(dy[0], call.in(0)->shape) : nullptr,
            needs[1] ? negative(sum_to(dy[0], call.in(1)->shape)) : nullptr};
  }
};
struct Multiply : BinaryOp<Binary::multiply, false> {
  static constexpr const char* name = "multiply";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &a = call.in(0), &b = call.in(1);
    return {needs[0] ? sum_to(multiply(dy[0], b), a->shape) : nullptr,
            needs[1] ? sum_to(multiply(dy[0], a), b->shape) : nullptr};
  }
};
struct Divide : BinaryOp<Binary::divide, false> {
  static constexpr const char* name = "divide";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &a = call.in(0), &b = call.in(1);
    const Tensor da = divide(dy[0], b);
    return {needs[0] ? sum_to(da, a->shape) : nullptr,
            needs[1] ? sum_to(negative(multiply(da, call.out())), b->shape) : nullptr};
  }
};
// d a^b = b a^(b-1) da + a^b log(a) db; log is taken as 0 where a = 0, as a^b is flat in b there.
struct Power : BinaryOp<Binary::power, false> {
  static constexpr const char* name = "power";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &a = call.in(0), &b = call.in(1);
    Tensors result(2);
    if (needs[0]) {
      const Tensor slope = launch_one(power_op, {a, subtract(b, full({}, b->dtype, 1))});
      result[0] = sum_to(multiply(dy[0], multiply(b, slope)), a->shape);
    }
    if (needs[1]) {
      const Tensor zero = full({}, a->dtype, 0), one = full({}, a->dtype, 1);
      const Tensor safe = where(compare(equal_op, a, zero), one, a);
      const Tensor slope = multiply(call.out(), launch_one(log_op, {safe}));
      result[1] = sum_to(multiply(dy[0], slope), b->shape);
    }
    return result;
  }
};
// Equal operands share the gradient in halves.
template <class Op>
Tensors extremum_vjp(const Call& call, const Tensor& dy, const Needs& needs, const Op& wins) {
  const Tensor &a = call.in(0), &b = call.in(1);
  const Tensor tie = multiply(to_float(compare(equal_op, a, b), dy), full({}, dy->dtype, 0.5));
  auto side = [&](const Tensor& x, const Tensor& y) {
    return sum_to(multiply(dy, add(to_float(compare(wins, x, y), dy), tie)), x->shape);
  };
  return {needs[0] ? side(a, b) : nullptr, needs[1] ? side(b, a) : nullptr};
}
struct Maximum : BinaryOp<Binary::maximum, false> {
  static constexpr const char* name = "maximum";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    return extremum_vjp(call, dy[0], needs, greater_op);
  }
};
struct Minimum : BinaryOp<Binary::minimum, false> {
  static constexpr const char* name = "minimum";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    return extremum_vjp(call, dy[0], needs, less_op);
  }
};
struct FloorDivide : BinaryOp<Binary::floor_divide, false> {
  static constexpr const char* name = "floor_divide";
  static Tensors vjp(const Call& call, const Tensors&, const Needs&) {
    return {full_like(call.in(0), 0), full_like(call.in(1), 0)};
  }
};
// a mod b = a - b floor(a / b)
struct Mod : BinaryOp<Binary::mod, false> {
  static constexpr const char* name = "mod";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &a = call.in(0), &b = call.in(1);
    Tensors result(2);
    if (needs[0]) result[0] = sum_to(dy[0], a->shape);
    if (needs[1])
      result[1] = sum_to(negative(multiply(dy[0], launch_one(floor_divide_op, {a, b}))), b->shape);
    return result;
  }
};
struct Atan2 : BinaryOp<Binary::atan2, false> {
  static constexpr const char* name = "atan2";
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor &a = call.in(0), &b = call.in(1);
    const Tensor scaled = divide(dy[0], add(multiply(a, a), multiply(b, b)));
    return {needs[0] ? sum_to(multiply(scaled, b), a->shape) : nullptr,
            needs[1] ? sum_to(negative(multiply(scaled, a)), b->shape) : nullptr};
  }
};

// condition (boolean), a, b (shapes that broadcast) -> a where the condition holds, else b.
struct Where {
  static constexpr const char* name = "where";
  static constexpr size_t max_inputs = 3;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    const TensorData &c = *call.in(0), &a = *call.in(1), &b = *call.in(2);
    check_type(c.dtype == DType::boolean,
               "where: the condition must be boolean. Received: dtype=", c.dtype);
    check_type(a.dtype == b.dtype, "where: the operands must have one dtype. Received: ", a.dtype,
               " and ", b.dtype);
    return {{broadcast_shape(name, c.shape, broadcast_shape(name, a.shape, b.shape)), a.dtype}};
  }
  static void elements(const Elements* at, int64_t n) {
    with_size(at[3].dtype, [&](auto t) {
      using T = decltype(t);
      kernels().pointwise.where(t)(at[0].as<bool>(), at[0].moves, at[1].as<T>(), at[1].moves,
                                   at[2].as<T>(), at[2].moves, at[3].as<T>(), n);
    });
  }
  static void run(const Call& call) {
    if (run_elements(call)) return;
    const TensorData &c = *call.in(0), &a = *call.in(1), &b = *call.in(2), &y = *call.out();
    const std::array<Strides, 4> strides = {
        broadcast_strides(c.shape, y.shape), broadcast_strides(a.shape, y.shape),
        broadcast_strides(b.shape, y.shape), contiguous_strides(y.shape)};
    const int last = y.shape.rank() - 1;
    with_size(y.dtype, [&](auto t) {
      using T = decltype(t);
      const auto row = kernels().pointwise.where(t);
      for_each_row<4>(y.shape, strides, [&](const auto& at) {
        row(c.data<bool>() + at[0], strides[0][last] != 0, a.data<T>() + at[1],
            strides[1][last] != 0, b.data<T>() + at[2], strides[2][last] != 0, y.data<T>() + at[3],
            y.shape[last]);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const Tensor zero = full({}, dy[0]->dtype, 0);
    return {nullptr, needs[1] ? sum_to(where(call.in(0), dy[0], zero), call.in(1)->shape) : nullptr,
            needs[2] ? sum_to(where(call.in(0), zero, dy[0]), call.in(2)->shape) : nullptr};
  }
};

}  // namespace

#define UNARY_Y(NAME, value, derivative)        \
  const Op NAME##_op = make_op<NAME##_unary>(); \
  const Op NAME##_gradient_op = make_op<NAME##_unary_gradient>();
#define UNARY_X(NAME, value, derivative) UNARY_Y(NAME, value, derivative)
#define UNARY_FLAT(NAME, value) const Op NAME##_op = make_op<NAME##_unary>();
#define COMPARE(NAME, value) const Op NAME##_op = make_op<NAME##_compare>();
#include "kernels/pointwise.inc"

const Op add_op = make_op<Add>();
const Op subtract_op = make_op<Subtract>();
const Op multiply_op = make_op<Multiply>();
const Op divide_op = make_op<Divide>();
const Op power_op = make_op<Power>();
const Op maximum_op = make_op<Maximum>();
const Op minimum_op = make_op<Minimum>();
const Op floor_divide_op = make_op<FloorDivide>();
const Op mod_op = make_op<Mod>();
const Op atan2_op = make_op<Atan2>();
const Op where_op = make_op<Where>();

bool run_elements(const Call& call) {
  const int64_t size = result_of(call)->size();
  std::array<Elements, 4> operands;
  size_t count = 0;
  for (const Tensor& in : call.inputs) {
    if (in->size() != size && in->size() != 1) return false;
    operands[count++] = {in->data<std::byte>(), in->dtype, in->size() == size};
  }
  for (const Tensor& out : call.outputs)
    operands[count++] = {out->data<std::byte>(), out->dtype, true};
  for_row_groups(size, 1, [&](int64_t begin, int64_t n) {
    std::array<Elements, 4> piece;
    for (size_t i = 0; i < count; ++i) piece[i] = operands[i].from(begin);
    call.op->elements(piece.data(), n);
  });
  return true;
}

Tensor add(const Tensor& a, const Tensor& b) { return launch_one(add_op, {a, b}); }
Tensor subtract(const Tensor& a, const Tensor& b) { return launch_one(subtract_op, {a, b}); }
Tensor multiply(const Tensor& a, const Tensor& b) { return launch_one(multiply_op, {a, b}); }
Tensor divide(const Tensor& a, const Tensor& b) { return launch_one(divide_op, {a, b}); }
Tensor negative(const Tensor& x) { return launch_one(negative_op, {x}); }
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return launch_one(where_op, {condition, a, b});
}

}  // namespace pyclr
