// Pointwise calls whose results have one size, as one call: a block of elements goes through all of
// them while it is in the nearest cache. Each computes what it computes alone: the same bits.
#include "ops/chain.h"

#include <atomic>
#include <unordered_map>

#include "kernels/blocking.h"
#include "ops/ops.h"
#include "ops/shape_ops.h"

namespace pyclr {

namespace {

constexpr int64_t kBlock = 2048;   // elements, at most
constexpr int64_t kLongRow = 512;  // elements of a row that are worth blocks of their own
constexpr int64_t kFar = 1 << 20;  // results: from here on, the next block is asked for in advance
constexpr int64_t kMostChunks = 256;
constexpr int64_t kWork = 16384;  // results of one member that are worth a thread's wake-up

// How an operand broadcasts: as units, which are one element many times, or a row of `period`
// elements many times. The last axis of `shape` counts what is in a unit, those before it units.
struct Broadcast {
  Shape shape;
  Strides strides{};   // in the operand, of the axes before the last
  int64_t period = 0;  // 0: one element
  bool operator==(const Broadcast&) const = default;

  // In a row of so many results the operand moves along, or is one element.
  int64_t row() const { return period ? period : shape.last(); }
  // Where the operand's element for result i is.
  int64_t offset(int64_t i) const {
    int64_t result = period ? i % period : 0;
    i /= shape.last();
    for (int axis = shape.rank() - 2; axis >= 0; i /= shape[axis], --axis)
      result += i % shape[axis] * strides[axis];
    return result;
  }
};

// Axes with the same step along the operand's memory are one; then those that move it and those
// that do not alternate.
[[gnu::cold]] Broadcast broadcast_of(const Shape& from, const Shape& to) {
  const Strides strides = broadcast_strides(from, to);
  std::vector<std::pair<int64_t, int64_t>> axes;  // sizes and strides, the last axis first
  for (int axis = to.rank() - 1; axis >= 0; --axis) {
    if (to[axis] == 1) continue;
    if (!axes.empty() && strides[axis] == axes.back().first * axes.back().second) {
      axes.back().first *= to[axis];
    } else {
      axes.emplace_back(to[axis], strides[axis]);
    }
  }
  Broadcast result;
  if (axes[0].second) {
    result.period = axes[0].first;
    axes[1].first *= result.period;
    axes.erase(axes.begin());
  }
  for (size_t i = axes.size(); i-- > 0;) {
    result.strides[result.shape.rank()] = axes[i].second;
    result.shape.push_back(axes[i].first);
  }
  return result;
}

// y = n elements of a row of `period` that is repeated, from element `from` on.
template <class T>
void repeat(const T* row, int64_t period, int64_t from, int64_t n, T* y) {
  const int64_t first = std::min(period - from, n), second = std::min(from, n - first);
  std::copy_n(row + from, first, y);
  std::copy_n(row, second, y + first);
  // What is there is copied, in ever larger pieces.
  for (int64_t done = first + second, count; done < n; done += count) {
    const int64_t whole = done - done % period;
    count = std::min(whole, n - done);
    std::copy_n(y + done - whole, count, y + done);
  }
}

// y = elements [begin, begin + n) of x as it broadcasts.
template <class T>
void expand(const Broadcast& b, const T* x, int64_t begin, int64_t n, T* y) {
  const bool always = true;
  const auto fill = kernels().pointwise.where(T{});  // with the widest stores
  const int64_t unit = b.shape.last(), units = (begin % unit + n + unit - 1) / unit;
  int64_t from = begin % unit;
  for_rows<1>(b.shape, {b.strides}, begin / unit, units, [&](const auto& at) {
    const T* source = x + at[0];
    const int64_t count = std::min(unit - from, n);
    if (b.period) {
      repeat(source, b.period, from % b.period, count, y);
    } else {
      fill(&always, false, source, false, source, false, y, count);
    }
    y += count, n -= count, from = 0;
  });
}

struct Operand {
  enum Place : uint8_t { input, output, block } place;
  DType dtype;
  bool moves;
  size_t index;         // of an input, an output or a block
  int64_t spread = -1;  // of an input that broadcasts: how
  bool operator==(const Operand&) const = default;
};

// What is done with a block of elements: an op, or without one an operand is made to move. The last
// operand is the result, but of an op that writes its first one.
struct Step {
  const Op* op = nullptr;
  std::vector<Operand> operands;
  bool operator==(const Step&) const = default;
};

struct ChainAttributes {
  std::vector<Step> once;   // whose results are one for all blocks
  std::vector<Step> steps;  // for each block
  std::vector<Broadcast> spreads;
  std::vector<bool> writes;  // inputs, in place
  int64_t size = 0;          // of the results
  int64_t row = 0;           // blocks do not go beyond a row of so many results
  int64_t piece = 0;         // of a row: elements of a block
  int64_t blocks = 0;        // that are in use at a time
  int64_t block_bytes = 0;   // of each
  std::string members;
  bool operator==(const ChainAttributes&) const = default;
  void fields(auto&& v) { v("members", members); }
};

// Asks for part `part` of `parts` of what the n results from `begin` on are made of.
void prefetch(const Call& call, int64_t begin, int64_t n, int64_t part, int64_t parts) {
  constexpr int64_t kLine = 64;
  const int64_t size = call.attrs_as<ChainAttributes>().size;
  for (const Tensors* tensors : {&call.inputs, &call.outputs})
    for (const Tensor& x : *tensors) {
      if (x->size() != size) continue;
      const int64_t width = static_cast<int64_t>(size_of(x->dtype)), lines = n * width / kLine;
      const std::byte* data = x->data<std::byte>() + begin * width;
      for (int64_t i = lines * part / parts; i < lines * (part + 1) / parts; ++i)
        __builtin_prefetch(data + i * kLine, 0, 2);
    }
}

// Where an operand lies: its first element, the bytes to the next, and how it broadcasts.
struct Address {
  Elements first;
  int64_t stride;
  const Broadcast* spread;
};

Address address_of(const Call& call, const Step& step, const Operand& x, std::byte* blocks) {
  const auto& chain = call.attrs_as<ChainAttributes>();
  if (x.place == Operand::block)
    return {
        {blocks + static_cast<int64_t>(x.index) * chain.block_bytes, x.dtype, true}, 0, nullptr};
  const Tensors& tensors = x.place == Operand::input ? call.inputs : call.outputs;
  const bool spreads = x.spread >= 0;
  return {{tensors[x.index]->data<std::byte>(), x.dtype, x.moves},
          !spreads && x.moves ? static_cast<int64_t>(size_of(x.dtype)) : 0,
          spreads && step.op ? &chain.spreads[x.spread] : nullptr};
}

// The n results of a step from `begin` on.
void run_step(const ChainAttributes& chain, const Step& step, const Address* addresses,
              int64_t begin, int64_t n) {
  std::array<Elements, 4> at;
  for (size_t i = 0; i < step.operands.size(); ++i) {
    const Address& x = addresses[i];
    at[i] = x.first;
    at[i].data +=
        x.spread ? x.spread->offset(begin) * int64_t(size_of(at[i].dtype)) : begin * x.stride;
  }
  if (step.op) return step.op->elements(at.data(), n);
  with_size(at[0].dtype, [&](auto t) {
    using T = decltype(t);
    expand(chain.spreads[step.operands[0].spread], at[0].as<T>(), begin, n, at[1].as<T>());
  });
}

void run_chain(const Call& call) {
  const auto& chain = call.attrs_as<ChainAttributes>();
  const int64_t pieces = (chain.row + chain.piece - 1) / chain.piece;  // of a row
  const int64_t count = chain.size / chain.row * pieces;
  const int64_t steps = static_cast<int64_t>(chain.steps.size()), work = chain.piece * steps;
  const int64_t chunk = std::max({int64_t{1}, kWork / work, count / kMostChunks});
  const auto first_of = [&](int64_t i) {
    return i / pieces * chain.row + i % pieces * chain.piece;
  };
  const bool far = chain.size >= kFar;
  static std::atomic<int64_t> runs = 0;
  const int64_t run = ++runs;
  parallel_for((count + chunk - 1) / chunk, [&](int64_t c) {
    thread_local struct {
      int64_t run = 0;  // whose addresses are here, and values that are one for all blocks
      Scratch scratch;
      std::vector<Address> addresses;
      const Address* of_steps;
    } own;
    if (own.run != run) {
      std::byte* blocks = own.scratch.get<std::byte>(chain.blocks * chain.block_bytes);
      own.addresses.clear();
      for (const auto* list : {&chain.once, &chain.steps})
        for (const Step& step : *list)
          for (const Operand& x : step.operands)
            own.addresses.push_back(address_of(call, step, x, blocks));
      own.of_steps = own.addresses.data();
      for (const Step& step : chain.once) {
        run_step(chain, step, own.of_steps, 0, chain.piece);
        own.of_steps += step.operands.size();
      }
      own.run = run;
    }
    const int64_t end = std::min(count, (c + 1) * chunk);
    for (int64_t i = c * chunk; i < end; ++i) {
      const int64_t begin = first_of(i), next = first_of(i + 1);
      const int64_t n = std::min(chain.piece, chain.row - i % pieces * chain.piece);
      const Address* at = own.of_steps;
      for (int64_t s = 0; s < steps; ++s) {
        if (far && i + 1 < end) prefetch(call, next, n, s, steps);
        run_step(chain, chain.steps[s], at, begin, n);
        at += chain.steps[s].operands.size();
      }
    }
  });
}

// Made by make_chain alone: never launched, nor recorded.
constexpr Op chain_op = [] {
  Op op{};
  op.name = "chain";
  op.run = run_chain;
  op.writes = [](const Call& call, size_t input) -> bool {
    return call.attrs_as<ChainAttributes>().writes[input];
  };
  return op;
}();

// Broadcasts without expansion where rows are long: the row that blocks do not go beyond. Else the
// size of the results: one row.
[[gnu::cold]] int64_t common_row(const std::vector<const Call*>& members) {
  const int64_t size = result_of(*members[0])->size();
  std::vector<int64_t> rows;
  for (const Call* member : members)
    for (const Tensor& in : member->inputs)
      if (in->size() != size && in->size() != 1)
        rows.push_back(broadcast_of(in->shape, result_of(*member)->shape).row());
  if (rows.empty()) return size;
  const int64_t row = *std::min_element(rows.begin(), rows.end());
  const bool divides = std::all_of(rows.begin(), rows.end(), [&](auto r) { return r % row == 0; });
  return divides && row >= kLongRow ? row : size;
}

// Collects the steps.
class Builder {
 public:
  [[gnu::cold]] explicit Builder(const std::vector<const Call*>& members) {
    chain_.size = result_of(*members[0])->size();
    chain_.row = common_row(members);
    expands_ = chain_.row == chain_.size;
    const int64_t pieces = (chain_.row + kBlock - 1) / kBlock;
    constexpr int64_t unit = 64;
    chain_.piece = (chain_.row / pieces + unit) / unit * unit;
    if (expands_ || chain_.piece > kBlock) chain_.piece = kBlock;
  }

