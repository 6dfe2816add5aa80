// Whole sequences of recurrent cells: simple (Elman, 1990), gated recurrent unit with the reset
// after the product (Cho et al., 2014), long short-term memory (Hochreiter & Schmidhuber, 1997).
//
// The input's share of all steps is one product, made before (dense). What remains is one product a
// step. Sequences do not meet, so a thread takes some of them through all steps; each element is
// one chain of sums, whatever the threads.
#include "kernels/blocking.h"
#include "kernels/dense.h"
#include "ops/ops.h"

namespace pyclr {

namespace {

CellActivation cell_activation(const char* op, const std::string& name) {
  constexpr const char* names[] = {"linear", "relu", "tanh", "sigmoid", "hard_sigmoid"};
  for (uint8_t i = 0; i < std::size(names); ++i)
    if (name == names[i]) return static_cast<CellActivation>(i);
  check(false, op, ": activations must be 'linear', 'relu', 'tanh', 'sigmoid' or 'hard_sigmoid'. ",
        "Received: ", name);
  return {};
}

// What tells the three apart: `gates` (arrays the input adds to), `saved` (arrays kept for the
// gradient), whether there is a second state c, and whether the state's product has a bias.
struct SimpleRnnCell {
  static constexpr const char *name = "simple_rnn", *gradient_name = "simple_rnn_gradient";
  static constexpr int64_t gates = 1, saved = 0;
  static constexpr bool has_c = false, has_bias = false;
  static constexpr auto step = [](const auto& table) { return table.simple_rnn; };
  static constexpr auto gradient = [](const auto& table) { return table.simple_rnn_gradient; };
  static const Op& gradient_op() { return simple_rnn_gradient_op; }
};
struct GruCell {
  static constexpr const char *name = "gru", *gradient_name = "gru_gradient";
  static constexpr int64_t gates = 3, saved = 4;
  static constexpr bool has_c = false, has_bias = true;
  static constexpr auto step = [](const auto& table) { return table.gru; };
  static constexpr auto gradient = [](const auto& table) { return table.gru_gradient; };
  static const Op& gradient_op() { return gru_gradient_op; }
};
struct LstmCell {
  static constexpr const char *name = "lstm", *gradient_name = "lstm_gradient";
  static constexpr int64_t gates = 4, saved = 4;
  static constexpr bool has_c = true, has_bias = false;
  static constexpr auto step = [](const auto& table) { return table.lstm; };
  static constexpr auto gradient = [](const auto& table) { return table.lstm_gradient; };
  static const Op& gradient_op() { return lstm_gradient_op; }
};

struct CellAttributes {
  std::string activation = "tanh";
  std::string recurrent_activation = "sigmoid";
  bool masked = false;
  bool sequence = false;  // whether the gradient of all hidden states is given (gradient only)
  bool operator==(const CellAttributes&) const = default;
  void fields(auto&& v) {
    v("activation", activation), v("recurrent_activation", recurrent_activation);
    v("masked", masked), v("sequence", sequence);
  }
};

struct Sizes {
  int64_t steps, batch, units;
};

// A matrix (k, n) copied so that each panel of columns that the micro-kernel reads is contiguous.
template <class T>
struct Panels {
  const T* data;
  int64_t k, n, width;

  Panels(const T* matrix, int64_t k, int64_t n, Scratch& memory)
      : k(k), n(n), width(kernels_of<T>().panel) {
    T* panel = memory.get<T>(k * n);
    data = panel;
    for (int64_t j = 0; j < n; j += width) {
      const int64_t columns = std::min(width, n - j);
      for (int64_t row = 0; row < k; ++row, panel += columns)
        std::copy_n(matrix + row * n + j, columns, panel);
    }
  }

