// Memory plan: first and last use of every storage -> offsets in one arena.
#include <numeric>

#include "program.h"

namespace pyclr {

// Biggest first, each at the lowest offset where it overlaps nothing that lives at the same time.
// Quadratic, once per program.
size_t place(std::vector<Placement>& placements) {
  std::vector<size_t> order(placements.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return placements[a].bytes > placements[b].bytes; });
  std::vector<size_t> placed;
  size_t arena = 0;
  for (size_t i : order) {
    Placement& item = placements[i];
    std::vector<std::pair<size_t, size_t>> taken;
    for (size_t j : placed) {
      const Placement& other = placements[j];
      if (other.first <= item.last && item.first <= other.last)
        taken.emplace_back(other.offset, other.offset + other.bytes);
    }
    std::sort(taken.begin(), taken.end());
    size_t offset = 0;
    for (const auto& [begin, end] : taken) {
      if (offset + item.bytes <= begin) break;
      offset = std::max(offset, end);
    }
    item.offset = offset;
    arena = std::max(arena, offset + item.bytes);
    placed.push_back(i);
  }
  return arena;
}

}  // namespace pyclr
