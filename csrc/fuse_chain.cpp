// Which pointwise calls become chains (ops/chain.h). A chain stands where its last member stood:
// the others move down to it, past calls that neither read what they make nor write what they read.
// A small result of what they make, such as the mean of a loss, does not end a chain before the
// gradient joins it: it is made behind the chain.
#include <algorithm>
#include <list>
#include <unordered_map>

#include "ops/chain.h"

namespace pyclr {

namespace {

// What calls use.
struct Touched {
  Storages made, read;  // made or written; read

  void add(const Call& call) {
    for (size_t i = 0; i < call.inputs.size(); ++i)
      (call.op->writes(call, i) ? made : read).insert(call.inputs[i]->storage.get());
    for (const Tensor& out : call.outputs) made.insert(out->storage.get());
  }
  void merge(Touched& other) {
    made.merge(other.made);
    read.merge(other.read);
  }
  // Must those calls stay before this one?
  bool are_needed_by(const Call& call) const {
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      const Storage* storage = call.inputs[i]->storage.get();
      if (made.contains(storage) || (read.contains(storage) && call.op->writes(call, i)))
        return true;
    }
    return false;
  }
};

struct Group {
  int64_t size = 0;                   // of the results
  std::vector<size_t> members, late;  // late: calls that wait until all members are there
  std::unordered_set<const TensorData*> tensors;  // of that size, which members use
  Touched by_members, by_late;

  void add(size_t index, const Call& call) {
    members.push_back(index);
    by_members.add(call);
    for (const Tensors* list : {&call.inputs, &call.outputs})
      for (const Tensor& tensor : *list)
        if (tensor->size() == size) tensors.insert(tensor.get());
  }
  void add_late(size_t index, const Call& call) {
    late.push_back(index);
    by_late.add(call);
  }
  void merge(Group& other) {
    members.insert(members.end(), other.members.begin(), other.members.end());
    late.insert(late.end(), other.late.begin(), other.late.end());
    tensors.merge(other.tensors);
    by_members.merge(other.by_members);
    by_late.merge(other.by_late);
  }
  // Memory is saved by taking in a call that uses what a member uses.
  bool suits(const Call& call, const std::vector<Call>& calls) const {
    return std::any_of(call.inputs.begin(), call.inputs.end(),
                       [this](const Tensor& in) { return tensors.contains(in.get()); }) &&
           !by_late.are_needed_by(call) && is_in_step(call, calls);
  }
  // Whether the call reads what members write, and the other way round, element by element; and
  // what is written has memory of its own.
  bool is_in_step(const Call& call, const std::vector<Call>& calls) const {
    const auto clash = [](const Call& writer, const Call& other) {
      if (!writer.outputs.empty()) return false;
      const TensorData& written = *writer.in(0);
      const bool is_made = !other.outputs.empty() && other.out()->storage == written.storage;
      return is_made ||
             std::any_of(other.inputs.begin(), other.inputs.end(), [&](const Tensor& in) {
               return in->storage == written.storage &&
                      (in->offset != written.offset || in->size() != written.size());
             });
    };
    return !clash(call, call) && std::none_of(members.begin(), members.end(), [&](size_t i) {
      return clash(calls[i], call) || clash(call, calls[i]);
    });
  }
  // Must the members stay before the call, or those that wait for them?
  bool is_needed_by(const Call& call) const {
    return call.op->name == "host" ||  // may have effects
           by_members.are_needed_by(call) || by_late.are_needed_by(call);
  }
  // Does the call wait for the members? What it makes and writes is small then, which does not keep
  // much memory in use for longer.
  bool makes_wait(const Call& call) const {
    constexpr int64_t kTimes = 16;
    if (!is_needed_by(call) || call.op->name == "host") return false;
    const auto small = [this](const Tensor& x) { return x->size() * kTimes <= size; };
    for (size_t i = 0; i < call.inputs.size(); ++i)
      if (call.op->writes(call, i) && !small(call.inputs[i])) return false;
    return std::all_of(call.outputs.begin(), call.outputs.end(), small);
  }
};

std::vector<Group> groups_of(const std::vector<Call>& calls) {
  std::list<Group> open;  // those that can still move down
  std::vector<Group> closed;
  for (size_t i = 0; i < calls.size(); ++i) {
    const Call& call = calls[i];
    const bool waits = std::any_of(open.begin(), open.end(),
                                   [&](const Group& group) { return group.makes_wait(call); });
    const bool pointwise = !waits && call.op->elements && result_of(call)->size() > 0;
    Group joined;
    if (pointwise) joined.size = result_of(call)->size();
    for (auto group = open.begin(); group != open.end();) {
      if (pointwise && group->size == joined.size && group->suits(call, calls)) {
        joined.merge(*group);
      } else if (group->makes_wait(call)) {
        (group++)->add_late(i, call);
        continue;
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
  const int64_t size = result_of(call)->size();
  return call.op->name != "broadcast_to" && result_of(call)->shape.last() < kShort &&
         std::any_of(
             call.inputs.begin(), call.inputs.end(),
             [=](const Tensor& in) { return in->size() != 1 && in->size() != size; });
}

// Joins calls, and says whether there were any to join.
bool join_calls(std::vector<Call>& calls, const Storages& pinned) {
  std::unordered_map<const Storage*, size_t> reads;
  for (const Call& call : calls)
    for (const Tensor& in : call.inputs) ++reads[in->storage.get()];
  std::vector<bool> gone(calls.size());
  // Where each call goes: a place among the present ones, at it or behind the call that stands
  // there.
  std::vector<std::pair<size_t, bool>> places(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) places[i].first = i;
  bool any = false;
  for (Group& group : groups_of(calls)) {
    if (group.members.size() < 2 && !has_short_rows(calls[group.members[0]])) continue;
    any = true;
    std::sort(group.members.begin(), group.members.end());
    const size_t last = group.members.back();
    std::vector<const Call*> members;
    std::unordered_map<const Storage*, size_t> own_reads;
    for (size_t i : group.members) {
      members.push_back(&calls[i]);
      for (const Tensor& in : calls[i].inputs) ++own_reads[in->storage.get()];
      gone[i] = i != last;
    }
    Call chain = make_chain(members, [&](const Tensor& made) {
      const Storage* storage = made->storage.get();
      return pinned.contains(storage) || own_reads[storage] < reads[storage];
    });
    calls[last] = std::move(chain);
    for (size_t i : group.late) places[i] = std::max(places[i], {last, true});
  }
  if (!any) return false;
  std::vector<size_t> order;
  for (size_t i = 0; i < calls.size(); ++i)
    if (!gone[i]) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return places[a] < places[b]; });
  std::vector<Call> sorted;
  for (size_t i : order) sorted.push_back(std::move(calls[i]));
  calls = std::move(sorted);
  return true;
}

}  // namespace

void pointwise_calls_into_chains(std::vector<Call>& calls, const Storages& pinned) {
  // Calls that wait for a chain become chains of their own thereafter.
  while (join_calls(calls, pinned)) {
  }
}

}  // namespace pyclr
