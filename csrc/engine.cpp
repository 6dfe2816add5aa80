#include "engine.h"

#include <unordered_map>

#include "parallel.h"
#include "tape.h"

namespace pyclr {

namespace {

struct Printer final : FieldVisitor {
  std::ostringstream out;
  const char* separator = "; ";
  void label(const char* name) {
    out << separator << name << '=';
    separator = ", ";
  }
  template <class T>
  void list(const char* name, const std::vector<T>& values) {
    label(name);
    out << '(';
    for (size_t i = 0; i < values.size(); ++i) out << (i ? ", " : "") << values[i];
    out << ')';
  }
  void visit(const char* name, bool& v) override { label(name), out << (v ? "True" : "False"); }
  void visit(const char* name, int64_t& v) override { label(name), out << v; }
  void visit(const char* name, double& v) override { label(name), out << v; }
  void visit(const char* name, std::string& v) override { label(name), out << v; }
  void visit(const char* name, DType& v) override { label(name), out << v; }
  void visit(const char* name, std::vector<int64_t>& v) override { list(name, v); }
  void visit(const char* name, std::vector<Shape>& v) override { list(name, v); }
  void visit(const char* name, std::vector<DType>& v) override { list(name, v); }
  void visit(const char* name, std::shared_ptr<const HostFunction>& v) override {
    label(name), out << (v ? v->name : "None");
  }
};

void print_tensors(std::ostream& out, const Tensors& tensors) {
  for (size_t i = 0; i < tensors.size(); ++i)
    out << (i ? ", " : "") << tensors[i]->dtype << ' ' << tensors[i]->shape;
}

}  // namespace

[[gnu::cold]] std::string describe(const Call& call) {
  Printer printer;
  call.attrs->clone()->visit_fields(printer);
  std::ostringstream out;
  out << call.op->name << '(';
  print_tensors(out, call.inputs);
  out << printer.out.str() << ") -> ";
  print_tensors(out, call.outputs);
  return out.str();
}

void Call::throw_missing_input(size_t i) const {
  throw TypeMismatch(text(op->name, ": tensor ", i + 1, " is missing. Received: ", inputs.size(),
                          inputs.size() == 1 ? " tensor" : " tensors"));
}

Engine& engine() {
  thread_local Engine state;
  return state;
}

Specs infer(const Op& op, const Tensors& inputs, const AttrsPtr& attrs) {
  return op.infer(Call{&op, inputs, {}, attrs});
}

Tensors launch(const Op& op, Tensors inputs, AttrsPtr attrs) {
  Engine& state = engine();
  Call call{&op, std::move(inputs), {}, std::move(attrs)};
  check_type(call.inputs.size() <= op.max_inputs, op.name, ": at most ", op.max_inputs,
             op.max_inputs == 1 ? " tensor is" : " tensors are",
             " taken. Received: ", call.inputs.size());
  const auto make = state.mode == Mode::real  ? empty
                    : state.mode == Mode::dry ? untouched
                                              : without_values;
  for (const Spec& spec : op.infer(call))
    call.outputs.push_back(spec.is_view()
                               ? view(call.in(0), spec.shape, spec.view_offset, spec.dtype)
                               : make(spec.shape, spec.dtype));
  if (state.mode == Mode::dry) return call.outputs;
  if (state.mode == Mode::real) {
    for (const Tensor& input : call.inputs) check_has_values(input);
    FlushDenormals flush;
    op.run(call);
  }
  for (Tape* tape : state.tapes) tape->append(call);
  Tensors outputs = call.outputs;
  if (state.recording) state.recording->calls.push_back(std::move(call));
  return outputs;
}

[[gnu::cold]] void forbid_replay(const std::string& reason) {
  if (engine().mode == Mode::rehearsal) throw RehearsalEnded();
  Recording* recording = engine().recording;
  if (recording && recording->obstacle.empty()) recording->obstacle = reason;
}

void observe(const char* how) {
  if (engine().recording && engine().mode != Mode::dry)
    forbid_replay(text("a value was read while the step ran (", how, ")"));
}

void check_has_values(const Tensor& tensor) {
  if (tensor->storage->data) return;
  if (engine().mode == Mode::rehearsal) throw RehearsalEnded();
  check(false,
        "The tensor has no values: it was kept from a step that was only compared with its "
        "program (docs/replay.md). Received: a tensor of shape=",
        tensor->shape);
}

void note_constant(const Tensor& tensor) {
  Recording* recording = engine().recording;
  if (!recording || engine().mode == Mode::dry) return;
  recording->constants.insert(tensor.get());
  recording->kept.push_back(tensor);
}

const Op& find_op(std::string_view name) {
  static const auto* table = [] {
    auto* map = new std::unordered_map<std::string_view, const Op*>;
    for (const Op* op : all_ops()) map->emplace(op->name, op);
    return map;
  }();
  auto it = table->find(name);
  check(it != table->end(), "There is no op named ", name, ".");
  return *it->second;
}

}  // namespace pyclr
