// Steps of recurrent cells, see recurrent_table.h. Included once per instruction set (isa.cpp).
#pragma once

#include "kernels/lanes.h"
#include "kernels/recurrent_table.h"

namespace pyclr::PYCLR_ISA {
namespace {

// y[j] = f(x[j]) for j < n; y may be x.
template <class T>
PYCLR_NOINLINE void activate(CellActivation function, const T* x, int64_t n, T* y) {
  const auto with = [=](auto f) {
    for_vectors<T>(n, [=](int64_t j, auto lanes) { lanes.write(y + j, f(lanes.read(x + j))); });
  };
  switch (function) {
    case CellActivation::linear:
      return with([](Vec<T> v) { return v; });
    case CellActivation::relu:
      return with([](Vec<T> v) { return max(v, Vec<T>{}); });
    case CellActivation::tanh:
      return with([](Vec<T> v) { return tanh(v); });
    case CellActivation::sigmoid:
      return with([](Vec<T> v) { return sigmoid(v); });
    default:
      return with([](Vec<T> v) { return min(max(v / T(6) + T(0.5), Vec<T>{}), broadcast(T(1))); });
  }
}

// y[j] = a[j] + b[j] for j < n.
template <class T>
PYCLR_INLINE void add(const T* a, const T* b, int64_t n, T* y) {
  for_vectors<T>(
      n, [=](int64_t j, auto lanes) { lanes.write(y + j, lanes.read(a + j) + lanes.read(b + j)); });
}

// The derivative where the value is y.
template <class T>
PYCLR_INLINE Vec<T> slope(CellActivation function, Vec<T> y) {
  const Vec<T> one = broadcast(T(1)), zero{};
  switch (function) {
    case CellActivation::linear:
      return one;
    case CellActivation::relu:
      return select(y > zero, one, zero);
    case CellActivation::tanh:
      return one - y * y;
    case CellActivation::sigmoid:
      return y * (one - y);
    default:
      return select((y > zero) & (y < one), one / T(6), zero);
  }
}

// f(row) for the rows that count; `skip(row)` for the others.
template <class T, class F, class Skip>
PYCLR_INLINE void for_counting_rows(const RecurrentStep<T>& s, F&& f, Skip&& skip) {
  for (int64_t row = 0; row < s.rows; ++row) {
    if (s.mask == nullptr || s.mask[row]) {
      f(row);
    } else {
      skip(row);
    }
  }
}

template <class T>
PYCLR_INLINE void copy(const T* from, int64_t n, T* to) {
  if (n > 0) __builtin_memcpy(to, from, sizeof(T) * n);  // else there may be no array
}
template <class T>
PYCLR_INLINE void clear(T* to, int64_t n) {
  if (n > 0) __builtin_memset(to, 0, sizeof(T) * n);
}

template <class T>
void simple_rnn(const RecurrentStep<T>& s) {
  const int64_t n = s.units;
  for_counting_rows(
      s,
      [&](int64_t row) {
        T* h = s.h + row * n;
        add(s.x + row * n, s.inner + row * n, n, h);
        activate(s.activation, h, n, h);
      },
      [&](int64_t row) { copy(s.before_h + row * n, n, s.h + row * n); });
}

template <class T>
void simple_rnn_gradient(const RecurrentStep<T>& s) {
  const int64_t n = s.units;
  for_counting_rows(
      s,
      [&](int64_t row) {
        const int64_t at = row * n;
        for_vectors<T>(n, [&](int64_t j, auto lanes) {
          const Vec<T> dx =
              lanes.read(s.dh + at + j) * slope<T>(s.activation, lanes.read(s.h + at + j));
          lanes.write(s.dx + at + j, dx);
          lanes.write(s.dh + at + j, Vec<T>{});
        });
      },
      [&](int64_t row) { clear(s.dx + row * n, n); });
}

template <class T>
void gru(const RecurrentStep<T>& s) {
  const int64_t n = s.units;
  for_counting_rows(
      s,
      [&](int64_t row) {
        const T *x = s.x + row * 3 * n, *inner = s.inner + row * 3 * n, *h = s.before_h + row * n;
        T *z = s.saved + row * 4 * n, *r = z + n, *g = r + n, *inner_g = g + n;
        add(x, inner, 2 * n, z);
        activate(s.recurrent_activation, z, 2 * n, z);
        copy(inner + 2 * n, n, inner_g);
        for_vectors<T>(n, [=](int64_t j, auto lanes) {
          lanes.write(g + j,
                      lanes.read(x + 2 * n + j) + lanes.read(r + j) * lanes.read(inner_g + j));
        });
        activate(s.activation, g, n, g);
        for_vectors<T>(n, [&](int64_t j, auto lanes) {
          const Vec<T> zj = lanes.read(z + j);
          lanes.write(s.h + row * n + j, zj * lanes.read(h + j) + (T(1) - zj) * lanes.read(g + j));
        });
      },
      [&](int64_t row) {
        clear(s.saved + row * 4 * n, 4 * n);
        copy(s.before_h + row * n, n, s.h + row * n);
      });
}

template <class T>
void gru_gradient(const RecurrentStep<T>& s) {
  const int64_t n = s.units;
  for_counting_rows(
      s,
      [&](int64_t row) {
        const T *saved = s.saved + row * 4 * n, *before = s.before_h + row * n;
        T *dx = s.dx + row * 3 * n, *dinner = s.dinner + row * 3 * n, *dh = s.dh + row * n;
        for_vectors<T>(n, [&](int64_t j, auto lanes) {
          const Vec<T> z = lanes.read(saved + j), r = lanes.read(saved + n + j);
          const Vec<T> g = lanes.read(saved + 2 * n + j), d = lanes.read(dh + j);
          const Vec<T> dg = d * (T(1) - z) * slope<T>(s.activation, g);
          const Vec<T> dz = d * (lanes.read(before + j) - g) * slope<T>(s.recurrent_activation, z);
          const Vec<T> dr =
              dg * lanes.read(saved + 3 * n + j) * slope<T>(s.recurrent_activation, r);
          lanes.write(dx + j, dz);
          lanes.write(dx + n + j, dr);
          lanes.write(dx + 2 * n + j, dg);
          lanes.write(dinner + j, dz);
          lanes.write(dinner + n + j, dr);
          lanes.write(dinner + 2 * n + j, dg * r);
          lanes.write(dh + j, d * z);
        });
      },
      [&](int64_t row) {
        clear(s.dx + row * 3 * n, 3 * n);
        clear(s.dinner + row * 3 * n, 3 * n);
      });
}

template <class T>
void lstm(const RecurrentStep<T>& s) {
  const int64_t n = s.units;
  for_counting_rows(
      s,
      [&](int64_t row) {
        const T* before = s.before_c + row * n;
        T *i = s.saved + row * 4 * n, *f = i + n, *g = f + n, *o = g + n;
        T *c = s.c + row * n, *h = s.h + row * n;
        add(s.x + row * 4 * n, s.inner + row * 4 * n, 4 * n, i);
        activate(s.recurrent_activation, i, 2 * n, i);
        activate(s.activation, g, n, g);
        activate(s.recurrent_activation, o, n, o);
        for_vectors<T>(n, [=](int64_t j, auto lanes) {
          lanes.write(c + j, lanes.read(f + j) * lanes.read(before + j) +
                                 lanes.read(i + j) * lanes.read(g + j));
        });
        activate(s.activation, c, n, h);
        for_vectors<T>(n, [=](int64_t j, auto lanes) {
          lanes.write(h + j, lanes.read(o + j) * lanes.read(h + j));
        });
      },
      [&](int64_t row) {
        clear(s.saved + row * 4 * n, 4 * n);
        copy(s.before_c + row * n, n, s.c + row * n);
        copy(s.before_h + row * n, n, s.h + row * n);
      });
}

template <class T>
void lstm_gradient(const RecurrentStep<T>& s) {
  const int64_t n = s.units;
  for_counting_rows(
      s,
      [&](int64_t row) {
        const T *saved = s.saved + row * 4 * n, *c = s.c + row * n, *before = s.before_c + row * n;
        T *dx = s.dx + row * 4 * n, *dh = s.dh + row * n, *dc = s.dc + row * n;
        T* const activated = dx + 3 * n;
        activate(s.activation, c, n, activated);
        for_vectors<T>(n, [&](int64_t j, auto lanes) {
          const Vec<T> i = lanes.read(saved + j), f = lanes.read(saved + n + j);
          const Vec<T> g = lanes.read(saved + 2 * n + j), o = lanes.read(saved + 3 * n + j);
          const Vec<T> a = lanes.read(activated + j);
          const Vec<T> d = lanes.read(dh + j);
          const Vec<T> e = lanes.read(dc + j) + d * o * slope<T>(s.activation, a);
          lanes.write(dx + j, e * g * slope<T>(s.recurrent_activation, i));
          lanes.write(dx + n + j, e * lanes.read(before + j) * slope<T>(s.recurrent_activation, f));
          lanes.write(dx + 2 * n + j, e * i * slope<T>(s.activation, g));
          lanes.write(dx + 3 * n + j, d * a * slope<T>(s.recurrent_activation, o));
          lanes.write(dc + j, e * f);
          lanes.write(dh + j, Vec<T>{});
        });
      },
      [&](int64_t row) { clear(s.dx + row * 4 * n, 4 * n); });
}

template <class T>
constexpr RecurrentTable<T> recurrent_table() {
  return {.simple_rnn = simple_rnn<T>,
          .simple_rnn_gradient = simple_rnn_gradient<T>,
          .gru = gru<T>,
          .gru_gradient = gru_gradient<T>,
          .lstm = lstm<T>,
          .lstm_gradient = lstm_gradient<T>};
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
