// The pointwise part of the kernel table: one entry a line of pointwise.inc.
#pragma once

#include <cstdint>

namespace pyclr {

enum class Unary : int {
#define UNARY_Y(name, value, derivative) name,
#define UNARY_X(name, value, derivative) name,
#define UNARY_FLAT(name, value) name,
#include "kernels/pointwise.inc"
  count
};

enum class Binary : int {
#define BINARY(name, value) name,
#define COMPARE(name, value) name,
#include "kernels/pointwise.inc"
  count
};

template <class T>
struct UnaryTable {
  void (*forward[int(Unary::count)])(const T* x, T* y, int64_t n);
  // dx from dy and what the function keeps: its argument or its value.
  void (*backward[int(Unary::count)])(const T* dy, const T* kept, T* dx, int64_t n);
};

template <class T>
struct BinaryTable {
  // One row of n results; an operand whose `moves` is false is one value for the whole row.
  void (*row[int(Binary::count)])(const T* a, bool a_moves, const T* b, bool b_moves, void* y,
                                  int64_t n);
};

// A row of n results: c ? a : b, by values of so many bytes.
template <class T>
using WhereRow = void (*)(const bool* c, bool c_moves, const T* a, bool a_moves, const T* b,
                          bool b_moves, T* y, int64_t n);

// Numbers as floats, rounded to nearest.
template <class T>
using FloatsRow = void (*)(const T* x, float* y, int64_t n);

struct PointwiseKernels {
  UnaryTable<float> unary_f32;
  UnaryTable<double> unary_f64;
  BinaryTable<float> binary_f32;
  BinaryTable<double> binary_f64;
  BinaryTable<int32_t> binary_i32;
  BinaryTable<int64_t> binary_i64;
  BinaryTable<uint8_t> binary_u8;  // also boolean
  WhereRow<uint8_t> where_1;
  WhereRow<uint32_t> where_4;
  WhereRow<uint64_t> where_8;
  FloatsRow<uint8_t> floats_u8;  // also boolean
  FloatsRow<int32_t> floats_i32;

  template <class T>
  const UnaryTable<T>& unary() const {
    if constexpr (sizeof(T) == 4) {
      return unary_f32;
    } else {
      return unary_f64;
    }
  }
  const BinaryTable<float>& binary(float) const { return binary_f32; }
  const BinaryTable<double>& binary(double) const { return binary_f64; }
  const BinaryTable<int32_t>& binary(int32_t) const { return binary_i32; }
  const BinaryTable<int64_t>& binary(int64_t) const { return binary_i64; }
  const BinaryTable<uint8_t>& binary(uint8_t) const { return binary_u8; }
  WhereRow<uint8_t> where(uint8_t) const { return where_1; }
  WhereRow<uint32_t> where(uint32_t) const { return where_4; }
  WhereRow<uint64_t> where(uint64_t) const { return where_8; }
};

}  // namespace pyclr
