// Program: a flat list of Calls - forward, loss, metrics, backward, update - replayed without
// Python. It is made from two equal recordings of one step.
#pragma once

#include <mutex>

#include "engine.h"

namespace pyclr {

// Why two recordings of a step are not the same computation; empty when they are. Tensors made in
// the step are compared by position, constants by content, everything else by identity.
std::string difference(const Recording& a, const Recording& b);

// Whether something outside holds a tensor that the step made.
bool is_held(const Recording& recording);
// Gives the memory back of what the step made and nothing outside holds: what is left tells a
// later recording's differences all the same.
void release_values(const Recording& recording);

// Where a storage made by the step lives in the arena. Calls [first, last] use it.
struct Placement {
  size_t first = 0, last = 0;
  size_t bytes = 0, offset = 0;
};
// Gives overlapping lifetimes disjoint ranges; returns the arena's size. (plan.cpp)
size_t place(std::vector<Placement>& placements);

// Rewrites that keep the arithmetic: see fuse.cpp. `pinned` are the storages that something
// outside the recording reads.
using Storages = std::unordered_set<const Storage*>;
std::vector<Call> fuse(std::vector<Call> calls, const Storages& pinned);
// Pointwise calls that read one another's results, or the same tensors -> one call.
// (fuse_chain.cpp)
void pointwise_calls_into_chains(std::vector<Call>& calls, const Storages& pinned);
// conv2d and max_pool2d of it alone -> the first does both, if that is faster; says whether.
bool fuse_max_pool(Call& conv, const Call& pool);

// Fills rows [first, last) of the slots that are not null with those of the batch `step` steps into
// the source. Called without the GIL, from several threads at a time. pyclr/_feed.pyx declares the
// same struct.
struct BatchSource {
  void (*fill)(void* context, int64_t step, int64_t first, int64_t last, void* const* slots);
  void* context;
  int64_t rows;          // of a batch
  int64_t count;         // of slots
  const int64_t* bytes;  // that a batch has in each
  // The batch of step 0 of each slot whose batches lie in memory as they are, one after the other;
  // null for the others.
  std::byte* const* in_place;
};

// A tensor whose value is a function of the step, tabulated ahead: row k is written before step k.
struct Feed {
  Tensor target;
  const void* rows;  // (steps, target bytes)
};

class Program {
 public:
  // Takes the recording over. Storages that something outside still holds keep their place and
  // are rewritten by every replay; the others move into one arena.
  explicit Program(Recording recording);

  // Why `recording` is not this program; empty when it is (the audit).
  std::string difference_from(const Recording& recording) const;

  struct Result {
    int64_t steps;    // done: all, or fewer when the time was up
    Tensors outputs;  // copies of what the last step returned
  };
  // Replays up to `steps` steps within about `seconds`. When `sinks` is not empty, output i of
  // step k is also copied to sinks[i] + k * its bytes.
  Result replay(const BatchSource& source, const std::vector<Feed>& feeds, int64_t steps,
                double seconds, const std::vector<std::byte*>& sinks);
  // Whether a call writes an input of the step: then it can not be replayed on memory that it does
  // not own.
  bool writes_inputs() const { return writes_inputs_; }
  // Replays once on the given input tensors; their memory is used in place.
  Tensors replay(const Tensors& inputs, const std::vector<Feed>& feeds);
  // The least seconds that each call took in so many replays on the given tensors.
  std::vector<double> time_calls(const Tensors& inputs, int64_t repetitions);
  // True when something outside holds a tensor of the recording: each replay rewrites it, and a
  // new recording (the audit's) needs a new Program.
  bool has_held() const { return has_held_; }

  const Tensors& recorded_inputs() const { return recording_.inputs; }
  const std::vector<Call>& calls() const { return calls_; }
  const std::vector<Placement>& placements() const { return placements_; }
  size_t arena_bytes() const { return arena_ ? arena_->bytes : 0; }
  size_t input_count() const { return slots_.size(); }
  const Tensors& outputs() const { return outputs_; }  // their shapes; values change
  std::string describe() const;

 private:
  void take_inputs(const Tensors& inputs);
  void write_feeds(const std::vector<Feed>& feeds, int64_t step) const;
  void run_calls() const;
  Tensors copy_outputs() const;

  Recording recording_;      // as recorded; what an audit compares with
  std::vector<Call> calls_;  // fused, on planned memory
  Tensors slots_;
  std::vector<std::shared_ptr<Storage>> slot_buffers_;  // own memory of the slots
  Tensors outputs_;
  std::vector<Placement> placements_;
  std::shared_ptr<Storage> arena_;
  bool has_held_ = false, writes_inputs_ = false;
  std::mutex mutex_;  // one arena: replays of one program take turns
};

}  // namespace pyclr
