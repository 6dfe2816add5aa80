// Tensor: a reference-counted storage plus shape and dtype. Always contiguous, channels-last. A
// reshape or a leading slice shares the storage of its source; there are no other views.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <span>
#include <vector>

#include "error.h"

namespace pyclr {

enum class DType : uint8_t { float32, float64, int32, int64, uint8, boolean };

size_t size_of(DType dtype);
const char* name_of(DType dtype);
DType dtype_named(const std::string& name);
inline bool is_float(DType dtype) { return dtype <= DType::float64; }
// The dtype two operands meet in: bool < uint8 < int32 < int64 < float32 < float64.
DType promote(DType a, DType b);

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::float32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::float64;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::int32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::int64;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::uint8;
}
template <>
constexpr DType dtype_of<bool>() {
  return DType::boolean;
}

// Calls f with a value of the C++ type of `dtype`.
template <class F>
decltype(auto) with_float(DType dtype, F&& f) {
  if (dtype == DType::float64) return f(double{});
  return f(float{});
}

template <class F>
decltype(auto) with_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f(float{});
    case DType::float64:
      return f(double{});
    case DType::int32:
      return f(int32_t{});
    case DType::int64:
      return f(int64_t{});
    case DType::uint8:
      return f(uint8_t{});
    default:
      return f(bool{});
  }
}

// Calls f with an integer of a value's size, for what only moves values.
template <class F>
decltype(auto) with_size(DType dtype, F&& f) {
  switch (size_of(dtype)) {
    case 1:
      return f(uint8_t{});
    case 4:
      return f(uint32_t{});
    default:
      return f(uint64_t{});
  }
}

class Shape {
 public:
  static constexpr int max_rank = 8;
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  Shape(const std::vector<int64_t>& dims) : Shape(std::span(dims)) {}  // NOLINT
  explicit Shape(std::span<const int64_t> dims);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return dims_[axis]; }
  int64_t& operator[](int axis) { return dims_[axis]; }
  int64_t last() const { return rank_ ? dims_[rank_ - 1] : 1; }
  int64_t size() const { return product(0, rank_); }
  // Product of the dimensions [first, last).
  int64_t product(int first, int last) const;
  const int64_t* begin() const { return dims_.data(); }
  const int64_t* end() const { return dims_.data() + rank_; }
  void push_back(int64_t dim);
  bool operator==(const Shape& other) const {
    return rank_ == other.rank_ && std::equal(begin(), end(), other.begin());
  }

 private:
  std::array<int64_t, max_rank> dims_{};
  uint8_t rank_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);
std::ostream& operator<<(std::ostream& out, DType dtype);

// A block of memory: 64-byte aligned and our own, or foreign memory kept alive by `owner`.
struct Storage {
  // A `lasting` block lies apart from those that come and go with a step.
  explicit Storage(size_t bytes, bool lasting = false);
  Storage(void* data, size_t bytes, std::shared_ptr<void> owner)
      : data(static_cast<std::byte*>(data)), bytes(bytes), owner(std::move(owner)) {}
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  // Gives the memory back; the storage remains as an identity without data.
  void release();

  std::byte* data = nullptr;
  size_t bytes = 0;
  std::shared_ptr<void> owner;  // null when the block came from our allocator
};

struct TensorData {
  std::shared_ptr<Storage> storage;  // null for a tensor that is only a shape (inference)
  int64_t offset = 0;                // bytes into the storage
  Shape shape;
  DType dtype = DType::float32;
  bool trainable = false;  // a variable that tapes follow without being told

  int64_t size() const { return shape.size(); }
  size_t bytes() const { return static_cast<size_t>(size()) * size_of(dtype); }
  template <class T>
  T* data() const {
    return reinterpret_cast<T*>(storage->data + offset);
  }
};

// Tensors are handles: identity (the pointer) is what the tape and the recording go by.
using Tensor = std::shared_ptr<TensorData>;
using Tensors = std::vector<Tensor>;

Tensor empty(const Shape& shape, DType dtype);
// All bytes are zero, and memory is taken only as pages of it are touched.
Tensor untouched(const Shape& shape, DType dtype);
// An identity with a shape and dtype, and no memory.
Tensor without_values(const Shape& shape, DType dtype);
Tensor view(const Tensor& source, const Shape& shape, int64_t byte_offset, DType dtype);

// Gives the allocator's cached blocks back to the system.
void trim_memory();

}  // namespace pyclr
