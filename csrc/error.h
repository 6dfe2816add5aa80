// Errors: one way to check an argument. std::invalid_argument becomes a Python ValueError and
// TypeMismatch a TypeError (bind/module.cpp).
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace pyclr {

struct TypeMismatch : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// Cold, as messages are of errors: optimised for size, and branches to it are held unlikely.
template <class... Parts>
[[gnu::cold]] std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) throw std::invalid_argument(text(parts...));
}

template <class... Parts>
void check_type(bool condition, const Parts&... parts) {
  if (!condition) throw TypeMismatch(text(parts...));
}

}  // namespace pyclr
