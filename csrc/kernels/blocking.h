// What the loops around the micro-kernel share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "kernels/kernels.h"
#include "parallel.h"

namespace pyclr {

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Multiply-adds that are worth another thread.
constexpr int64_t kWorkPerThread = 100'000;

// Into how many parts to cut work of so many multiply-adds: several a thread, so that a thread that
// was held up does not hold up the others.
inline int64_t parts_of(int64_t multiply_adds) {
  const int64_t threads = num_threads();
  if (threads == 1) return 1;
  return std::clamp<int64_t>(multiply_adds / kWorkPerThread, 1, 4 * threads);
}

// A thread's memory for copies, kept between calls and growing to the largest need. One
// thread_local object a use.
class Scratch {
 public:
  template <class T>
  T* get(int64_t n) {
    const size_t bytes = size_t(n) * sizeof(T);
    if (bytes > bytes_) {
      memory_.reset();
      memory_.reset(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{64})));
      bytes_ = bytes;
    }
    return reinterpret_cast<T*>(memory_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  size_t bytes_ = 0;
};

// sum[j] = x[0, j] + x[1, j] + ... in this order: a GEMM with ones.
template <class T>
void sum_rows(const T* x, int64_t stride, int64_t rows, int64_t columns, T* sum) {
  static constexpr T one = 1;
  kernels_of<T>().brgemm({.m = 1,
                          .n = columns,
                          .k = rows,
                          .a = &one,
                          .a_inner = 0,
                          .a_k = 0,
                          .b = x,
                          .b_k = stride,
                          .c = sum,
                          .c_inner = 0});
}

}  // namespace pyclr
