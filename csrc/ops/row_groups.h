// Rows of a matrix as units of work for parallel_for.
#pragma once

#include <algorithm>

#include "parallel.h"

namespace pyclr {

// f(first, count) for groups of rows that hold about `grain` elements each. The groups depend on
// the sizes only, never on the threads.
template <class F>
void for_row_groups(int64_t rows, int64_t row_size, F&& f, int64_t grain = 16384) {
  const int64_t group = std::max<int64_t>(1, grain / std::max<int64_t>(1, row_size));
  parallel_for((rows + group - 1) / group,
               [&](int64_t g) { f(g * group, std::min(group, rows - g * group)); });
}

}  // namespace pyclr
