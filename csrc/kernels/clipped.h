// A window clipped to an image. Included once per instruction set.
#pragma once

#include "kernels/simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

// The part [begin, end) of a window of `size` that starts at `start` and lies within [0, limit).
struct Clipped {
  int64_t begin, end;
  PYCLR_INLINE Clipped(int64_t start, int64_t size, int64_t limit)
      : begin(start < 0 ? -start : 0), end(limit - start < size ? limit - start : size) {}
  PYCLR_INLINE int64_t count() const { return end - begin; }
};

}  // namespace
}  // namespace pyclr::PYCLR_ISA