  [[gnu::cold]] void add(const Call& member, bool kept) {
    const Tensor& out = result_of(member);
    Step step{member.op, {}};
    for (const Tensor& in : member.inputs) step.operands.push_back(operand(in, out->shape));
    chain_.members += (chain_.members.empty() ? "(" : ", ") + std::string(member.op->name);
    if (member.outputs.empty()) {
      chain_.writes[step.operands[0].index] = true;
      chain_.steps.push_back(std::move(step));
      return;
    }
    const Operand& first = step.operands[0];
    const bool may_change = first.place == Operand::input && first.spread < 0;  // by a member
    if (member.op == &broadcast_to_op && first.moves && !may_change && !kept) {
      known_.emplace(out.get(), first);
      return;
    }
    step.operands.push_back(kept ? Operand{Operand::output, out->dtype, true, call_.outputs.size()}
                                 : new_block(out->dtype));
    known_.emplace(out.get(), step.operands.back());
    if (kept) call_.outputs.push_back(out);
    const bool varies =
        kept || std::any_of(step.operands.begin(), step.operands.end() - 1,
                            [](const Operand& x) { return x.moves || x.spread >= 0; });
    (varies ? chain_.steps : chain_.once).push_back(std::move(step));
  }

  [[gnu::cold]] Call finish() {
    share_blocks();
    chain_.members += ")";
    call_.op = &chain_op;
    call_.attrs = std::make_shared<AttrsOf<ChainAttributes>>(std::move(chain_));
    return std::move(call_);
  }

