#include "tape.h"

#include <unordered_map>

#include "ops/ops.h"

namespace pyclr {

Tape::~Tape() { std::erase(engine().tapes, this); }

void Tape::watch(const Tensor& tensor) {
  if (tracked_.insert(tensor.get()).second) watched_.push_back(tensor);
}

void Tape::append(const Call& call) {
  const bool tracked = std::any_of(call.inputs.begin(), call.inputs.end(),
                                   [&](const Tensor& t) { return watches(t); });
  if (!tracked) return;
  bool kept = false;
  for (const Tensor& output : call.outputs)
    if (is_float(output->dtype)) kept |= tracked_.insert(output.get()).second;
  if (kept) calls_.push_back(call);
}

Tensors Tape::variables() const {
  Tensors result;
  std::unordered_set<const TensorData*> seen;
  for (const Call& call : calls_)
    for (const Tensor& input : call.inputs)
      if (input->trainable && seen.insert(input.get()).second) result.push_back(input);
  return result;
}

Tensors Tape::gradient(const Tensors& targets, const Tensors& sources, const Tensors& seeds) const {
  std::unordered_map<const TensorData*, Tensor> gradients;
  auto accumulate = [&](const Tensor& tensor, const Tensor& gradient) {
    Tensor& slot = gradients[tensor.get()];
    slot = slot ? add(slot, gradient) : gradient;
  };
  for (size_t i = 0; i < targets.size(); ++i) {
    check_type(
        is_float(targets[i]->dtype),
        "The target of a gradient must be floating point. Received: dtype=", targets[i]->dtype);
    accumulate(targets[i], i < seeds.size() && seeds[i] ? seeds[i] : full_like(targets[i], 1.0));
  }
  // A source stays in the map when its producer is passed, because it is asked for by name.
  const std::unordered_set<const TensorData*> wanted = [&] {
    std::unordered_set<const TensorData*> set;
    for (const Tensor& source : sources) set.insert(source.get());
    return set;
  }();
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    Tensors dy;
    bool reached = false;
    for (const Tensor& output : call->outputs) {
      auto it = gradients.find(output.get());
      dy.push_back(it == gradients.end() ? nullptr : it->second);
      reached |= dy.back() != nullptr;
      // Freed here so that a big gradient does not outlive its use.
      if (it != gradients.end() && !wanted.contains(output.get())) gradients.erase(it);
    }
    if (!reached) continue;
    check(call->op->vjp != nullptr, "The op '", call->op->name, "' has no gradient.");
    Needs needs(call->inputs.size());
    for (size_t i = 0; i < needs.size(); ++i) needs[i] = watches(call->in(i));
    Tensors dx = call->op->vjp(*call, dy, needs);
    for (size_t i = 0; i < dx.size(); ++i)
      if (dx[i] && needs[i]) accumulate(call->in(i), dx[i]);
  }
  Tensors results;
  for (const Tensor& source : sources) {
    auto it = gradients.find(source.get());
    results.push_back(it == gradients.end() ? nullptr : it->second);
  }
  return results;
}

}  // namespace pyclr
