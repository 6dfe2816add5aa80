// Ops that write a tensor in place: the only way a variable changes.
#include <cstring>

#include "ops/ops.h"
#include "ops/row_groups.h"

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
  static void run(const Call& call) {
    with_type(call.in(0)->dtype, [&](auto t) {
      using T = decltype(t);
      T* variable = call.in(0)->data<T>();
      const T* value = call.in(1)->data<T>();
      for_row_groups(call.in(0)->size(), 1, [&](int64_t first, int64_t count) {
        for (int64_t i = first; i < first + count; ++i)
          variable[i] = static_cast<T>(variable[i] + value[i]);
      });
    });
  }
  static bool writes(const Call&, size_t input) { return input == 0; }
};

}  // namespace

const Op assign_op = make_op<Assign>();
const Op assign_add_op = make_op<AssignAdd>();

}  // namespace pyclr
