// The optimizers' arithmetic, element by element, as Keras 3 defines it. The scalars of a step are
// computed in double precision. Included once per instruction set (isa.cpp).
#pragma once

#include "simd.h"
#include "update_table.h"

extern "C" double pow(double, double) noexcept;

namespace pyclr::PYCLR_ISA {
namespace {

PYCLR_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
PYCLR_INLINE double square_root(double x) { return __builtin_sqrt(x); }

// Gradient descent; with momentum m: m = momentum m - lr g, w += m (Nesterov: w += momentum m - lr
// g).
template <class T>
void sgd(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
         const UpdateStep& step) {
  const T lr = T(step.hyper[0]), momentum = T(step.hyper[1]);
  T* __restrict m = slots[0];
  if (!m) {
    for (int64_t i = 0; i < n; ++i) w[i] -= lr * g[i];
  } else if (step.flag) {
    for (int64_t i = 0; i < n; ++i) {
      m[i] = momentum * m[i] - lr * g[i];
      w[i] += momentum * m[i] - lr * g[i];
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      m[i] = momentum * m[i] - lr * g[i];
      w[i] += m[i];
    }
  }
}

// RMSprop (Hinton, 2012): v = rho v + (1 - rho) g^2; the step is lr g / sqrt(v - a^2 + eps), with
// a = rho a + (1 - rho) g when centered; with momentum m = momentum m + step, w -= m.
template <class T>
void rmsprop(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
             const UpdateStep& step) {
  const T lr = T(step.hyper[0]), rho = T(step.hyper[1]), momentum = T(step.hyper[2]);
  const T eps = T(step.hyper[3]), rest = T(1 - step.hyper[1]);
  T* __restrict v = slots[0];
  T* __restrict m = slots[1];
  T* __restrict a = slots[2];
  if (!m && !a) {
    for (int64_t i = 0; i < n; ++i) {
      v[i] = rho * v[i] + rest * (g[i] * g[i]);
      w[i] -= lr * g[i] / square_root(v[i] + eps);
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    v[i] = rho * v[i] + rest * (g[i] * g[i]);
    T spread = v[i];
    if (a) {
      a[i] = rho * a[i] + rest * g[i];
      spread -= a[i] * a[i];
    }
    T change = lr * g[i] / square_root(spread + eps);
    if (m) {
      m[i] = momentum * m[i] + change;
      change = m[i];
    }
    w[i] -= change;
  }
}

// Adam (Kingma & Ba, arXiv 1412.6980), bias corrections folded into the rate; with AMSGrad the
// largest v so far is used.
template <class T>
void adam(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
          const UpdateStep& step) {
  const double beta_1 = step.hyper[1], beta_2 = step.hyper[2];
  const double correction =
      __builtin_sqrt(1 - ::pow(beta_2, step.step)) / (1 - ::pow(beta_1, step.step));
  const T alpha = T(step.hyper[0] * correction), eps = T(step.hyper[3]);
  const T rest_1 = T(1 - beta_1), rest_2 = T(1 - beta_2);
  T* __restrict m = slots[0];
  T* __restrict v = slots[1];
  T* __restrict top = slots[2];
  if (!top) {
    for (int64_t i = 0; i < n; ++i) {
      m[i] += (g[i] - m[i]) * rest_1;
      v[i] += (g[i] * g[i] - v[i]) * rest_2;
      w[i] -= m[i] * alpha / (square_root(v[i]) + eps);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      m[i] += (g[i] - m[i]) * rest_1;
      v[i] += (g[i] * g[i] - v[i]) * rest_2;
      top[i] = v[i] > top[i] ? v[i] : top[i];
      w[i] -= m[i] * alpha / (square_root(top[i]) + eps);
    }
  }
}

template <class T>
constexpr UpdateTable<T> update_table() {
  return {
#define UPDATE(name, slots, hyper, flag) name<T>,
#include "kernels/update.inc"
  };
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