  // c (rows, n) = [c +] a (rows, k) @ matrix [+ bias]
  void multiply(const T* a, int64_t rows, const T* bias, bool accumulate, T* c) const {
    for (int64_t j = 0; j < n; j += width) {
      const int64_t columns = std::min(width, n - j);
      kernels_of<T>().brgemm({.m = rows,
                              .n = columns,
                              .k = k,
                              .a = a,
                              .a_inner = k,
                              .b = data + j * k,
                              .b_k = columns,
                              .c = c + j,
                              .c_inner = n,
                              .accumulate = accumulate,
                              .bias = bias ? bias + j : nullptr});
    }
  }
};

// f(first, count) for groups of sequences, on all threads; at least kLeast in a group, since the
// products need rows to be fast.
template <class F>
void for_sequences(const Sizes& s, int64_t gates, F&& f) {
  constexpr int64_t kLeast = 12;
  const int64_t work = s.steps * s.batch * s.units * s.units * gates;
  const int64_t groups = std::max<int64_t>(
      1, std::min({parts_of(work), static_cast<int64_t>(num_threads()), s.batch / kLeast}));
  parallel_for(groups, [&](int64_t g) {
    const int64_t first = s.batch * g / groups;
    f(first, s.batch * (g + 1) / groups - first);
  });
}

void check_input(const char* op, const char* what, const TensorData& value, const Shape& shape,
                 DType dtype) {
  check(value.shape == shape, op, ": ", what, " must have shape ", shape,
        ". Received: ", value.shape);
  check_type(value.dtype == dtype, op, ": ", what, " must be ", dtype, ". Received: ", value.dtype);
}

// x (steps, batch, gates units), kernel (units, gates units), h [, c] (batch, units)
// [, bias (gates units,)] [, mask (steps, batch)] -> all h (steps, batch, units), last h
// [, last c, all c], [saved (steps, batch, saved units)].
template <class Cell>
struct Forward {
  static constexpr const char* name = Cell::name;
  static constexpr size_t kBias = 3 + Cell::has_c, kMask = kBias + Cell::has_bias;
  static constexpr size_t max_inputs = kMask + 1;
  // Places of outputs.
  static constexpr size_t kAllC = 3, kSaved = 2 + 2 * Cell::has_c;
  using Attributes = CellAttributes;

  static Sizes sizes(const Call& call) {
    const Shape &x = call.in(0)->shape, &kernel = call.in(1)->shape;
    check(x.rank() == 3, name, ": the input must have shape (steps, batch, ", Cell::gates,
          " * units). Received: ", x);
    check(kernel.rank() == 2, name, ": the kernel must have shape (units, ", Cell::gates,
          " * units). Received: ", kernel);
    return {x[0], x[1], kernel[0]};
  }
  static Specs infer(const Call& call) {
    const Sizes s = sizes(call);
    const DType dtype = call.in(0)->dtype;
    const auto& a = call.attrs_as<Attributes>();
    check_type(is_float(dtype), name, ": floating point is needed. Received: ", dtype);
    cell_activation(name, a.activation), cell_activation(name, a.recurrent_activation);
    const Shape gates{Cell::gates * s.units}, state{s.batch, s.units};
    const Shape states{s.steps, s.batch, s.units};
    check_input(name, "the input", *call.in(0), {s.steps, s.batch, gates[0]}, dtype);
    check_input(name, "the kernel", *call.in(1), {s.units, gates[0]}, dtype);
    for (size_t i = 2; i < kBias; ++i) check_input(name, "a state", *call.in(i), state, dtype);
    if (Cell::has_bias) check_input(name, "the bias", *call.in(kBias), gates, dtype);
    if (a.masked)
      check_input(name, "the mask", *call.in(kMask), {s.steps, s.batch}, DType::boolean);
    Specs specs{{states, dtype}, {state, dtype}};
    if (Cell::has_c) specs.push_back({state, dtype}), specs.push_back({states, dtype});
    if (Cell::saved) specs.push_back({{s.steps, s.batch, Cell::saved * s.units}, dtype});
    return specs;
  }

