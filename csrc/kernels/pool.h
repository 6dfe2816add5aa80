// Pooling, a row at a time, vectors along the channels. Included once per instruction set
// (isa.cpp).
#pragma once

#include "kernels/clipped.h"
#include "kernels/lanes.h"
#include "kernels/pool_table.h"

namespace pyclr::PYCLR_ISA {
namespace {

// n <= kLanes numbers of type I as lanes, and back. Loops, because the compiler makes better code
// of them than of conversions of vectors.
template <class T, class I>
PYCLR_INLINE IntVec<T> read_index(const I* p, AllLanes<T>) {
  IntVec<T> v{};
  PYCLR_UNROLL for (int i = 0; i < kLanes<T>; ++i) v[i] = p[i];
  return v;
}
template <class T, class I>
PYCLR_INLINE IntVec<T> read_index(const I* p, FirstLanes<T> lanes) {
  if (lanes.n == kLanes<T>) return read_index(p, AllLanes<T>{});
  IntVec<T> v{};
  for (int i = 0; i < lanes.n; ++i) v[i] = p[i];
  return v;
}
template <class T, class I>
PYCLR_INLINE void write_index(I* p, IntVec<T> v, AllLanes<T>) {
  PYCLR_UNROLL for (int i = 0; i < kLanes<T>; ++i) p[i] = static_cast<I>(v[i]);
}
template <class T, class I>
PYCLR_INLINE void write_index(I* p, IntVec<T> v, FirstLanes<T> lanes) {
  if (lanes.n == kLanes<T>) return write_index<T>(p, v, AllLanes<T>{});
  for (int i = 0; i < lanes.n; ++i) p[i] = static_cast<I>(v[i]);
}

// The greatest of the vectors that it meets, the first of equals, and their numbers. NaN counts as
// the maximum.
template <class T>
struct Maximum {
  Vec<T> best;
  IntVec<T> where;
  PYCLR_INLINE Maximum(Vec<T> value, int64_t number)
      : best(value), where(IntVec<T>{} + static_cast<int32_t>(number)) {}
  PYCLR_INLINE void meet(const Maximum& other) {
    const auto wins = ~(other.best <= best) & (best == best);  // greater, or the first NaN
    best = select(wins, other.best, best);
    where = select(wins, other.where, where);
  }
  PYCLR_INLINE void meet(Vec<T> value, int64_t number) { meet(Maximum(value, number)); }
  template <class I, class Lanes>
  PYCLR_INLINE void write(T* y, I* index, Lanes lanes) const {
    lanes.write(y, best);
    write_index<T>(index, where, lanes);
  }
};

// The same without the number.
template <class T>
PYCLR_INLINE Vec<T> greater(Vec<T> best, Vec<T> value) {
  return select(value == value, max(best, value), best + value);  // a sum with NaN is the first one
}

// The maximum of a window of two by two after `finish`, which is monotone; index may be null.
// Neither row waits for the other.
template <class T, class Finish, class Lanes>
PYCLR_INLINE void write_maximum(Vec<T> a, Vec<T> b, Vec<T> c, Vec<T> d, const Finish& finish, T* y,
                                uint8_t* index, Lanes lanes) {
  if (index) {  // finished before they are compared: rounding makes equals
    Maximum<T> top(finish(a), 0), bottom(finish(c), 2);
    top.meet(finish(b), 1);
    bottom.meet(finish(d), 3);
    top.meet(bottom);
    top.write(y, index, lanes);
  } else {
    lanes.write(y, finish(greater<T>(greater<T>(a, b), greater<T>(c, d))));
  }
}

// One window: `rows` x `columns` pixels from x on, whose first is position `first` of the window.
// kSide, if it is not 0, is the number of both.
template <int kSide = 0, class T, class I>
PYCLR_INLINE void max_window(const PoolShape& s, const T* x, int64_t rows, int64_t columns,
                             int64_t first, T* y, I* index) {
  for_vectors<T>(s.c, [&](int64_t c, auto lanes) {
    Maximum<T> best(lanes.read(x + c), first);
    const auto meet = [&](int64_t i, int64_t j) {
      best.meet(lanes.read(x + (i * s.w + j) * s.c + c), first + i * s.pw + j);
    };
    if constexpr (kSide > 0) {
      PYCLR_UNROLL for (int i = 0; i < kSide; ++i) {
        PYCLR_UNROLL for (int j = 0; j < kSide; ++j) meet(i, j);
      }
    } else {
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j) meet(i, j);
    }
    best.write(y + c, index + c, lanes);
  });
}

template <class T, class I>
void max_pool(const PoolShape& s, const T* x, int64_t row, T* y, I* index) {
  const int64_t top = row % s.oh * s.stride_h - s.pad_top;
  const Clipped rows(top, s.ph, s.h);
  const T* image_row = x + (row / s.oh * s.h + top + rows.begin) * s.w * s.c;
  for (int64_t o = 0; o < s.ow; ++o, y += s.c, index += s.c) {
    const int64_t left = o * s.stride_w - s.pad_left;
    const Clipped columns(left, s.pw, s.w);
    const T* corner = image_row + (left + columns.begin) * s.c;
    const int64_t first = rows.begin * s.pw + columns.begin;
    if (rows.count() == 2 && columns.count() == 2) {  // the usual sizes, unrolled
      max_window<2>(s, corner, 2, 2, first, y, index);
    } else if (rows.count() == 3 && columns.count() == 3) {
      max_window<3>(s, corner, 3, 3, first, y, index);
    } else {
      max_window(s, corner, rows.count(), columns.count(), first, y, index);
    }
  }
}

template <class T>
void average_pool(const PoolShape& s, const T* x, int64_t row, T* y) {
  const int64_t top = row % s.oh * s.stride_h - s.pad_top;
  const Clipped rows(top, s.ph, s.h);
  const T* image_row = x + (row / s.oh * s.h + top + rows.begin) * s.w * s.c;
  for (int64_t o = 0; o < s.ow; ++o, y += s.c) {
    const int64_t left = o * s.stride_w - s.pad_left;
    const Clipped columns(left, s.pw, s.w);
    const T* corner = image_row + (left + columns.begin) * s.c;
    const T count = static_cast<T>(rows.count() * columns.count());
    for_vectors<T>(s.c, [&](int64_t c, auto lanes) {
      Vec<T> sum{};
      for (int64_t i = 0; i < rows.count(); ++i)
        for (int64_t j = 0; j < columns.count(); ++j)
          sum += lanes.read(corner + (i * s.w + j) * s.c + c);
      lanes.write(y + c, sum / count);
    });
  }
}

// Calls f(window, i, left, rows, columns) for each window - numbered in y - that has row `row` of
// the n * h of x as its row i.
template <class F>
PYCLR_INLINE void for_windows_of_row(const PoolShape& s, int64_t row, F&& f) {
  const int64_t image = row / s.h, from_top = row % s.h + s.pad_top;
  const int64_t first = from_top < s.ph ? 0 : (from_top - s.ph) / s.stride_h + 1;
  for (int64_t o = first; o < s.oh && o * s.stride_h <= from_top; ++o) {
    const Clipped rows(o * s.stride_h - s.pad_top, s.ph, s.h);
    for (int64_t p = 0; p < s.ow; ++p) {
      const int64_t left = p * s.stride_w - s.pad_left;
      f((image * s.oh + o) * s.ow + p, from_top - o * s.stride_h, left, rows,
        Clipped(left, s.pw, s.w));
    }
  }
}

template <class T, class I>
void max_pool_gradient(const PoolShape& s, const T* dy, const I* index, int64_t row, T* dx) {
  __builtin_memset(dx, 0, s.w * s.c * sizeof(T));
  const bool overlap = s.stride_h < s.ph || s.stride_w < s.pw;
  for_windows_of_row(s, row,
                     [&](int64_t window, int64_t i, int64_t left, Clipped, Clipped columns) {
                       for_vectors<T>(s.c, [&](int64_t c, auto lanes) {
                         const Vec<T> gradient = lanes.read(dy + window * s.c + c);
                         const IntVec<T> where = read_index<T>(index + window * s.c + c, lanes);
                         for (int64_t j = columns.begin; j < columns.end; ++j) {
                           T* target = dx + (left + j) * s.c + c;
                           const auto won = where == static_cast<int32_t>(i * s.pw + j);
                           const Vec<T> share = select(won, gradient, Vec<T>{});
                           lanes.write(target, overlap ? lanes.read(target) + share : share);
                         }
                       });
                     });
}

template <class T>
void average_pool_gradient(const PoolShape& s, const T* dy, int64_t row, T* dx) {
  __builtin_memset(dx, 0, s.w * s.c * sizeof(T));
  for_windows_of_row(s, row,
                     [&](int64_t window, int64_t, int64_t left, Clipped rows, Clipped columns) {
                       const T count = static_cast<T>(rows.count() * columns.count());
                       for_vectors<T>(s.c, [&](int64_t c, auto lanes) {
                         const Vec<T> share = lanes.read(dy + window * s.c + c) / count;
                         for (int64_t j = columns.begin; j < columns.end; ++j) {
                           T* target = dx + (left + j) * s.c + c;
                           lanes.write(target, lanes.read(target) + share);
                         }
                       });
                     });
}

template <class T>
constexpr PoolTable<T> pool_table() {
  return {{max_pool<T, uint8_t>, max_pool_gradient<T, uint8_t>},
          {max_pool<T, int32_t>, max_pool_gradient<T, int32_t>},
          average_pool<T>,
          average_pool_gradient<T>};
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
