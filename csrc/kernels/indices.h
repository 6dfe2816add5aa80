// Reading indices, see indices_table.h. Included once per instruction set (isa.cpp).
#pragma once

#include "kernels/indices_table.h"

namespace pyclr::PYCLR_ISA {
namespace {

template <class I>
bool read_indices(const void* indices, int64_t n, int64_t limit, int64_t* places) {
  const I* from = static_cast<const I*>(indices);
  int64_t outside = 0;  // a sign says it
  for (int64_t i = 0; i < n; ++i) {
    const int64_t index = from[i], place = index + (index < 0 ? limit : 0);
    outside |= place | (limit - 1 - place);
    places[i] = place;
  }
  return outside >= 0;
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
