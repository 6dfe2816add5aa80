// Pointwise calls whose results have one size, as one call.
#pragma once

#include "program.h"

namespace pyclr {

// The call that does what `members` do, in their order. A result that is not `kept` has no memory
// of its own: it is there for a block of elements at a time. A tensor that a member writes is read
// by members in step with the results alone.
Call make_chain(const std::vector<const Call*>& members,
                const std::function<bool(const Tensor&)>& kept);

}  // namespace pyclr