 private:
  Operand new_block(DType dtype) {
    chain_.block_bytes =
        std::max(chain_.block_bytes, kBlock * static_cast<int64_t>(size_of(dtype)));
    return {Operand::block, dtype, true, static_cast<size_t>(chain_.blocks++)};
  }

  [[gnu::cold]] Operand operand(const Tensor& x, const Shape& result) {
    if (auto it = known_.find(x.get()); it != known_.end()) return it->second;
    const auto [input, is_new] = inputs_.try_emplace(x.get(), call_.inputs.size());
    if (is_new) call_.inputs.push_back(x), chain_.writes.push_back(false);
    const bool full = x->size() == result.size();
    Operand source{Operand::input, x->dtype, full, input->second};
    if (full || x->size() == 1) return source;
    const Broadcast spread = broadcast_of(x->shape, result);
    auto& spreads = chain_.spreads;
    const auto found = std::find(spreads.begin(), spreads.end(), spread);
    source.spread = found - spreads.begin();
    if (found == spreads.end()) spreads.push_back(spread);
    source.moves = spread.period > 0;
    if (!expands_) return source;
    for (const Step& step : chain_.steps)
      if (!step.op && step.operands[0] == source) return step.operands[1];
    chain_.steps.push_back({nullptr, {source, new_block(x->dtype)}});
    return chain_.steps.back().operands[1];
  }

