// Rewrites of a Program's calls: one function per rule. A rule keeps the arithmetic - the same
// operations in the same order - so that a replay has the bits of the eager step.
#include <algorithm>
#include <unordered_map>

#include "ops/ops.h"
#include "program.h"

namespace pyclr {

namespace {

// Who makes each tensor, and who uses each storage.
struct Uses {
  std::unordered_map<const TensorData*, size_t> producer;
  std::unordered_map<const Storage*, size_t> readers;
  Storages written;  // in place, by a call that updates its input

  explicit Uses(const std::vector<Call>& calls) {
    for (size_t i = 0; i < calls.size(); ++i) {
      for (size_t j = 0; j < calls[i].inputs.size(); ++j) {
        const Storage* storage = calls[i].inputs[j]->storage.get();
        ++readers[storage];
        if (calls[i].op->writes(calls[i], j)) written.insert(storage);
      }
      for (const Tensor& out : calls[i].outputs) producer[out.get()] = i;
    }
  }
  // The call that makes `tensor`, if it is one of `op`.
  Call* maker(std::vector<Call>& calls, const Tensor& tensor, const Op& op) const {
    auto source = producer.find(tensor.get());
    if (source == producer.end() || calls[source->second].op != &op) return nullptr;
    return &calls[source->second];
  }
  bool is_read(const Tensor& tensor, const Storages& pinned) const {
    const Storage* storage = tensor->storage.get();
    return readers.contains(storage) || pinned.contains(storage);
  }
  bool read_once(const Tensor& tensor, const Storages& pinned) const {
    const Storage* storage = tensor->storage.get();
    return readers.at(storage) == 1 && !pinned.contains(storage);
  }
};

// Leaves out the calls that are gone.
void remove(std::vector<Call>& calls, const std::vector<bool>& gone) {
  std::vector<Call> kept;
  for (size_t i = 0; i < calls.size(); ++i)
    if (!gone[i]) kept.push_back(std::move(calls[i]));
  calls = std::move(kept);
}

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
  const Uses uses(calls);
  std::vector<bool> gone(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].op != &relu_op || !uses.read_once(calls[i].in(0), pinned)) continue;
    // Their gradient ops carry the attribute as well, and ignore it.
    Call* product = uses.maker(calls, calls[i].in(0), dense_op);
    if (!product) product = uses.maker(calls, calls[i].in(0), conv2d_op);
    if (!product) continue;
    SetActivation change;
    change.from = "linear", change.to = "relu";
    auto attrs = product->attrs->clone();
    attrs->visit_fields(change);
    if (!change.done) continue;
    product->attrs = std::move(attrs);
    product->outputs = calls[i].outputs;
    gone[i] = true;
  }
  remove(calls, gone);
}

struct SetShape final : FieldVisitor {
  using FieldVisitor::visit;
  std::vector<int64_t> shape;
  void visit(const char* name, std::vector<int64_t>& value) override {
    if (std::string_view(name) == "shape") value = shape;
  }
};

// Is `gradient` max_pool2d_gradient of what `pool` did?
bool is_gradient_of(const Call& gradient, const Call& pool) {
  if (gradient.in(1) != pool.out(1)) return false;
  SetShape change;
  change.shape.assign(pool.in(0)->shape.begin(), pool.in(0)->shape.end());
  auto attrs = pool.attrs->clone();
  attrs->visit_fields(change);
  return attrs->equals(*gradient.attrs);
}

// y = relu(..), max-pooled; in the backward pass max_pool2d_gradient and of it relu_gradient by y
// -> relu_gradient by the maxima, which are fewer, and max_pool2d_gradient of that. A window's
// gradient goes to an element that equals its maximum.
void relu_gradient_before_unpooling(std::vector<Call>& calls, const Storages& pinned) {
  const Uses uses(calls);
  for (Call& relu : calls) {
    if (relu.op != &relu_gradient_op || !uses.read_once(relu.in(0), pinned)) continue;
    Call* unpool = uses.maker(calls, relu.in(0), max_pool2d_gradient_op);
    if (!unpool) continue;
    const Call* pool = uses.maker(calls, unpool->in(1), max_pool2d_op);
    if (!pool || pool->in(0) != relu.in(1) || !is_gradient_of(*unpool, *pool)) continue;
    const Tensor &dy = unpool->in(0), &maxima = pool->out(0);
    if (uses.written.contains(relu.in(1)->storage.get()) ||
        uses.written.contains(maxima->storage.get()) || uses.written.contains(dy->storage.get()))
      continue;
    const Tensor masked = empty(dy->shape, dy->dtype);
    const Call moved{unpool->op, {masked, unpool->in(1)}, relu.outputs, unpool->attrs};
    *unpool = {relu.op, {dy, maxima}, {masked}, relu.attrs};
    relu = moved;
  }
}