  static void run(const Call& call) {
    with_float(call.in(0)->dtype, [&](auto t) { run_typed<decltype(t)>(call); });
  }
  template <class T>
  static void run_typed(const Call& call) {
    const Sizes s = sizes(call);
    const auto& a = call.attrs_as<Attributes>();
    const int64_t state = s.batch * s.units, gates = Cell::gates * s.units;
    thread_local Scratch packed;
    const Panels<T> kernel(call.in(1)->data<T>(), s.units, gates, packed);
    const T* bias = Cell::has_bias ? call.in(kBias)->data<T>() : nullptr;
    const auto step = Cell::step(kernels().recurrent.of(T{}));
    RecurrentStep<T> whole{.units = s.units,
                           .activation = cell_activation(name, a.activation),
                           .recurrent_activation = cell_activation(name, a.recurrent_activation)};
    for_sequences(s, Cell::gates, [&](int64_t first, int64_t count) {
      thread_local Scratch memory;
      T* inner = memory.get<T>(count * gates);
      RecurrentStep<T> at = whole;
      at.rows = count;
      at.inner = inner;
      at.before_h = call.in(2)->data<T>() + first * s.units;
      if (Cell::has_c) at.before_c = call.in(3)->data<T>() + first * s.units;
      for (int64_t i = 0; i < s.steps; ++i) {
        at.x = call.in(0)->data<T>() + (i * s.batch + first) * gates;
        at.h = call.out(0)->data<T>() + i * state + first * s.units;
        if (Cell::has_c) at.c = call.out(kAllC)->data<T>() + i * state + first * s.units;
        if (Cell::saved)
          at.saved = call.out(kSaved)->data<T>() + (i * s.batch + first) * Cell::saved * s.units;
        if (a.masked) at.mask = call.in(kMask)->data<bool>() + i * s.batch + first;
        kernel.multiply(at.before_h, count, bias, false, inner);
        step(at);
        at.before_h = at.h;
        at.before_c = at.c;
      }
      std::copy_n(at.before_h, count * s.units, call.out(1)->data<T>() + first * s.units);
      if (Cell::has_c)
        std::copy_n(at.before_c, count * s.units, call.out(2)->data<T>() + first * s.units);
    });
  }

  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    for (size_t i = 2 + Cell::has_c; i < dy.size(); ++i)
      check(!dy[i], name, ": there is a gradient through the states h and the last c only.");
    CellAttributes a = call.attrs_as<Attributes>();
    a.sequence = dy[0] != nullptr;
    Tensors inputs{call.in(1)};
    for (size_t i = 2; i < kBias; ++i) inputs.push_back(call.in(i));
    inputs.push_back(call.out(0));
    for (size_t i = kAllC; i < call.outputs.size() && Cell::has_c; ++i)
      inputs.push_back(call.out(i));
    if (Cell::saved && !Cell::has_c) inputs.push_back(call.out(kSaved));
    for (size_t i = 1; i < 2 + Cell::has_c; ++i)
      inputs.push_back(dy[i] ? dy[i] : full_like(call.out(i), 0));
    if (a.sequence) inputs.push_back(dy[0]);
    if (a.masked) inputs.push_back(call.in(kMask));
    Tensors gradients = launch(Cell::gradient_op(), std::move(inputs),
                               std::make_shared<AttrsOf<CellAttributes>>(std::move(a)));
    gradients.resize(call.inputs.size());
    return gradients;
  }
};

// kernel, h [, c], all h, [all c], [saved], the gradients of last h [, last c], [of all h],
// [mask] -> dx, dkernel, dh [, dc] [, dbias].
template <class Cell>
struct Gradient {
  static constexpr const char* name = Cell::gradient_name;
  static constexpr size_t kAllH = 2 + Cell::has_c, kAllC = kAllH + 1, kSaved = kAllC + Cell::has_c,
                          kLastH = kSaved + (Cell::saved > 0), kEnd = kLastH + 1 + Cell::has_c;
  static constexpr size_t max_inputs = kEnd + 2;
  using Attributes = CellAttributes;

  static Sizes sizes(const Call& call) {
    const Shape& h = call.in(kAllH)->shape;
    check(h.rank() == 3, name, ": the states must have shape (steps, batch, units). Received: ", h);
    return {h[0], h[1], h[2]};
  }
  static size_t mask_place(const CellAttributes& a) { return kEnd + a.sequence; }
  static Specs infer(const Call& call) {
    const Sizes s = sizes(call);
    const auto& a = call.attrs_as<Attributes>();
    const DType dtype = call.in(kAllH)->dtype;
    check_type(is_float(dtype), name, ": floating point is needed. Received: ", dtype);
    cell_activation(name, a.activation), cell_activation(name, a.recurrent_activation);
    const int64_t gates = Cell::gates * s.units;
    const Shape kernel{s.units, gates}, state{s.batch, s.units};
    const Shape states{s.steps, s.batch, s.units};
    check_input(name, "the kernel", *call.in(0), kernel, dtype);
    for (size_t i = 1; i < kAllH; ++i) check_input(name, "a state", *call.in(i), state, dtype);
    if (Cell::has_c) check_input(name, "the states", *call.in(kAllC), states, dtype);
    if (Cell::saved)
      check_input(name, "the gates", *call.in(kSaved), {s.steps, s.batch, Cell::saved * s.units},
                  dtype);
    for (size_t i = kLastH; i < kEnd; ++i)
      check_input(name, "the gradient of a last state", *call.in(i), state, dtype);
    if (a.sequence) check_input(name, "the gradient of the states", *call.in(kEnd), states, dtype);
    if (a.masked)
      check_input(name, "the mask", *call.in(mask_place(a)), {s.steps, s.batch}, DType::boolean);
    Specs specs{{{s.steps, s.batch, gates}, dtype}, {kernel, dtype}, {state, dtype}};
    if (Cell::has_c) specs.push_back({state, dtype});
    if (Cell::has_bias) specs.push_back({{gates}, dtype});
    return specs;
  }

