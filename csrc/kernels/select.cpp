// Chooses the table of kernels for this machine.
#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "kernels/kernels.h"

namespace pyclr {

// isa.cpp, once for each.
namespace baseline {
const Kernels& kernels();
}
namespace avx2 {
const Kernels& kernels();
}
namespace avx512 {
const Kernels& kernels();
}
namespace neon {
const Kernels& kernels();
}

namespace {

// What this machine and its operating system support, best first.
std::vector<const Kernels*> supported() {
  std::vector<const Kernels*> tables;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    tables.push_back(&avx512::kernels());
  }
  if (has_avx2) tables.push_back(&avx2::kernels());
  tables.push_back(&baseline::kernels());
#elif defined(__aarch64__)
  tables.push_back(&neon::kernels());
#else
  tables.push_back(&baseline::kernels());
#endif
  return tables;
}

const Kernels& find(const std::string& name, const std::string& argument) {
  std::string names;
  for (const Kernels* table : supported()) {
    if (name == table->isa) return *table;
    names += std::string(names.empty() ? "" : ", ") + "'" + table->isa + "'";
  }
  throw std::invalid_argument(argument +
                              " must be an instruction set that this machine supports: one of " +
                              names + ". Received: '" + name + "'");
}

std::atomic<const Kernels*>& selected() {
  static std::atomic<const Kernels*> table = [] {
    const char* name = std::getenv("PYCLR_ISA");
    return name && *name ? &find(name, "The environment variable PYCLR_ISA") : supported().front();
  }();
  return table;
}

}  // namespace

const Kernels& kernels() { return *selected().load(std::memory_order_relaxed); }

template <>
const KernelsOf<float>& kernels_of<float>() {
  return kernels().f32;
}
template <>
const KernelsOf<double>& kernels_of<double>() {
  return kernels().f64;
}

void select_isa(const std::string& name) { selected() = &find(name, "Argument `name`"); }

std::string isa_name() { return kernels().isa; }

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Kernels* table : supported()) names.push_back(table->isa);
  return names;
}

}  // namespace pyclr
