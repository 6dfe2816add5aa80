#include "program.h"

#include <chrono>
#include <cstring>
#include <unordered_map>

#include "parallel.h"

namespace pyclr {

namespace {

bool same_content(const Tensor& a, const Tensor& b) {
  return a->shape == b->shape && a->dtype == b->dtype &&
         std::memcmp(a->data<char>(), b->data<char>(), a->bytes()) == 0;
}

bool same_place(const Tensor& a, const Tensor& b) {
  return a == b || (a->storage == b->storage && a->offset == b->offset && a->shape == b->shape &&
                    a->dtype == b->dtype);
}

bool same_spec(const Tensor& a, const Tensor& b) {
  return a->shape == b->shape && a->dtype == b->dtype;
}

// Numbers the tensors of a recording by first appearance.
class Numbering {
 public:
  explicit Numbering(const Recording& recording) {
    for (const Tensor& input : recording.inputs) define(input);
  }
  void define(const Tensor& tensor) { numbers_.emplace(tensor.get(), numbers_.size()); }
  // -1 when the tensor has not appeared.
  int64_t find(const Tensor& tensor) const {
    auto it = numbers_.find(tensor.get());
    return it == numbers_.end() ? -1 : static_cast<int64_t>(it->second);
  }

 private:
  std::unordered_map<const TensorData*, size_t> numbers_;
};

class Comparison {
 public:
  Comparison(const Recording& a, const Recording& b) : a_(a), b_(b), numbers_a_(a), numbers_b_(b) {}

  std::string run() {
    if (!a_.obstacle.empty()) return a_.obstacle;
    if (!b_.obstacle.empty()) return b_.obstacle;
    if (a_.inputs.size() != b_.inputs.size()) return "the number of inputs changed";
    for (size_t i = 0; i < a_.inputs.size(); ++i)
      if (!same_spec(a_.inputs[i], b_.inputs[i]))
        return text("the shape or dtype of input ", i, " changed");
    const size_t count = std::min(a_.calls.size(), b_.calls.size());
    for (size_t i = 0; i < count; ++i) {
      std::string reason = compare(a_.calls[i], b_.calls[i]);
      if (!reason.empty())
        return text("call ", i, ": ", reason, "\n  first:  ", describe(a_.calls[i]),
                    "\n  second: ", describe(b_.calls[i]));
    }
    if (a_.calls.size() != b_.calls.size())
      return text("the step made ", a_.calls.size(), " calls, then ", b_.calls.size());
    if (a_.outputs.size() != b_.outputs.size()) return "the number of outputs changed";
    for (size_t i = 0; i < a_.outputs.size(); ++i) {
      std::string reason = operand(a_.outputs[i], b_.outputs[i]);
      if (!reason.empty()) return text("output ", i, ": ", reason);
    }
    return "";
  }

 private:
  std::string compare(const Call& a, const Call& b) {
    if (a.op != b.op) return text("the op changed from ", a.op->name, " to ", b.op->name);
    if (!a.attrs->equals(*b.attrs)) return "an attribute changed";
    if (a.inputs.size() != b.inputs.size()) return "the number of arguments changed";
    for (size_t i = 0; i < a.inputs.size(); ++i) {
      std::string reason = operand(a.inputs[i], b.inputs[i]);
      if (!reason.empty()) return text("argument ", i, ": ", reason);
    }
    for (size_t i = 0; i < a.outputs.size(); ++i) {
      if (!same_spec(a.outputs[i], b.outputs[i])) return "the shape of an output changed";
      numbers_a_.define(a.outputs[i]);
      numbers_b_.define(b.outputs[i]);
    }
    return "";
  }

  std::string operand(const Tensor& a, const Tensor& b) {
    const int64_t number = numbers_a_.find(a);
    if (number != numbers_b_.find(b)) return "it comes from another place";
    if (number >= 0) return "";
    const bool constant = a_.constants.contains(a.get()) && b_.constants.contains(b.get());
    if (constant ? !same_content(a, b) : !same_place(a, b))
      return constant ? "a constant (a NumPy array or Python number) changed"
                      : "another tensor from outside the step is used";
    numbers_a_.define(a);
    numbers_b_.define(b);
    return "";
  }

