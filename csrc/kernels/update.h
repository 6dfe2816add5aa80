// The optimizers' arithmetic, element by element, as Keras 3 defines it. The scalars of a step are
// computed in double precision. Included once per instruction set (isa.cpp).
#pragma once

#include "simd.h"
#include "update_table.h"

extern "C" double pow(double, double) noexcept;
extern "C" float powf(float, float) noexcept;

namespace pyclr::PYCLR_ISA {
namespace {

PYCLR_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
PYCLR_INLINE double square_root(double x) { return __builtin_sqrt(x); }
PYCLR_INLINE float raised(float x, float exponent) { return ::powf(x, exponent); }
PYCLR_INLINE double raised(double x, double exponent) { return ::pow(x, exponent); }

// Gradient descent; with momentum m: m = momentum m - lr g, w += m (Nesterov: w += momentum m - lr
// g).
template <class T>
void sgd(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
         const UpdateStep& step) {
  const T lr = T(step.learning_rate()), momentum = T(step.hyper[2]);
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
  const T lr = T(step.learning_rate()), rho = T(step.hyper[2]), momentum = T(step.hyper[3]);
  const T eps = T(step.hyper[4]), rest = T(1 - step.hyper[2]);
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
  const double beta_1 = step.hyper[2], beta_2 = step.hyper[3];
  const double correction =
      __builtin_sqrt(1 - ::pow(beta_2, step.step)) / (1 - ::pow(beta_1, step.step));
  const T alpha = T(step.learning_rate() * correction), eps = T(step.hyper[4]);
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

// Adamax (Kingma & Ba, section 7.1): Adam with the infinity norm u = max(beta_2 u, |g|).
template <class T>
void adamax(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
            const UpdateStep& step) {
  const double beta_1 = step.hyper[2];
  const T lr = T(step.learning_rate()), beta_2 = T(step.hyper[3]), eps = T(step.hyper[4]);
  const T rest = T(1 - beta_1), correction = T(1 - ::pow(beta_1, step.step));
  T* __restrict m = slots[0];
  T* __restrict u = slots[1];
  for (int64_t i = 0; i < n; ++i) {
    m[i] += (g[i] - m[i]) * rest;
    const T faded = beta_2 * u[i], size = g[i] < 0 ? -g[i] : g[i];
    u[i] = faded > size ? faded : size;
    w[i] -= lr * m[i] / (correction * (u[i] + eps));
  }
}

// Adam with Nesterov's momentum (Dozat, 2016). The momentum's schedule is
// u_t = beta_1 (1 - 0.96^t / 2), and u_product that of all so far.
template <class T>
void nadam(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
           const UpdateStep& step) {
  const double beta_1 = step.hyper[2], beta_2 = step.hyper[3], product = step.hyper[5];
  const double now = beta_1 * (1 - 0.5 * ::pow(0.96, step.step));
  const double next = beta_1 * (1 - 0.5 * ::pow(0.96, step.step + 1));
  const T lr = T(step.learning_rate()), eps = T(step.hyper[4]);
  const T rest_1 = T(1 - beta_1), rest_2 = T(1 - beta_2);
  const T of_m = T(next / (1 - product * next)), of_g = T((1 - now) / (1 - product));
  const T correction = T(1 - ::pow(beta_2, step.step));
  T* __restrict m = slots[0];
  T* __restrict v = slots[1];
  for (int64_t i = 0; i < n; ++i) {
    m[i] += (g[i] - m[i]) * rest_1;
    v[i] += (g[i] * g[i] - v[i]) * rest_2;
    w[i] -= (of_m * m[i] + of_g * g[i]) * lr / (square_root(v[i] / correction) + eps);
  }
}

// Adagrad (Duchi et al., JMLR 12, 2011): a += g^2, w -= lr g / sqrt(a + eps).
template <class T>
void adagrad(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
             const UpdateStep& step) {
  const T lr = T(step.learning_rate()), eps = T(step.hyper[2]);
  T* __restrict a = slots[0];
  for (int64_t i = 0; i < n; ++i) {
    a[i] += g[i] * g[i];
    w[i] -= lr * g[i] / square_root(a[i] + eps);
  }
}

// Adadelta (Zeiler, arXiv 1212.5701): the gradient times the running root mean square of the steps
// over its own.
template <class T>
void adadelta(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
              const UpdateStep& step) {
  const T lr = T(step.learning_rate()), rho = T(step.hyper[2]), rest = T(1 - step.hyper[2]);
  const T eps = T(step.hyper[3]);
  T* __restrict gradients = slots[0];
  T* __restrict steps = slots[1];
  for (int64_t i = 0; i < n; ++i) {
    gradients[i] = rho * gradients[i] + rest * (g[i] * g[i]);
    const T change = square_root(steps[i] + eps) * g[i] / square_root(gradients[i] + eps);
    steps[i] = rho * steps[i] + rest * (change * change);
    w[i] -= lr * change;
  }
}

// FTRL-Proximal (McMahan et al., KDD 2013) with the shrinkage form of L2 regularization.
template <class T>
void ftrl(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
          const UpdateStep& step) {
  const double rate = step.learning_rate();
  const T lr = T(rate), power = T(-step.hyper[2]), l1 = T(step.hyper[3]);
  const T l2 = T(2 * (step.hyper[4] + step.hyper[6] / (2 * rate)));
  const T shrinkage = T(2 * step.hyper[5]);
  T* __restrict a = slots[0];
  T* __restrict z = slots[1];
  const auto update = [&](auto to_power) {
    for (int64_t i = 0; i < n; ++i) {
      const T sum = a[i] + g[i] * g[i];
      const T after = to_power(sum);
      z[i] += g[i] + shrinkage * w[i] - (after - to_power(a[i])) / lr * w[i];
      const T clipped = z[i] > l1 ? l1 : z[i] < -l1 ? -l1 : z[i];
      w[i] = (clipped - z[i]) / (after / lr + l2);
      a[i] = sum;
    }
  };
  if (power == T(0.5)) {
    update([](T x) { return square_root(x); });
  } else {
    update([power](T x) { return raised(x, power); });
  }
}

// Lion (Chen et al., arXiv 2302.06675): w -= lr sign(beta_1 m + (1 - beta_1) g), then
// m = beta_2 m + (1 - beta_2) g.
template <class T>
void lion(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
          const UpdateStep& step) {
  const T lr = T(step.learning_rate()), beta_1 = T(step.hyper[2]), beta_2 = T(step.hyper[3]);
  const T rest_1 = T(1 - step.hyper[2]), rest_2 = T(1 - step.hyper[3]);
  T* __restrict m = slots[0];
  for (int64_t i = 0; i < n; ++i) {
    const T direction = m[i] * beta_1 + g[i] * rest_1;
    w[i] -= direction > 0 ? lr : direction < 0 ? -lr : direction;
    m[i] = m[i] * beta_2 + g[i] * rest_2;
  }
}

// Schedule-free AdamW (Defazio et al., arXiv 2405.15682). The variable is y, the point of the
// gradients; slot 0 is z, which Adam moves; x, the mean of all z, is their combination.
template <class T>
void schedule_free_adamw(T* __restrict w, const T* __restrict g, T* const* slots, int64_t n,
                         const UpdateStep& step) {
  const double warmup = step.hyper[5], share = 1 / step.step;
  const double warm = warmup > step.step ? step.step / warmup : 1;
  const T lr = T(step.learning_rate() * warm), eps = T(step.hyper[4]);
  const T beta_1 = T(step.hyper[2]), rest_1 = T(1 - step.hyper[2]), rest_2 = T(1 - step.hyper[3]);
  const T correction = T(1 - ::pow(step.hyper[3], step.step));
  const T of_new = T(share), of_old = T(1 - share);
  T* __restrict z = slots[0];
  T* __restrict v = slots[1];
  for (int64_t i = 0; i < n; ++i) {
    v[i] += (g[i] * g[i] - v[i]) * rest_2;
    const T mean = (w[i] - rest_1 * z[i]) / beta_1;
    z[i] -= lr * g[i] / (square_root(v[i] / correction) + eps);
    w[i] = rest_1 * z[i] + beta_1 * (of_old * mean + of_new * z[i]);
  }
}

template <class T>
void decay(T* __restrict w, int64_t n, double share) {
  const T part = T(share);
  for (int64_t i = 0; i < n; ++i) w[i] -= w[i] * part;
}

template <class T>
constexpr UpdateTable<T> update_table() {
  return {
#define UPDATE(name, slots, hyper, flag) name<T>,
#include "kernels/update.inc"
      decay<T>,
  };
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