// conv2d, then max_pool2d of it that alone reads it -> one call, in the place of conv2d.
void max_pool_into_convolution(std::vector<Call>& calls, const Storages& pinned) {
  const Uses uses(calls);
  std::vector<bool> gone(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].op != &max_pool2d_op || !uses.read_once(calls[i].in(0), pinned)) continue;
    Call* conv = uses.maker(calls, calls[i].in(0), conv2d_op);
    gone[i] = conv && fuse_max_pool(*conv, calls[i]);
    if (gone[i] && !uses.is_read(conv->outputs[1], pinned)) conv->outputs.pop_back();
  }
  remove(calls, gone);
}

// max_pool2d_gradient that only the gradients of a convolution read -> gradients by the maxima's
// gradient, without the zeros in between.
void unpooling_into_gradients(std::vector<Call>& calls, const Storages& pinned) {
  const Uses uses(calls);
  std::vector<bool> gone(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    const Call& unpool = calls[i];
    if (unpool.op != &max_pool2d_gradient_op) continue;
    const Storage* made = unpool.out()->storage.get();
    if (pinned.contains(made) || uses.written.contains(unpool.in(0)->storage.get()) ||
        uses.written.contains(unpool.in(1)->storage.get()))
      continue;
    const auto reads = [made](const Call& call) {
      return std::any_of(call.inputs.begin(), call.inputs.end(),
                         [made](const Tensor& in) { return in->storage.get() == made; });
    };
    std::vector<std::pair<size_t, Call>> fused;
    bool all = true;
    for (size_t j = i + 1; j < calls.size() && all; ++j) {
      if (!reads(calls[j])) continue;
      std::optional<Call> other = pooled_gradient(calls[j], unpool);
      all = other && !reads(*other);
      if (all) fused.emplace_back(j, std::move(*other));
    }
    if (!all) continue;
    gone[i] = true;
    for (auto& [j, call] : fused) calls[j] = std::move(call);
  }
  remove(calls, gone);
}

constexpr int64_t kLarge = 1 << 18;  // elements of a gradient that does not stay in a cache

// dense_weight_gradient of which only an optimizer's update reads -> made within the update, so
// that a large gradient does not go through memory. Its factors live on until then: not for
// gradients that are smaller than they are.
void weight_gradient_into_update(std::vector<Call>& calls, const Storages& pinned) {
  const Uses uses(calls);
  std::vector<bool> gone(calls.size());
  for (Call& call : calls) {
    for (const Tensor& gradient : Tensors(call.inputs)) {
      const Call* product = uses.maker(calls, gradient, dense_weight_gradient_op);
      if (!product || !uses.read_once(gradient, pinned)) continue;
      const Tensor &x = product->in(0), &dy = product->in(1);
      if (gradient->size() < kLarge || x->size() + dy->size() > 2 * gradient->size() ||
          uses.written.contains(x->storage.get()) || uses.written.contains(dy->storage.get()))
        continue;
      if (product_into_update(call, *product)) gone[product - calls.data()] = true;
    }
  }
  remove(calls, gone);
}

}  // namespace

std::vector<Call> fuse(std::vector<Call> calls, const Storages& pinned) {
  relu_into_epilogue(calls, pinned);
  relu_gradient_before_unpooling(calls, pinned);
  unpooling_into_gradients(calls, pinned);
  max_pool_into_convolution(calls, pinned);
  weight_gradient_into_update(calls, pinned);
  pointwise_calls_into_chains(calls, pinned);
  return calls;
}

}  // namespace pyclr
