// Rewrites of a Program's calls: one function per rule. A rule keeps the arithmetic - the same
// operations in the same order - so that a replay has the bits of the eager step.
#include <unordered_map>

#include "program.h"

namespace pyclr {

namespace {

struct SetActivation final : FieldVisitor {
  using FieldVisitor::visit;
  std::string from, to;
  bool done = false;
  void visit(const char* name, std::string& value) override {
    if (std::string_view(name) == "activation" && value == from) value = to, done = true;
  }
};

// dense or conv2d, then relu of it that alone reads it -> relu in the epilogue of the matrix
// product. relu's gradient needs only its output.
void relu_into_epilogue(std::vector<Call>& calls, const Storages& pinned) {
  std::unordered_map<const Storage*, size_t> readers;
  std::unordered_map<const TensorData*, size_t> producer;
  for (size_t i = 0; i < calls.size(); ++i) {
    for (const Tensor& in : calls[i].inputs) ++readers[in->storage.get()];
    for (const Tensor& out : calls[i].outputs) producer[out.get()] = i;
  }
  std::vector<Call> kept;
  std::vector<bool> gone(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].op->name != "relu") continue;
    const Tensor& x = calls[i].in(0);
    auto source = producer.find(x.get());
    if (source == producer.end() || readers[x->storage.get()] != 1 ||
        pinned.contains(x->storage.get()))
      continue;
    Call& product = calls[source->second];
    // Their gradient ops carry the attribute as well, and ignore it.
    if (product.op->name != "dense" && product.op->name != "conv2d") continue;
    SetActivation change;
    change.from = "linear", change.to = "relu";
    auto attrs = product.attrs->clone();
    attrs->visit_fields(change);
    if (!change.done) continue;
    product.attrs = std::move(attrs);
    product.outputs = calls[i].outputs;
    gone[i] = true;
  }
  for (size_t i = 0; i < calls.size(); ++i)
    if (!gone[i]) kept.push_back(std::move(calls[i]));
  calls = std::move(kept);
}

}  // namespace

std::vector<Call> fuse(std::vector<Call> calls, const Storages& pinned) {
  relu_into_epilogue(calls, pinned);
  return calls;
}

}  // namespace pyclr
