// Loops over arrays a vector at a time, the last one shorter. Included once per instruction set.
#pragma once

#include "kernels/simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

template <class T>
PYCLR_INLINE IntVec<T> lane_numbers() {
  IntVec<T> v{};
  for (int i = 0; i < kLanes<T>; ++i) v[i] = i;
  return v;
}

// How for_vectors' body reads and writes: all lanes, or the first n; `fill` is what the others
// read.
template <class T>
struct AllLanes {
  static PYCLR_INLINE Vec<T> read(const T* p, T = 0) { return load(p); }
  static PYCLR_INLINE void write(T* p, Vec<T> v) { store(p, v); }
  static constexpr int64_t n = kLanes<T>;
  static constexpr bool all = true;
};
template <class T>
struct FirstLanes {
  int64_t n;
  static constexpr bool all = false;
  PYCLR_INLINE Vec<T> read(const T* p) const { return load_n(p, n); }
  PYCLR_INLINE Vec<T> read(const T* p, T fill) const {
    return select(lane_numbers<T>() < static_cast<int32_t>(n), load_n(p, n), broadcast(fill));
  }
  PYCLR_INLINE void write(T* p, Vec<T> v) const { store_n(p, v, n); }
};

// f(i, lanes) for the vectors that begin at i = 0, kLanes, ... of n elements.
template <class T, class F>
PYCLR_INLINE void for_vectors(int64_t n, F&& f) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) f(i, AllLanes<T>{});
  if (i < n) f(i, FirstLanes<T>{n - i});
}

// The same with one copy of f where masks make a part of a vector as fast as all of it.
template <class T, class F>
PYCLR_INLINE void for_masked_vectors(int64_t n, F&& f) {
  if constexpr (kMasks) {
    for (int64_t i = 0; i < n; i += kLanes<T>)
      f(i, FirstLanes<T>{n - i < kLanes<T> ? n - i : kLanes<T>});
  } else {
    for_vectors<T>(n, f);
  }
}

template <int... kLane>
struct LaneList {};
template <int kCount>
constexpr auto kLaneList = LaneList<0, 1>{};
template <>
constexpr auto kLaneList<4> = LaneList<0, 1, 2, 3>{};
template <>
constexpr auto kLaneList<8> = LaneList<0, 1, 2, 3, 4, 5, 6, 7>{};
template <>
constexpr auto kLaneList<16> = LaneList<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>{};

// join(lane, join(...)) of all lanes: halves, then quarters, ...
template <int kWidth, class V, class F, int... kLane>
PYCLR_INLINE V fold_lanes(V v, F join, LaneList<kLane...> lanes) {
  v = join(v, __builtin_shufflevector(v, v, (kLane + kWidth) % int(sizeof...(kLane))...));
  if constexpr (kWidth > 1) v = fold_lanes<kWidth / 2>(v, join, lanes);
  return v;
}
template <class T>
PYCLR_INLINE T lane_sum(Vec<T> v) {
  return fold_lanes<kLanes<T> / 2>(
      v, [](Vec<T> a, Vec<T> b) { return a + b; }, kLaneList<kLanes<T>>)[0];
}
template <class T>
PYCLR_INLINE T lane_max(Vec<T> v) {
  return fold_lanes<kLanes<T> / 2>(
      v, [](Vec<T> a, Vec<T> b) { return max(a, b); }, kLaneList<kLanes<T>>)[0];
}

// The sum over all vectors of what f(i, lanes) returns, which must be 0 in the lanes past the end.
// Pieces are added in double precision, so that a long row of floats keeps its digits.
template <class T, class F>
PYCLR_INLINE double sum_vectors(int64_t n, F&& f) {
  constexpr int64_t kPiece = 64 * kLanes<T>;
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kPiece) {
    Vec<T> sum{};
    for_vectors<T>(n - begin < kPiece ? n - begin : kPiece,
                   [&](int64_t i, auto lanes) { sum += f(begin + i, lanes); });
    total += lane_sum<T>(sum);
  }
  return total;
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
