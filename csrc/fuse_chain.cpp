// Which pointwise calls become chains (ops/chain.h). A chain stands where its last member stood:
// the others move down to it, past calls that neither read what they make nor write what they read.
#include <algorithm>
#include <list>
#include <unordered_map>

#include "ops/chain.h"

namespace pyclr {

namespace {

struct Group {
  int64_t size = 0;  // of the results
  std::vector<size_t> members;
  std::unordered_set<const TensorData*> tensors;  // of that size: made or read
  Storages made, read;

  void add(size_t index, const Call& call) {
    members.push_back(index);
    tensors.insert(call.out().get());
    made.insert(call.out()->storage.get());
    for (const Tensor& in : call.inputs) {
      if (in->size() == size) tensors.insert(in.get());
      read.insert(in->storage.get());
    }
  }
  void merge(Group& other) {
    members.insert(members.end(), other.members.begin(), other.members.end());
    tensors.merge(other.tensors);
    made.merge(other.made);
    read.merge(other.read);
  }
  // Memory is saved: the call reads what a member makes or reads.
  bool suits(const Call& call) const {
    return std::any_of(call.inputs.begin(), call.inputs.end(),
                       [this](const Tensor& in) { return tensors.contains(in.get()); });
  }
  // Must the members stay before the call?
  bool is_needed_by(const Call& call) const {
    if (call.op->name == "host") return true;  // may have effects
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      const Storage* storage = call.inputs[i]->storage.get();
      if (made.contains(storage)) return true;
      if (read.contains(storage) && call.op->writes(call, i)) return true;
    }
    return false;
  }
};

std::vector<Group> groups_of(const std::vector<Call>& calls) {
  std::list<Group> open;  // those that can still move down
  std::vector<Group> closed;
  for (size_t i = 0; i < calls.size(); ++i) {
    const Call& call = calls[i];
    const bool pointwise = call.op->elements && call.out()->size() > 0;
    Group joined;
    if (pointwise) joined.size = call.out()->size();
    for (auto group = open.begin(); group != open.end();) {
      if (pointwise && group->size == joined.size && group->suits(call)) {
        joined.merge(*group);
      } else if (group->is_needed_by(call)) {
        closed.push_back(std::move(*group));
      } else {
        ++group;
        continue;
      }
      group = open.erase(group);
    }
    if (!pointwise) continue;
    joined.add(i, call);
    open.push_back(std::move(joined));
  }
  closed.insert(closed.end(), std::make_move_iterator(open.begin()),
                std::make_move_iterator(open.end()));
  return closed;
}

// Whether a chain of one is faster: an operand broadcasts along short rows, and alone the call's
// kernel runs once for each.
bool has_short_rows(const Call& call) {
  constexpr int64_t kShort = 64;
  const int64_t size = call.out()->size();
  return call.op->name != "broadcast_to" && call.out()->shape.last() < kShort &&
         std::any_of(
             call.inputs.begin(), call.inputs.end(),
             [=](const Tensor& in) { return in->size() != 1 && in->size() != size; });
}

}  // namespace

void pointwise_calls_into_chains(std::vector<Call>& calls, const Storages& pinned) {
  std::unordered_map<const Storage*, size_t> reads;
  for (const Call& call : calls)
    for (const Tensor& in : call.inputs) ++reads[in->storage.get()];
  std::vector<bool> gone(calls.size());
  for (Group& group : groups_of(calls)) {
    if (group.members.size() < 2 && !has_short_rows(calls[group.members[0]])) continue;
    std::sort(group.members.begin(), group.members.end());
    std::vector<const Call*> members;
    std::unordered_map<const Storage*, size_t> own_reads;
    for (size_t i : group.members) {
      members.push_back(&calls[i]);
      for (const Tensor& in : calls[i].inputs) ++own_reads[in->storage.get()];
      gone[i] = true;
    }
    Call chain = make_chain(members, [&](const Tensor& made) {
      const Storage* storage = made->storage.get();
      return pinned.contains(storage) || own_reads[storage] < reads[storage];
    });
    calls[group.members.back()] = std::move(chain);
    gone[group.members.back()] = false;
  }
  remove(calls, gone);
}

}  // namespace pyclr
