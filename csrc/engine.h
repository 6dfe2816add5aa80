// launch(Call): run it now, append it to the tapes that may be asked for a gradient, and append it
// to the recording when one is open. There is no second way to execute anything.
#pragma once

#include <string>
#include <unordered_set>

#include "op.h"

namespace pyclr {

class Tape;

// What a step did, in order, and why it could not be replayed if it could not.
struct Recording {
  std::vector<Call> calls;
  Tensors inputs;                                   // slots: the batch
  Tensors outputs;                                  // what the step returned
  std::unordered_set<const TensorData*> constants;  // made from host data during the step
  Tensors kept;                                     // keeps those alive
  std::string obstacle;                             // first reason not to replay, or empty
};

// The state of one thread.
struct Engine {
  Recording* recording = nullptr;
  std::vector<Tape*> tapes;  // innermost last
  // A dry run: Calls check their inputs and give outputs of the right shapes, all zero, but
  // compute, write, and record nothing. It tells what a function of tensors will return.
  bool dry = false;
};
Engine& engine();

Tensors launch(const Op& op, Tensors inputs, AttrsPtr attrs);

template <class T>
Tensors launch(Tensors inputs, typename T::Attributes attributes = {}) {
  return launch(find_op(T::name), std::move(inputs),
                std::make_shared<AttrsOf<typename T::Attributes>>(std::move(attributes)));
}

// The outputs `op` would give for inputs that need no storage.
Specs infer(const Op& op, const Tensors& inputs, const AttrsPtr& attrs);

// A value leaves the engine for Python (float(t), np.asarray(t), ...): the open recording can not
// be replayed, because what Python does with it is unseen.
void observe(const char* how);

// A tensor was made from host data: a constant of the open recording, compared by content.
void note_constant(const Tensor& tensor);

}  // namespace pyclr