  const Recording& a_;
  const Recording& b_;
  Numbering numbers_a_, numbers_b_;
};

// Calls whose result nobody reads are left out. Calls that write their inputs, and host functions
// (which may have effects), stay.
std::vector<Call> without_unused(std::vector<Call> calls, const Storages& pinned) {
  Storages used = pinned;
  std::vector<Call> kept;
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
    bool needed = call->op->name == "host";
    for (size_t i = 0; i < call->inputs.size(); ++i) needed |= call->op->writes(*call, i);
    for (const Tensor& out : call->outputs) needed |= used.contains(out->storage.get());
    if (!needed) continue;
    for (const Tensor& in : call->inputs) used.insert(in->storage.get());
    kept.push_back(std::move(*call));
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

// The storages a recording made itself: outputs that are no views.
std::vector<std::shared_ptr<Storage>> made_storages(const Recording& recording) {
  std::unordered_set<const Storage*> foreign;
  std::vector<std::shared_ptr<Storage>> made;
  std::unordered_set<const Storage*> seen;
  for (const Tensor& input : recording.inputs) foreign.insert(input->storage.get());
  for (const Call& call : recording.calls) {
    for (const Tensor& in : call.inputs)
      if (!seen.contains(in->storage.get())) foreign.insert(in->storage.get());
    for (const Tensor& out : call.outputs)
      if (!foreign.contains(out->storage.get()) && seen.insert(out->storage.get()).second)
        made.push_back(out->storage);
  }
  return made;
}

// The storages that rewrites of the recording added.
std::vector<std::shared_ptr<Storage>> added_storages(const Recording& recording,
                                                     const std::vector<Call>& calls) {
  Storages known;
  for (const Call& call : recording.calls)
    for (const Tensors* tensors : {&call.inputs, &call.outputs})
      for (const Tensor& tensor : *tensors) known.insert(tensor->storage.get());
  std::vector<std::shared_ptr<Storage>> added;
  for (const Call& call : calls)
    for (const Tensor& out : call.outputs)
      if (known.insert(out->storage.get()).second) added.push_back(out->storage);
  return added;
}

// Made storages that something outside the recording holds: through a tensor (a stashed
// activation, a Python handle) or through another view of the storage.
Storages held_storages(const Recording& recording,
                       const std::vector<std::shared_ptr<Storage>>& made) {
  std::unordered_map<const TensorData*, long> references;
  std::unordered_map<const TensorData*, const Tensor*> tensors;
  auto count = [&](const Tensor& tensor) {
    ++references[tensor.get()];
    tensors[tensor.get()] = &tensor;
  };
  for (const Call& call : recording.calls) {
    for (const Tensor& in : call.inputs) count(in);
    for (const Tensor& out : call.outputs) count(out);
  }
  for (const Tensor& output : recording.outputs) count(output);
  for (const Tensor& input : recording.inputs) count(input);
  for (const Tensor& constant : recording.kept) count(constant);
  std::unordered_map<const Storage*, long> storage_references;
  Storages own, held;
  for (const auto& storage : made) own.insert(storage.get());
  for (const auto& [data, tensor] : tensors) {
    const Storage* storage = data->storage.get();
    ++storage_references[storage];
    if (own.contains(storage) && tensor->use_count() > references[data]) held.insert(storage);
  }
  // `made` itself holds one reference.
  for (const auto& storage : made)
    if (storage.use_count() > storage_references[storage.get()] + 1) held.insert(storage.get());
  return held;
}

void release_others(const std::vector<std::shared_ptr<Storage>>& made, const Storages& kept) {
  for (const auto& storage : made)
    if (!kept.contains(storage.get())) storage->release();
}

}  // namespace

// Small enough that a thread is soon back at the step.
constexpr int64_t kGatheredAtOnce = 16384;

[[gnu::cold]] std::string difference(const Recording& a, const Recording& b) {
  return Comparison(a, b).run();
}

bool is_held(const Recording& recording) {
  return !held_storages(recording, made_storages(recording)).empty();
}

[[gnu::cold]] void release_values(const Recording& recording) {
  const auto made = made_storages(recording);
  Storages kept = held_storages(recording, made);
  for (const Tensor& output : recording.outputs) kept.insert(output->storage.get());
  release_others(made, kept);
}

[[gnu::cold]] Program::Program(Recording recording) : recording_(std::move(recording)) {
  check(recording_.obstacle.empty(), "This step can not be replayed: ", recording_.obstacle);
  auto made = made_storages(recording_);
  const Storages held = held_storages(recording_, made);
  has_held_ = !held.empty();
  Storages outputs;
  for (const Tensor& output : recording_.outputs) outputs.insert(output->storage.get());

  Storages pinned = held;
  pinned.insert(outputs.begin(), outputs.end());
  std::vector<Call> calls = fuse(without_unused(recording_.calls, pinned), pinned);
  for (auto& storage : added_storages(recording_, calls)) made.push_back(std::move(storage));

  // Lifetimes of what will live in the arena.
  std::unordered_map<const Storage*, Placement> lifetimes;
  std::unordered_set<const Storage*> planned;
  for (const auto& storage : made)
    if (!pinned.contains(storage.get())) planned.insert(storage.get());
  for (size_t i = 0; i < calls.size(); ++i) {
    auto touch = [&](const Tensor& tensor) {
      const Storage* storage = tensor->storage.get();
      if (!planned.contains(storage)) return;
      auto [it, first_use] = lifetimes.try_emplace(storage, Placement{i, i, storage->bytes, 0});
      it->second.last = i;
    };
    for (const Tensor& in : calls[i].inputs) touch(in);
    for (const Tensor& out : calls[i].outputs) touch(out);
  }
  std::unordered_map<const Storage*, size_t> index;
  for (const auto& storage : made) {
    auto it = lifetimes.find(storage.get());
    if (it == lifetimes.end()) continue;
    index.emplace(storage.get(), placements_.size());
    placements_.push_back(it->second);
  }
  const size_t bytes = place(placements_);
  if (bytes) arena_ = std::make_shared<Storage>(bytes, true);

  // New tensors on the planned memory; the recording keeps its own, so that an audit can compare.
  std::unordered_map<const Storage*, std::shared_ptr<Storage>> homes;
  for (const Tensor& input : recording_.inputs) {
    auto slot = std::make_shared<TensorData>(*input);
    // The slot points to its buffer, or for a moment to the caller's memory: it owns neither.
    slot_buffers_.push_back(std::make_shared<Storage>(input->bytes(), true));
    slot->storage =
        std::make_shared<Storage>(slot_buffers_.back()->data, input->bytes(), slot_buffers_.back());
    slot->offset = 0;
    homes.emplace(input->storage.get(), slot->storage);
    slots_.push_back(slot);
  }
  for (const auto& [storage, i] : index)
    homes.emplace(storage, std::make_shared<Storage>(arena_->data + placements_[i].offset,
                                                     placements_[i].bytes, arena_));
  for (const auto& storage : made)  // results: the program's own memory
    if (outputs.contains(storage.get()) && !held.contains(storage.get()))
      homes.emplace(storage.get(), std::make_shared<Storage>(storage->bytes));

  std::unordered_map<const TensorData*, Tensor> moved;
  auto move = [&](const Tensor& tensor) -> Tensor {
    auto home = homes.find(tensor->storage.get());
    if (home == homes.end()) return tensor;
    Tensor& slot = moved[tensor.get()];
    if (!slot) {
      slot = std::make_shared<TensorData>(*tensor);
      slot->storage = home->second;
    }
    return slot;
  };
  for (size_t i = 0; i < recording_.inputs.size(); ++i)
    moved[recording_.inputs[i].get()] = slots_[i];
  for (Call& call : calls) {
    for (Tensor& in : call.inputs) in = move(in);
    for (Tensor& out : call.outputs) out = move(out);
  }
  for (const Tensor& output : recording_.outputs) outputs_.push_back(move(output));
  calls_ = std::move(calls);
  for (const Call& call : recording_.calls)
    for (size_t i = 0; i < call.inputs.size(); ++i)
      for (const Tensor& input : recording_.inputs)
        writes_inputs_ |= call.inputs[i]->storage == input->storage && call.op->writes(call, i);

  // The recording is kept for its structure only: its memory goes back, except what is compared
  // by content or identity.
  release_others(made, pinned);
}

std::string Program::difference_from(const Recording& recording) const {
  return difference(recording_, recording);
}

void Program::write_feeds(const std::vector<Feed>& feeds, int64_t step) const {
  for (const Feed& feed : feeds) {
    const size_t bytes = feed.target->bytes();
    std::memcpy(feed.target->data<char>(), static_cast<const char*>(feed.rows) + step * bytes,
                bytes);
  }
}

void Program::run_calls() const {
  for (const Call& call : calls_) call.op->run(call);
}

Tensors Program::copy_outputs() const {
  Tensors copies;
  for (const Tensor& output : outputs_) {
    copies.push_back(empty(output->shape, output->dtype));
    std::memcpy(copies.back()->data<char>(), output->data<char>(), output->bytes());
  }
  return copies;
}

Program::Result Program::replay(const BatchSource& source, const std::vector<Feed>& feeds,
                                int64_t steps, double seconds,
                                const std::vector<std::byte*>& sinks) {
  check(source.count == static_cast<int64_t>(slots_.size()), "The program takes ", slots_.size(),
        " inputs. Received: a source of ", source.count);
  for (size_t i = 0; i < slots_.size(); ++i)
    check(source.bytes[i] == static_cast<int64_t>(slots_[i]->bytes()), "Input ", i,
          " of the program is ", slots_[i]->dtype, ' ', slots_[i]->shape,
          ". Received: a source of batches of ", source.bytes[i], " bytes");
  std::lock_guard lock(mutex_);
  FlushDenormals flush;
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  // While a step computes, threads that wait gather the next batch, into the other one of two
  // buffers; without such help it is gathered when its time has come.
  const size_t count = slots_.size();
  std::vector<std::shared_ptr<Storage>> buffers = slot_buffers_;
  std::vector<void*> targets;
  IdleLoop gathering;  // behind what it fills: it ends first
  if (gathering.has_help())
    for (const Tensor& slot : slots_) buffers.push_back(std::make_shared<Storage>(slot->bytes()));
  const size_t other = buffers.size() - count;
  const auto in_place = [&](size_t i) { return writes_inputs_ ? nullptr : source.in_place[i]; };
  int64_t bytes = 0;  // to gather for a step
  for (size_t i = 0; i < count; ++i)
    if (!in_place(i)) bytes += source.bytes[i];
  for (size_t i = 0; i < buffers.size(); ++i)
    targets.push_back(in_place(i % count) ? nullptr : buffers[i]->data);
  const int64_t chunks = std::clamp(bytes / kGatheredAtOnce, int64_t{1}, source.rows);
  const auto gather = [&](int64_t step) {
    if (bytes == 0) return;
    gathering.start(chunks, [&, step](int64_t chunk) {
      source.fill(source.context, step, source.rows * chunk / chunks,
                  source.rows * (chunk + 1) / chunks, targets.data() + step % 2 * other);
    });
  };
  gather(0);
  int64_t step = 0;
  while (step < steps) {
    write_feeds(feeds, step);
    gathering.finish();
    for (size_t i = 0; i < count; ++i) {
      std::byte* own = in_place(i);
      slots_[i]->storage->data =
          own ? own + step * source.bytes[i] : buffers[step % 2 * other + i]->data;
    }
    if (step + 1 < steps) gather(step + 1);
    run_calls();
    for (size_t i = 0; i < sinks.size(); ++i)
      std::memcpy(sinks[i] + step * outputs_[i]->bytes(), outputs_[i]->data<char>(),
                  outputs_[i]->bytes());
    ++step;
    if (Clock::now() >= deadline) break;
  }
  return {step, copy_outputs()};
}

void Program::take_inputs(const Tensors& inputs) {
  check(inputs.size() == slots_.size(), "The program takes ", slots_.size(),
        " inputs. Received: ", inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    check(same_spec(inputs[i], slots_[i]), "Input ", i, " of the program is ", slots_[i]->dtype,
          ' ', slots_[i]->shape, ". Received: ", inputs[i]->dtype, ' ', inputs[i]->shape);
    check_has_values(inputs[i]);
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    slots_[i]->storage->data = inputs[i]->data<std::byte>();
}

Tensors Program::replay(const Tensors& inputs, const std::vector<Feed>& feeds) {
  std::lock_guard lock(mutex_);
  take_inputs(inputs);
  FlushDenormals flush;
  write_feeds(feeds, 0);
  run_calls();
  return copy_outputs();
}

std::vector<double> Program::time_calls(const Tensors& inputs, int64_t repetitions) {
  std::lock_guard lock(mutex_);
  take_inputs(inputs);
  FlushDenormals flush;
  using Clock = std::chrono::steady_clock;
  std::vector<double> least(calls_.size(), std::numeric_limits<double>::infinity());
  for (int64_t i = 0; i < repetitions; ++i) {
    for (size_t c = 0; c < calls_.size(); ++c) {
      const auto start = Clock::now();
      calls_[c].op->run(calls_[c]);
      const std::chrono::duration<double> taken = Clock::now() - start;
      least[c] = std::min(least[c], taken.count());
    }
  }
  return least;
}

[[gnu::cold]] std::string Program::describe() const {
  std::ostringstream out;
  out << calls_.size() << " calls, " << placements_.size() << " buffers in an arena of "
      << arena_bytes() << " bytes\n";
  for (size_t i = 0; i < calls_.size(); ++i)
    out << "  " << i << "  " << pyclr::describe(calls_[i]) << '\n';
  return out.str();
}

}  // namespace pyclr
