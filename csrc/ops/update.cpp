// Optimizer updates: one Call over all variables.
//
// inputs: hyper (float64 vector, columns as in kernels/update.inc), iterations (int64 scalar), with
// `gated` a boolean scalar, then the variables, their gradients, and for each slot in use one
// tensor a variable. Writes everything but hyper, the gate and the gradients.
//
// `iterations` counts the calls; every `every`th of them updates. A closed gate means that nothing
// happens at all. Whether a call updates is thus decided by values, and a Program stays the same.
#include <bit>
#include <optional>

#include "ops/ops.h"
#include "parallel.h"

namespace pyclr {

namespace {

struct UpdateAttributes {
  int64_t count = 0;  // of variables
  int64_t slots = 0;  // bit i: slot i is in use
  bool flag = false;
  int64_t every = 1;               // calls for one update
  bool gated = false;              // whether there is a gate
  std::vector<int64_t> undecayed;  // indices of the variables without weight decay
  bool operator==(const UpdateAttributes&) const = default;
  void fields(auto&& v) {
    v("count", count), v("slots", slots), v("flag", flag), v("every", every);
    v("gated", gated), v("undecayed", undecayed);
  }
  size_t first() const { return gated ? 3 : 2; }  // the input that is the first variable
};

template <class T>
using UpdateKernel = void (*)(T*, const T*, T* const*, int64_t, const UpdateStep&);

// Names in a list of an update.inc entry.
size_t words(std::string_view list) {
  return list.empty() ? 0 : 1 + std::count(list.begin(), list.end(), ' ');
}

// The slots an update can not run without, as bits.
int64_t required_slots(std::string_view list) {
  int64_t bits = 0;
  for (int slot = 0; !list.empty(); ++slot) {
    const size_t end = std::min(list.find(' '), list.size());
    if (list[end - 1] != '?') bits |= int64_t{1} << slot;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return bits;
}

Specs infer_update(const Call& call, std::string_view slot_names, std::string_view hyper_names) {
  const auto& a = call.attrs_as<UpdateAttributes>();
  const int64_t required = required_slots(slot_names);
  check((a.slots & required) == required && a.slots >> words(slot_names) == 0, call.op->name,
        ": the slots are ", slot_names, " (? optional). Received: slots=", a.slots);
  const auto count = static_cast<size_t>(a.count);
  const size_t first = a.first();
  const size_t tensors = first + count * (2 + std::popcount(static_cast<uint64_t>(a.slots)));
  check(call.inputs.size() == tensors, call.op->name, ": ", tensors, " tensors are needed for ",
        count, " variables. Received: ", call.inputs.size());
  check(call.in(0)->dtype == DType::float64 &&
            call.in(0)->size() == static_cast<int64_t>(words(hyper_names)),
        call.op->name, ": hyper must be a float64 vector of ", hyper_names, ".");
  check(call.in(1)->dtype == DType::int64 && call.in(1)->size() == 1, call.op->name,
        ": iterations must be an int64 scalar.");
  check(!a.gated || (call.in(2)->dtype == DType::boolean && call.in(2)->size() == 1), call.op->name,
        ": the gate must be a boolean scalar.");
  check(a.every >= 1, call.op->name, ": every must be at least 1. Received: every=", a.every);
  for (const int64_t i : a.undecayed)
    check(i >= 0 && i < a.count, call.op->name, ": undecayed must hold indices of the ", a.count,
          " variables. Received: ", i);
  for (size_t i = first; i < tensors; ++i) {
    const TensorData& variable = *call.in(first + (i - first) % count);
    check(call.in(i)->shape == variable.shape && call.in(i)->dtype == variable.dtype &&
              is_float(variable.dtype),
          call.op->name,
          ": gradients and slots must have the shape and floating point dtype of "
          "their variable. Received: ",
          call.in(i)->dtype, ' ', call.in(i)->shape, " for a variable ", variable.dtype, ' ',
          variable.shape);
  }
  return {};
}

// A range of one variable: the unit of work, so that no thread waits for a big variable.
struct Piece {
  size_t variable;
  int64_t begin, end;
};

template <class T>
void run_update(const Call& call, UpdateKernel<T> kernel, const UpdateStep& step) {
  const auto& a = call.attrs_as<UpdateAttributes>();
  const auto count = static_cast<size_t>(a.count);
  const size_t first = a.first();
  std::vector<double> shares(count, step.learning_rate() * step.weight_decay());
  for (const int64_t i : a.undecayed) shares[i] = 0;
  constexpr int64_t kPiece = 16384;
  std::vector<Piece> pieces;
  for (size_t i = 0; i < count; ++i)
    if (call.in(first + i)->dtype == dtype_of<T>())
      for (int64_t at = 0; at < call.in(first + i)->size(); at += kPiece)
        pieces.push_back({i, at, std::min(at + kPiece, call.in(first + i)->size())});
  parallel_for(static_cast<int64_t>(pieces.size()), [&](int64_t p) {
    const Piece& piece = pieces[p];
    T* slots[kMaxSlots] = {};
    size_t at = first + 2 * count + piece.variable;
    for (int slot = 0; slot < kMaxSlots; ++slot) {
      if (!(a.slots >> slot & 1)) continue;
      slots[slot] = call.in(at)->data<T>() + piece.begin;
      at += count;
    }
    T* variable = call.in(first + piece.variable)->data<T>() + piece.begin;
    const int64_t n = piece.end - piece.begin;
    const double share = shares[piece.variable];
    if (share != 0) kernels().update.of(T{}).decay(variable, n, share);
    kernel(variable, call.in(first + count + piece.variable)->data<T>() + piece.begin, slots, n,
           step);
  });
}

bool update_writes(const Call& call, size_t input) {
  const auto& a = call.attrs_as<UpdateAttributes>();
  const auto count = static_cast<size_t>(a.count);
  if (input < a.first()) return input == 1;
  return input < a.first() + count || input >= a.first() + 2 * count;
}

// Counts the call; returns what its update needs, or nothing when it is none.
std::optional<UpdateStep> begin_step(const Call& call) {
  const auto& a = call.attrs_as<UpdateAttributes>();
  if (a.gated && !*call.in(2)->data<bool>()) return std::nullopt;
  const int64_t calls = ++*call.in(1)->data<int64_t>();
  if (calls % a.every != 0) return std::nullopt;
  UpdateStep step{};
  std::copy_n(call.in(0)->data<double>(), call.in(0)->size(), step.hyper);
  step.step = static_cast<double>(calls / a.every);
  step.flag = a.flag;
  return step;
}

#define UPDATE(NAME, slots, hyper, flag)                                                      \
  struct NAME##_update {                                                                      \
    static constexpr const char* name = #NAME;                                                \
    using Attributes = UpdateAttributes;                                                      \
    static Specs infer(const Call& call) { return infer_update(call, slots, hyper); }         \
    static void run(const Call& call) {                                                       \
      const std::optional<UpdateStep> step = begin_step(call);                                \
      if (!step) return;                                                                      \
      run_update<float>(call, kernels().update.f32.NAME, *step);                              \
      run_update<double>(call, kernels().update.f64.NAME, *step);                             \
    }                                                                                         \
    static bool writes(const Call& call, size_t input) { return update_writes(call, input); } \
  };
#include "kernels/update.inc"

}  // namespace

#define UPDATE(NAME, slots, hyper, flag) const Op NAME##_op = make_op<NAME##_update>();
#include "kernels/update.inc"

const std::vector<UpdateInfo>& update_infos() {
  static const std::vector<UpdateInfo> infos = {
#define UPDATE(NAME, slots, hyper, flag) {#NAME, slots, hyper, flag},
#include "kernels/update.inc"
  };
  return infos;
}

}  // namespace pyclr
