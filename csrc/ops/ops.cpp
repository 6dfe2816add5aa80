#include "ops/ops.h"

namespace pyclr {

const std::vector<const Op*>& all_ops() {
  static const std::vector<const Op*> ops = {
#define PYCLR_OP(name) &name##_op,
#include "ops/ops.inc"
#undef PYCLR_OP
  };
  return ops;
}

Tensor launch_one(const Op& op, Tensors inputs) {
  static const AttrsPtr none = std::make_shared<AttrsOf<NoAttrs>>();
  return launch(op, std::move(inputs), none)[0];
}

}  // namespace pyclr
