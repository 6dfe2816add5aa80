// The recurrent part of the kernel table: one step of a cell for some sequences, and its gradient.
#pragma once

#include <cstdint>

namespace pyclr {

enum class CellActivation : uint8_t { linear, relu, tanh, sigmoid, hard_sigmoid };

// `rows` sequences; all arrays are contiguous by rows, and a row has `units` elements for each gate
// or state. A row whose mask is false keeps its states.
template <class T>
struct RecurrentStep {
  int64_t rows = 0, units = 0;
  CellActivation activation = CellActivation::tanh;
  CellActivation recurrent_activation = CellActivation::sigmoid;  // of the gates
  const bool* mask = nullptr;                                     // null: all true

  const T* x = nullptr;      // what the input adds to the gates
  const T* inner = nullptr;  // what the state h adds to them
  const T* before_h = nullptr;
  const T* before_c = nullptr;
  T* saved = nullptr;  // what the gradient needs: values of the gates
  T* c = nullptr;
  T* h = nullptr;

  // For the gradient, which reads the above. dh and dc hold the gradients of the new states, and
  // get those of the old ones, but for what goes through `inner`.
  T* dh = nullptr;
  T* dc = nullptr;
  T* dx = nullptr;
  T* dinner = nullptr;
};

template <class T>
struct RecurrentTable {
  using Step = void (*)(const RecurrentStep<T>&);
  // h = activation(x + inner)
  Step simple_rnn, simple_rnn_gradient;
  // With gates z, r, g (Keras' order): z = recurrent(x_z + inner_z), r alike,
  // g = activation(x_g + r inner_g), h = z before_h + (1 - z) g. Saved: z, r, g, inner_g.
  Step gru, gru_gradient;
  // With gates i, f, g, o: each recurrent(x + inner), but g = activation(x_g + inner_g);
  // c = f before_c + i g, h = o activation(c). Saved: i, f, g, o. dinner is dx.
  Step lstm, lstm_gradient;
};

struct RecurrentKernels {
  RecurrentTable<float> f32;
  RecurrentTable<double> f64;

  const RecurrentTable<float>& of(float) const { return f32; }
  const RecurrentTable<double>& of(double) const { return f64; }
};

}  // namespace pyclr
