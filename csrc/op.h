// Op: a named computation - shape check (`infer`), `run` on buffers, `vjp` written as ordinary
// Calls, and which inputs it writes. An op is a struct with static members; make_op erases it.
//
//   struct Sqrt {
//     static constexpr const char* name = "sqrt";
//     using Attributes = NoAttrs;
//     static Specs infer(const Call& call);                     // checks, then the outputs' specs
//     static void run(const Call& call);                        // inputs and outputs are allocated
//     static constexpr size_t max_inputs = 1;                   // optional; absent: any number
//     // optional; absent: no gradient. dy has a null entry for an output nothing depends on.
//     static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs);
//     static bool writes(const Call& call, size_t input);  // optional; absent: none
//     // optional; present in a pointwise op: n results, from operands that are in step with them.
//     static void elements(const Elements* operands, int64_t n);  // inputs, then any output
//   };
#pragma once

#include <limits>
#include <string_view>

#include "call.h"

namespace pyclr {

// What an output will be. A view shares the storage of input 0, `view_offset` bytes in.
struct Spec {
  Shape shape;
  DType dtype = DType::float32;
  int64_t view_offset = -1;
  bool is_view() const { return view_offset >= 0; }
};
using Specs = std::vector<Spec>;

// Which inputs of a Call a gradient is wanted for; a vjp need not compute the others.
using Needs = std::vector<bool>;

// Consecutive elements of an operand, or one value (`moves` is false) for all of the results.
struct Elements {
  std::byte* data;
  DType dtype;
  bool moves;
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
  // The same from element i on.
  Elements from(int64_t i) const {
    return {data + (moves ? i * static_cast<int64_t>(size_of(dtype)) : 0), dtype, moves};
  }
};

struct Op {
  std::string_view name;
  std::shared_ptr<Attrs> (*make_attrs)();
  Specs (*infer)(const Call& call);
  void (*run)(const Call& call);
  // Gradients for the inputs, in order; a null entry means none. Null pointer: not differentiable.
  Tensors (*vjp)(const Call& call, const Tensors& gradients, const Needs& needs);
  bool (*writes)(const Call& call, size_t input);
  void (*elements)(const Elements* operands, int64_t n);  // null pointer: not pointwise
  size_t max_inputs;
};

template <class T>
constexpr Op make_op() {
  Op op{};
  op.name = T::name;
  op.make_attrs = [] {
    return std::static_pointer_cast<Attrs>(std::make_shared<AttrsOf<typename T::Attributes>>());
  };
  op.infer = T::infer;
  op.run = T::run;
  if constexpr (requires { &T::vjp; }) op.vjp = T::vjp;
  op.max_inputs = std::numeric_limits<size_t>::max();
  if constexpr (requires { T::max_inputs; }) op.max_inputs = T::max_inputs;
  op.writes = [](const Call&, size_t) { return false; };
  if constexpr (requires { &T::writes; }) op.writes = T::writes;
  if constexpr (requires { &T::elements; }) op.elements = T::elements;
  return op;
}

// Every op, in the order of ops/ops.inc.
const std::vector<const Op*>& all_ops();
const Op& find_op(std::string_view name);

}  // namespace pyclr
