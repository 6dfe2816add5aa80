// The part of the kernel table that reads indices.
#pragma once

#include <cstdint>

namespace pyclr {

struct IndexKernels {
  // places[i] = indices[i] as int64, i < n; negative ones count from `limit`. Returns whether all
  // are in [0, limit).
  using Read = bool (*)(const void* indices, int64_t n, int64_t limit, int64_t* places);
  Read read_u8, read_i32, read_i64;
};

}  // namespace pyclr