  // Lets values that are not needed at the same time have one block. What is computed once keeps
  // its own.
  [[gnu::cold]] void share_blocks() {
    std::vector<size_t> last_use(chain_.blocks), home(chain_.blocks), free;
    for (size_t i = 0; i < chain_.steps.size(); ++i)
      for (const Operand& x : chain_.steps[i].operands)
        if (x.place == Operand::block) last_use[x.index] = i;
    size_t homes = 0;
    std::vector<bool> placed(chain_.blocks);
    for (Step& step : chain_.once) {
      size_t& value = step.operands.back().index;
      placed[value] = true, last_use[value] = chain_.steps.size();
      value = home[value] = homes++;
    }
    for (size_t i = 0; i < chain_.steps.size(); ++i) {
      std::vector<size_t> ended;
      for (Operand& x : chain_.steps[i].operands) {
        if (x.place != Operand::block) continue;
        const size_t value = x.index;
        if (!placed[value]) {
          placed[value] = true;
          home[value] = free.empty() ? homes++ : free.back();
          if (!free.empty()) free.pop_back();
        }
        x.index = home[value];
        if (last_use[value] == i && std::find(ended.begin(), ended.end(), x.index) == ended.end())
          ended.push_back(x.index);
      }
      free.insert(free.end(), ended.begin(), ended.end());
    }
    chain_.blocks = static_cast<int64_t>(homes);
  }

  Call call_;
  ChainAttributes chain_;
  bool expands_;                                          // operands that broadcast, into blocks
  std::unordered_map<const TensorData*, Operand> known_;  // results of members
  std::unordered_map<const TensorData*, size_t> inputs_;
};

}  // namespace

[[gnu::cold]] Call make_chain(const std::vector<const Call*>& members,
                              const std::function<bool(const Tensor&)>& kept) {
  Builder builder(members);
  for (const Call* member : members) builder.add(*member, kept(result_of(*member)));
  return builder.finish();
}

}  // namespace pyclr
