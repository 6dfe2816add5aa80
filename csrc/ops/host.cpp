// Host ops: a Call whose run is a Python function on NumPy views. It replays like any other Call,
// taking the GIL for its moment.
#include "ops/ops.h"

namespace pyclr {

namespace {

// inputs (any) -> outputs of the given shapes and dtypes, computed by `function`.
struct Host {
  static constexpr const char* name = "host";
  struct Attributes {
    std::shared_ptr<const HostFunction> function;
    std::vector<Shape> shapes;
    std::vector<DType> dtypes;
    bool operator==(const Attributes& other) const {
      const bool same = function && other.function && function->identity &&
                        function->identity == other.function->identity;
      return (same || function == other.function) && shapes == other.shapes &&
             dtypes == other.dtypes;
    }
    void fields(auto&& v) { v("function", function), v("shapes", shapes), v("dtypes", dtypes); }
  };
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    check(a.function != nullptr, "host: a function is needed.");
    check(a.shapes.size() == a.dtypes.size(), "host: one dtype for each shape is needed.");
    Specs specs;
    for (size_t i = 0; i < a.shapes.size(); ++i) specs.push_back({a.shapes[i], a.dtypes[i]});
    return specs;
  }
  static void run(const Call& call) {
    call.attrs_as<Attributes>().function->run(call.inputs, call.outputs);
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const auto& function = *call.attrs_as<Attributes>().function;
    check(function.vjp != nullptr, "The host function '", function.name, "' has no gradient.");
    return function.vjp(call.inputs, call.outputs, dy);
  }
};

}  // namespace

const Op host_op = make_op<Host>();

}  // namespace pyclr
