// Ops that write a tensor in place: the only way a variable changes.
#include <cstring>

#include "ops/ops.h"

namespace pyclr {

namespace {

void check_like(const Call& call) {
  const TensorData &variable = *call.in(0), &value = *call.in(1);
  check(variable.shape == value.shape, call.op->name, ": the value must have the variable's shape ",
        variable.shape, ". Received: ", value.shape);
  check_type(variable.dtype == value.dtype, call.op->name,
             ": the value must have the variable's "
             "dtype ",
             variable.dtype, ". Received: ", value.dtype);
}

// variable, value (the same shape and dtype): variable = value.
struct Assign {
  static constexpr const char* name = "assign";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    check_like(call);
    return {};
  }
  static void elements(const Elements* at, int64_t n) {
    with_size(at[0].dtype, [&](auto t) {
      using T = decltype(t);
      if (at[1].moves)
        std::copy_n(at[1].as<T>(), n, at[0].as<T>());
      else
        std::fill_n(at[0].as<T>(), n, *at[1].as<T>());
    });
  }
  static void run(const Call& call) {
    std::memmove(call.in(0)->data<char>(), call.in(1)->data<char>(), call.in(0)->bytes());
  }
  static bool writes(const Call&, size_t input) { return input == 0; }
};

// variable, value (the same shape and dtype): variable += value.
struct AssignAdd {
  static constexpr const char* name = "assign_add";
  static constexpr size_t max_inputs = 2;
  using Attributes = NoAttrs;
  static Specs infer(const Call& call) {
    check_like(call);
    check_type(call.in(0)->dtype != DType::boolean, "assign_add: not defined for booleans.");
    return {};
  }
  static void elements(const Elements* at, int64_t n) {
    with_type(at[0].dtype, [&](auto t) {
      using T = decltype(t);
      T* variable = at[0].as<T>();
      const T* value = at[1].as<T>();
      const int64_t step = at[1].moves;
      for (int64_t i = 0; i < n; ++i) variable[i] = static_cast<T>(variable[i] + value[i * step]);
    });
  }
  static void run(const Call& call) { run_elements(call); }
  static bool writes(const Call&, size_t input) { return input == 0; }
};

}  // namespace

const Op assign_op = make_op<Assign>();
const Op assign_add_op = make_op<AssignAdd>();

}  // namespace pyclr
