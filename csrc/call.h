// Call: one operation on tensors. The same record is the eager launch, the tape's entry and the
// Program's entry.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <typeinfo>

#include "tensor.h"

namespace pyclr {

struct Op;

// A Python callable as a C++ value. Two are the same computation when they run the same object;
// what the vjp does is seen in the Calls it launches.
struct HostFunction {
  std::string name;
  const void* identity = nullptr;  // of the object that `run` holds
  std::function<void(const Tensors& inputs, const Tensors& outputs)> run;
  std::function<Tensors(const Tensors& inputs, const Tensors& outputs, const Tensors& gradients)>
      vjp;
};

// Sees every field of an attribute struct: how the binding reads keyword arguments, how a Call is
// printed, and how the test that changes each field works.
struct FieldVisitor {
  virtual ~FieldVisitor() = default;
  virtual void visit(const char*, bool&) {}
  virtual void visit(const char*, int64_t&) {}
  virtual void visit(const char*, double&) {}
  virtual void visit(const char*, std::string&) {}
  virtual void visit(const char*, DType&) {}
  virtual void visit(const char*, std::vector<int64_t>&) {}
  virtual void visit(const char*, std::vector<Shape>&) {}
  virtual void visit(const char*, std::vector<DType>&) {}
  virtual void visit(const char*, std::shared_ptr<const HostFunction>&) {}
};

// The attributes of a Call, type-erased. Equality is the struct's defaulted operator==, so a field
// can not be forgotten.
struct Attrs {
  virtual ~Attrs() = default;
  virtual bool equals(const Attrs& other) const = 0;
  virtual void visit_fields(FieldVisitor& visitor) = 0;
  virtual std::shared_ptr<Attrs> clone() const = 0;
};
using AttrsPtr = std::shared_ptr<const Attrs>;

template <std::equality_comparable T>
struct AttrsOf final : Attrs {
  T value;
  AttrsOf() = default;
  explicit AttrsOf(T v) : value(std::move(v)) {}
  bool equals(const Attrs& other) const override {
    return typeid(other) == typeid(*this) && value == static_cast<const AttrsOf&>(other).value;
  }
  void visit_fields(FieldVisitor& visitor) override {
    value.fields([&](const char* name, auto& field) { visitor.visit(name, field); });
  }
  std::shared_ptr<Attrs> clone() const override { return std::make_shared<AttrsOf>(value); }
};

struct NoAttrs {
  bool operator==(const NoAttrs&) const = default;
  template <class V>
  void fields(V&&) {}
};

struct Call {
  const Op* op = nullptr;
  Tensors inputs;
  Tensors outputs;
  AttrsPtr attrs;

  template <class T>
  const T& attrs_as() const {
    return static_cast<const AttrsOf<T>&>(*attrs).value;
  }
  const Tensor& in(size_t i) const {
    if (i >= inputs.size()) throw_missing_input(i);
    return inputs[i];
  }
  const Tensor& out(size_t i = 0) const { return outputs[i]; }
  [[noreturn]] void throw_missing_input(size_t i) const;
};

// What a pointwise call makes: its output, or the tensor that it writes.
inline const Tensor& result_of(const Call& call) {
  return call.outputs.empty() ? call.in(0) : call.out();
}

// "conv2d(float32 (64, 28, 28, 1), ...; strides=(1, 1)) -> float32 (64, 24, 24, 16)"
std::string describe(const Call& call);

}  // namespace pyclr
