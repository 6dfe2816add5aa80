// Tape: the Calls whose gradient may be asked for, in order. backward() walks them in reverse and
// launches each op's vjp as ordinary Calls.
#pragma once

#include <unordered_set>

#include "engine.h"

namespace pyclr {

class Tape {
 public:
  explicit Tape(bool follow_variables) : follow_variables_(follow_variables) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();  // an open tape is closed
  void watch(const Tensor& tensor);
  bool watches(const Tensor& tensor) const {
    return (follow_variables_ && tensor->trainable) || tracked_.contains(tensor.get());
  }
  // Keeps the Call when one of its inputs is tracked and its op has a gradient.
  void append(const Call& call);
  // The trainable variables among the inputs of what was kept, in the order of their first use.
  Tensors variables() const;
  // d sum(target * seed) / d sources, in the order of `sources`; null where target does not depend
  // on the source. A null seed means ones. Calls launched here are seen by the other open tapes.
  Tensors gradient(const Tensors& targets, const Tensors& sources, const Tensors& seeds) const;

 private:
  bool follow_variables_;
  std::vector<Call> calls_;
  Tensors watched_;
  std::unordered_set<const TensorData*> tracked_;
};

}  // namespace pyclr
