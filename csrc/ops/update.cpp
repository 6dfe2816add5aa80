// Optimizer updates: one Call over all variables.
//
// inputs: hyper (float64 vector, columns as in kernels/update.inc), iterations (int64 scalar), with
// `gated` a boolean scalar, then the variables, their gradients, and for each slot in use one
// tensor a variable. Writes everything but hyper, the gate and the gradients.
//
// `iterations` counts the calls; every `every`th of them updates. A closed gate means that nothing
// happens at all. Whether a call updates is thus decided by values, and a Program stays the same.
//
// A Program may let the update make the gradient of a dense kernel, x^T dy, itself, so many rows at
// a time, that go from the product to the variable within the cache: x stands in place of the
// gradient then, and dy behind the other inputs. See product_into_update.
#include <bit>
#include <optional>

#include "kernels/blocking.h"
#include "kernels/dense.h"
#include "ops/ops.h"
#include "parallel.h"

namespace pyclr {

namespace {

int64_t rows_of(const TensorData& x) { return x.shape.product(0, x.shape.rank() - 1); }

struct UpdateAttributes {
  int64_t count = 0;  // of variables
  int64_t slots = 0;  // bit i: slot i is in use
  bool flag = false;
  int64_t every = 1;               // calls for one update
  bool gated = false;              // whether there is a gate
  std::vector<int64_t> undecayed;  // indices of the variables without weight decay
  std::vector<int64_t> products;   // indices of the variables whose gradient is made here
  bool operator==(const UpdateAttributes&) const = default;
  void fields(auto&& v) {
    v("count", count), v("slots", slots), v("flag", flag), v("every", every);
    v("gated", gated), v("undecayed", undecayed), v("products", products);
  }
  // The inputs that are the first variable, the first gradient, and the first dy of `products`.
  size_t first() const { return gated ? 3 : 2; }
  size_t gradients() const { return first() + count; }
  size_t factors() const {
    return gradients() + count * (1 + std::popcount(static_cast<uint64_t>(slots)));
  }
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
  const size_t tensors = a.factors() + a.products.size();
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
  std::vector<bool> made(count);
  for (size_t i = 0; i < a.products.size(); ++i) {
    const int64_t which = a.products[i];
    check(which >= 0 && which < a.count && !made[which], call.op->name,
          ": products must hold different indices of the ", a.count,
          " variables. Received: ", which);
    made[which] = true;
    const TensorData& variable = *call.in(first + which);
    const TensorData& x = *call.in(a.gradients() + which);
    const TensorData& dy = *call.in(a.factors() + i);
    check(is_float(variable.dtype) && x.dtype == variable.dtype && dy.dtype == variable.dtype &&
              x.shape.rank() > 0 && dy.shape.rank() > 0 &&
              variable.shape == Shape{x.shape.last(), dy.shape.last()} && rows_of(x) == rows_of(dy),
          call.op->name,
          ": x^T dy must have the shape and floating point dtype of its variable. "
          "Received: ",
          x.dtype, ' ', x.shape, " and ", dy.dtype, ' ', dy.shape, " for a variable ",
          variable.dtype, ' ', variable.shape);
  }
  for (size_t i = first; i < a.factors(); ++i) {
    if (i >= a.gradients() && i < a.gradients() + count && made[i - a.gradients()]) continue;
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

// A range of one variable.
struct Piece {
  size_t variable;
  int64_t begin, end;
};
constexpr int64_t kPiece = 16384;
// Of a gradient that is made here: rows enough to repay reading all of dy, but few enough to stay
// in a cache beside it.
constexpr int64_t kMadePiece = 65536, kLeastRows = 12;

template <class T>
void run_update(const Call& call, UpdateKernel<T> kernel, const UpdateStep& step) {
  const auto& a = call.attrs_as<UpdateAttributes>();
  const auto count = static_cast<size_t>(a.count);
  const size_t first = a.first();
  const auto dtype_is_ours = [](const Tensor& t) { return t->dtype == dtype_of<T>(); };
  std::vector<double> shares(count, step.learning_rate() * step.weight_decay());
  for (const int64_t i : a.undecayed) shares[i] = 0;

  std::vector<WeightGradientRows<T>> products;
  std::vector<const WeightGradientRows<T>*> product_of(count);
  thread_local Scratch copies;
  int64_t room = 0;
  for (size_t i = 0; i < a.products.size(); ++i) {
    const TensorData& dy = *call.in(a.factors() + i);
    room += WeightGradientRows<T>::copy_size(rows_of(dy), dy.shape.last());
  }
  T* copy = copies.get<T>(room);
  products.reserve(a.products.size());
  for (size_t i = 0; i < a.products.size(); ++i) {
    const TensorData& x = *call.in(a.gradients() + a.products[i]);
    const Tensor& dy = call.in(a.factors() + i);
    if (!dtype_is_ours(dy)) continue;
    const int64_t rows = rows_of(x), out = dy->shape.last();
    products.emplace_back(x.data<T>(), dy->data<T>(), rows, x.shape.last(), out, copy);
    product_of[a.products[i]] = &products.back();
    copy += WeightGradientRows<T>::copy_size(rows, out);
  }

  // A variable in near equal pieces, so that no thread waits for a big one; small pieces share a
  // chunk of the loop.
  std::vector<Piece> pieces;
  std::vector<size_t> chunks;  // where each begins
  int64_t room_left = 0;
  for (size_t i = 0; i < count; ++i) {
    const TensorData& variable = *call.in(first + i);
    if (!dtype_is_ours(call.in(first + i)) || variable.size() == 0) continue;
    const int64_t unit = product_of[i] ? variable.shape.last() : 64 / int64_t(sizeof(T));
    const int64_t most = product_of[i] ? std::max(kMadePiece, kLeastRows * unit) : kPiece;
    const int64_t parts = ceil_div(variable.size(), most), units = ceil_div(variable.size(), unit);
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t begin = units * part / parts * unit;
      const int64_t end = std::min(units * (part + 1) / parts * unit, variable.size());
      if (room_left < end - begin) chunks.push_back(pieces.size()), room_left = kPiece;
      room_left -= end - begin;
      pieces.push_back({i, begin, end});
    }
  }
  chunks.push_back(pieces.size());
  const auto update = [&](const Piece& piece) {
    const int64_t n = piece.end - piece.begin;
    const Tensor& whole = call.in(first + piece.variable);
    T* variable = whole->data<T>() + piece.begin;
    const T* gradient;
    if (const WeightGradientRows<T>* product = product_of[piece.variable]) {
      thread_local Scratch scratch;
      T* made = scratch.get<T>(n);
      const int64_t out = whole->shape.last();
      product->make(piece.begin / out, piece.end / out, made);
      gradient = made;
    } else {
      gradient = call.in(a.gradients() + piece.variable)->data<T>() + piece.begin;
    }
    T* slots[kMaxSlots] = {};
    size_t at = a.gradients() + count + piece.variable;
    for (int slot = 0; slot < kMaxSlots; ++slot) {
      if (!(a.slots >> slot & 1)) continue;
      slots[slot] = call.in(at)->data<T>() + piece.begin;
      at += count;
    }
    const double share = shares[piece.variable];
    if (share != 0) kernels().update.of(T{}).decay(variable, n, share);
    kernel(variable, gradient, slots, n, step);
  };
  parallel_for(static_cast<int64_t>(chunks.size()) - 1, [&](int64_t chunk) {
    for (size_t p = chunks[chunk]; p < chunks[chunk + 1]; ++p) update(pieces[p]);
  });
}

bool update_writes(const Call& call, size_t input) {
  const auto& a = call.attrs_as<UpdateAttributes>();
  if (input < a.first()) return input == 1;
  const bool is_gradient = input >= a.gradients() && input < a.gradients() + a.count;
  return !is_gradient && input < a.factors();
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

bool product_into_update(Call& update, const Call& product) {
  const auto* attrs = dynamic_cast<const AttrsOf<UpdateAttributes>*>(update.attrs.get());
  if (!attrs) return false;
  UpdateAttributes a = attrs->value;
  const auto begin = update.inputs.begin() + a.gradients(), end = begin + a.count;
  const auto gradient = std::find(begin, end, product.out());
  if (gradient == end) return false;
  *gradient = product.in(0);
  a.products.push_back(gradient - begin);
  update.inputs.push_back(product.in(1));
  update.attrs = std::make_shared<AttrsOf<UpdateAttributes>>(std::move(a));
  return true;
}

const std::vector<UpdateInfo>& update_infos() {
  static const std::vector<UpdateInfo> infos = {
#define UPDATE(NAME, slots, hyper, flag) {#NAME, slots, hyper, flag},
#include "kernels/update.inc"
  };
  return infos;
}

}  // namespace pyclr