  static void run(const Call& call) {
    with_float(call.in(kAllH)->dtype, [&](auto t) { run_typed<decltype(t)>(call); });
  }
  template <class T>
  static void run_typed(const Call& call) {
    const Sizes s = sizes(call);
    const auto& a = call.attrs_as<Attributes>();
    const int64_t state = s.batch * s.units, gates = Cell::gates * s.units;
    thread_local Scratch turned, packed, other;
    T* transposed = turned.get<T>(s.units * gates);
    kernels_of<T>().transpose(call.in(0)->data<T>(), gates, transposed, s.units, s.units, gates);
    const Panels<T> kernel(transposed, gates, s.units, packed);
    const T* all_h = call.in(kAllH)->data<T>();
    T* dx = call.out(0)->data<T>();
    // What the product with the state gets, which is dx unless the cell says otherwise.
    T* dinner = Cell::has_bias ? other.get<T>(s.steps * s.batch * gates) : dx;
    const auto gradient = Cell::gradient(kernels().recurrent.of(T{}));
    const RecurrentStep<T> whole{
        .units = s.units,
        .activation = cell_activation(name, a.activation),
        .recurrent_activation = cell_activation(name, a.recurrent_activation)};
    for_sequences(s, 2 * Cell::gates, [&](int64_t first, int64_t count) {
      const int64_t begin = first * s.units, size = count * s.units;
      RecurrentStep<T> at = whole;
      at.rows = count;
      at.dh = call.out(2)->data<T>() + begin;
      std::copy_n(call.in(kLastH)->data<T>() + begin, size, at.dh);
      if (Cell::has_c) {
        at.dc = call.out(3)->data<T>() + begin;
        std::copy_n(call.in(kLastH + 1)->data<T>() + begin, size, at.dc);
      }
      for (int64_t i = s.steps - 1; i >= 0; --i) {
        auto step_of = [&](size_t input, int64_t step, int64_t arrays) {
          return call.in(input)->data<T>() + (step * s.batch + first) * arrays * s.units;
        };
        at.h = const_cast<T*>(all_h) + i * state + begin;
        at.before_h = i ? at.h - state : call.in(1)->data<T>() + begin;
        if (Cell::has_c) {
          at.c = step_of(kAllC, i, 1);
          at.before_c = i ? at.c - state : call.in(2)->data<T>() + begin;
        }
        if (Cell::saved) at.saved = step_of(kSaved, i, Cell::saved);
        if (a.masked) at.mask = call.in(mask_place(a))->template data<bool>() + i * s.batch + first;
        at.dx = dx + (i * s.batch + first) * gates;
        at.dinner = dinner + (i * s.batch + first) * gates;
        if (a.sequence) {
          const T* dh = step_of(kEnd, i, 1);
          for (int64_t j = 0; j < size; ++j) at.dh[j] += dh[j];
        }
        gradient(at);
        kernel.multiply(at.dinner, count, nullptr, true, at.dh);
      }
    });
    // The kernel saw the states before each step: the first one, and all but the last.
    T* dkernel = call.out(1)->data<T>();
    std::fill_n(dkernel, s.units * gates, T(0));
    if (s.steps > 0) {
      T* first = turned.get<T>(s.units * gates);
      dense_weight_gradient(call.in(1)->data<T>(), dinner, first, s.batch, s.units, gates);
      if (s.steps > 1)
        dense_weight_gradient(all_h, dinner + s.batch * gates, dkernel, (s.steps - 1) * s.batch,
                              s.units, gates);
      for (int64_t j = 0; j < s.units * gates; ++j) dkernel[j] += first[j];
    }
    if (Cell::has_bias)
      bias_gradient(dinner, call.out(3 + Cell::has_c)->template data<T>(), s.steps * s.batch,
                    gates);
  }
};

}  // namespace

const Op simple_rnn_op = make_op<Forward<SimpleRnnCell>>();
const Op simple_rnn_gradient_op = make_op<Gradient<SimpleRnnCell>>();
const Op gru_op = make_op<Forward<GruCell>>();
const Op gru_gradient_op = make_op<Gradient<GruCell>>();
const Op lstm_op = make_op<Forward<LstmCell>>();
const Op lstm_gradient_op = make_op<Gradient<LstmCell>>();

}  // namespace pyclr
