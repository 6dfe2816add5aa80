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

// What a launched Call does.
enum class Mode : uint8_t {
  real,  // computes
  // Checks its inputs and gives outputs of the right shapes, all zero, but computes, writes and
  // records nothing. It tells what a function of tensors will return.
  dry,
  // Is recorded as a real one, but computes and writes nothing; its outputs have no values, and
  // who asks for one ends the rehearsal. It tells whether a step still is its program.
  rehearsal,
};
constexpr const char* kModes[] = {"real", "dry", "rehearsal"};

// Thrown where a rehearsal can not go on, because Python wants a value.
struct RehearsalEnded : std::exception {
  const char* what() const noexcept override { return "a value is needed in a rehearsal"; }
};

// The state of one thread.
struct Engine {
  Recording* recording = nullptr;
  std::vector<Tape*> tapes;  // innermost last
  Mode mode = Mode::real;
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

// The open recording, if any, can not be replayed, for this reason.
void forbid_replay(const std::string& reason);

// A value leaves the engine for Python (float(t), np.asarray(t), ...): the open recording can not
// be replayed, because what Python does with it is unseen.
void observe(const char* how);

// Throws for a tensor of a rehearsal: in it RehearsalEnded, and later an error for one that was
// kept.
void check_has_values(const Tensor& tensor);

// A tensor was made from host data: a constant of the open recording, compared by content.
void note_constant(const Tensor& tensor);

}  // namespace pyclr
