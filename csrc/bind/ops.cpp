// Every op as a Python function: tensors positionally, attributes by keyword.
#include "ops/ops.h"

#include <algorithm>

#include "bind/bind.h"

namespace pyclr {

namespace {

// Fills attributes from keyword arguments.
class KeywordReader final : public FieldVisitor {
 public:
  using FieldVisitor::visit;
  KeywordReader(const Op& op, const py::kwargs& kwargs) : op_(op), kwargs_(kwargs) {}

  void visit(const char* name, bool& v) override { read(name, v, "a bool"); }
  void visit(const char* name, int64_t& v) override { read(name, v, "an integer"); }
  void visit(const char* name, double& v) override { read(name, v, "a number"); }
  void visit(const char* name, std::string& v) override { read(name, v, "a string"); }
  void visit(const char* name, std::vector<int64_t>& v) override { read(name, v, "integers"); }
  void visit(const char* name, std::shared_ptr<const HostFunction>& v) override {
    std::shared_ptr<HostFunction> function;
    if (read(name, function, "a HostFunction")) v = function;
  }
  void visit(const char* name, DType& v) override {
    if (kwargs_.contains(name)) ++used_, v = dtype_from(kwargs_[name]);
  }
  void visit(const char* name, std::vector<Shape>& v) override {
    std::vector<std::vector<int64_t>> shapes;
    if (read(name, shapes, "shapes")) v.assign(shapes.begin(), shapes.end());
  }
  void visit(const char* name, std::vector<DType>& v) override {
    if (!kwargs_.contains(name)) return;
    ++used_;
    for (py::handle item : kwargs_[name]) v.push_back(dtype_from(item));
  }

  void finish() const {
    check_type(used_ == kwargs_.size(), op_.name, ": unexpected keyword argument among ",
               py::repr(kwargs_.attr("keys")()).cast<std::string>());
  }

 private:
  template <class T>
  bool read(const char* name, T& value, const char* expected) {
    if (!kwargs_.contains(name)) return false;
    ++used_;
    try {
      value = kwargs_[name].cast<T>();
    } catch (const py::cast_error&) {
      throw TypeMismatch(text(op_.name, ": ", name, " must be ", expected, ". Received: ", name,
                              "=", py::repr(kwargs_[name]).cast<std::string>()));
    }
    return true;
  }

  const Op& op_;
  const py::kwargs& kwargs_;
  size_t used_ = 0;
};

AttrsPtr read_attributes(const Op& op, const py::kwargs& kwargs) {
  auto attributes = op.make_attrs();
  if (!kwargs) return attributes;
  KeywordReader reader(op, kwargs);
  attributes->visit_fields(reader);
  reader.finish();
  return attributes;
}

py::object as_result(Tensors outputs) {
  if (outputs.size() == 1) return py::cast(std::move(outputs[0]));
  if (outputs.empty()) return py::none();
  py::tuple result(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) result[i] = py::cast(std::move(outputs[i]));
  return result;
}

py::object call_op(const Op& op, const py::args& args, const py::kwargs& kwargs) {
  Tensors inputs;
  inputs.reserve(args.size());
  for (py::handle arg : args) inputs.push_back(to_tensor(arg, nullptr));
  AttrsPtr attributes = read_attributes(op, kwargs);
  Tensors outputs;
  {
    py::gil_scoped_release release;
    outputs = launch(op, std::move(inputs), std::move(attributes));
  }
  return as_result(std::move(outputs));
}

enum class Meeting { arithmetic, division, comparison, logical };

// Operands of a binary function meet in one dtype: tensors by promotion, numbers and arrays by
// following the tensors.
py::object call_binary(const Op& op, Meeting meeting, py::handle a, py::handle b) {
  Tensor left = tensor_or_null(a), right = tensor_or_null(b);
  if (!left) left = to_tensor(a, right ? &right->dtype : nullptr);
  if (!right) right = to_tensor(b, &left->dtype);
  DType dtype = promote(left->dtype, right->dtype);
  if (meeting == Meeting::arithmetic && dtype == DType::boolean) dtype = DType::int32;
  if (meeting == Meeting::division && !is_float(dtype)) dtype = DType::float32;
  if (meeting == Meeting::logical) dtype = DType::boolean;
  Tensor output;
  {
    py::gil_scoped_release release;
    output = launch_one(op, {cast(left, dtype), cast(right, dtype)});
  }
  return py::cast(std::move(output));
}

Meeting meeting_of(std::string_view name, bool compare) {
  if (name == "divide") return Meeting::division;
  if (name.starts_with("logical_")) return Meeting::logical;
  return compare ? Meeting::comparison : Meeting::arithmetic;
}

std::vector<std::pair<std::string_view, Meeting>> binary_functions() {
  return {
#define BINARY(name, value) {#name, meeting_of(#name, false)},
#define COMPARE(name, value) {#name, meeting_of(#name, true)},
#include "kernels/pointwise.inc"
  };
}

// Changes field `index`; counts the fields it sees.
struct FieldChanger final : FieldVisitor {
  int index, seen = 0;
  std::string changed;
  explicit FieldChanger(int index) : index(index) {}
  bool here(const char* name) {
    if (seen++ != index) return false;
    changed = name;
    return true;
  }
  void visit(const char* n, bool& v) override {
    if (here(n)) v = !v;
  }
  void visit(const char* n, int64_t& v) override {
    if (here(n)) ++v;
  }
  void visit(const char* n, double& v) override {
    if (here(n)) v += 1;
  }
  void visit(const char* n, std::string& v) override {
    if (here(n)) v += "?";
  }
  void visit(const char* n, DType& v) override {
    if (here(n)) v = v == DType::int32 ? DType::int64 : DType::int32;
  }
  void visit(const char* n, std::vector<int64_t>& v) override {
    if (here(n)) v.push_back(7);
  }
  void visit(const char* n, std::vector<Shape>& v) override {
    if (here(n)) v.push_back({7});
  }
  void visit(const char* n, std::vector<DType>& v) override {
    if (here(n)) v.push_back(DType::uint8);
  }
  void visit(const char* n, std::shared_ptr<const HostFunction>& v) override {
    if (here(n)) v = std::make_shared<HostFunction>();
  }
};

// {field: equal after a change of it} for the default attributes of an op.
[[gnu::cold]] py::dict attribute_inequality(const std::string& name) {
  py::dict result;
  for (int i = 0;; ++i) {
    auto original = find_op(name).make_attrs();
    auto changed = original->clone();
    check(original->equals(*changed), "a copy must be equal");
    FieldChanger changer(i);
    changed->visit_fields(changer);
    if (changer.seen <= i) return result;
    result[changer.changed.c_str()] = original->equals(*changed);
  }
}

// Python callables are released under the GIL, wherever the last Call that holds them goes.
std::shared_ptr<py::object> shared_object(py::object object) {
  return {new py::object(std::move(object)), [](py::object* p) {
            py::gil_scoped_acquire gil;
            delete p;
          }};
}

py::tuple views(const Tensors& tensors) {
  py::tuple arrays(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i)
    arrays[i] = tensors[i] ? py::object(as_array(tensors[i], false)) : py::object(py::none());
  return arrays;
}

std::shared_ptr<HostFunction> make_host_function(py::object function, py::object vjp,
                                                 std::string name) {
  auto host = std::make_shared<HostFunction>();
  host->name = name;
  host->identity = function.ptr();
  auto held = shared_object(std::move(function));
  host->run = [held, name](const Tensors& inputs, const Tensors& outputs) {
    py::gil_scoped_acquire gil;
    py::object result = (*held)(*views(inputs));
    py::tuple results = outputs.size() == 1 && !py::isinstance<py::tuple>(result)
                            ? py::make_tuple(result)
                            : py::tuple(result);
    check(results.size() == outputs.size(), "The host function '", name, "' must return ",
          outputs.size(), " arrays. Received: ", results.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      py::array target = as_array(outputs[i], true);
      py::array value = py::array::ensure(results[i]);
      if (!value) throw py::error_already_set();
      check(Shape(std::span(value.shape(), value.ndim())) == outputs[i]->shape,
            "The host function '", name, "' must return an array of shape ", outputs[i]->shape,
            ". Received: ", Shape(std::span(value.shape(), value.ndim())));
      target[py::ellipsis()] = value;
    }
  };
  if (vjp.is_none()) return host;
  auto held_vjp = shared_object(std::move(vjp));
  host->vjp = [held_vjp](const Tensors& inputs, const Tensors& outputs, const Tensors& dy) {
    py::gil_scoped_acquire gil;
    py::list in, out, gradients;
    for (const Tensor& t : inputs) in.append(t);
    for (const Tensor& t : outputs) out.append(t);
    for (const Tensor& t : dy) gradients.append(t);
    Tensors result;
    for (py::handle item : (*held_vjp)(in, out, gradients)) {
      result.push_back(item.is_none() ? nullptr : to_tensor(item, nullptr));
    }
    check(result.size() == inputs.size(),
          "A host function's vjp must return one gradient (or None) "
          "for each of its ",
          inputs.size(), " inputs. Received: ", result.size());
    return result;
  };
  return host;
}

}  // namespace

[[gnu::cold]] void bind_ops(py::module_& m) {
  py::class_<HostFunction, std::shared_ptr<HostFunction>>(
      m, "HostFunction",
      "A Python function of NumPy arrays as an op. `vjp(inputs, outputs, gradients)` takes and "
      "returns lists of tensors.")
      .def(py::init(&make_host_function), py::arg("function"), py::arg("vjp") = py::none(),
           py::arg("name") = "host function");

  py::module_ ops = m.def_submodule("ops", "The engine's ops.");
  for (const Op* op : all_ops()) {
    ops.attr(op->name.data()) = py::cpp_function(
        [op](const py::args& args, const py::kwargs& kwargs) { return call_op(*op, args, kwargs); },
        py::name(op->name.data()));
  }
  for (const auto& [name, meeting] : binary_functions()) {
    const Op* op = &find_op(name);
    ops.attr(name.data()) = py::cpp_function(
        [op, meeting = meeting](py::handle a, py::handle b) {
          return call_binary(*op, meeting, a, b);
        },
        py::name(name.data()));
  }

  m.def("op_names", [] {
    std::vector<std::string> names;
    for (const Op* op : all_ops()) names.emplace_back(op->name);
    return names;
  });
  m.def("has_gradient", [](const std::string& name) { return find_op(name).vjp != nullptr; });
  m.def("attribute_inequality", attribute_inequality);
  m.def(
      "updates",
      [] {
        py::dict result;
        for (const UpdateInfo& info : update_infos()) {
          auto words = [](const char* s) { return py::str(s).attr("split")(); };
          result[info.name] =
              py::make_tuple(words(info.slots), words(info.hyper), words(info.flag));
        }
        return result;
      },
      "{optimizer: (slots, hyper-parameters, flags)} of kernels/update.inc.");
  m.def(
      "infer",
      [](const std::string& name,
         const std::vector<std::pair<std::vector<int64_t>, std::string>>& specs,
         const py::kwargs& kwargs) {
        const Op& op = find_op(name);
        Tensors inputs;
        for (const auto& [shape, dtype] : specs) {
          auto tensor = std::make_shared<TensorData>();
          tensor->shape = Shape(shape);
          tensor->dtype = dtype_named(dtype);
          inputs.push_back(tensor);
        }
        py::list result;
        for (const Spec& spec : infer(op, inputs, read_attributes(op, kwargs)))
          result.append(py::make_tuple(
              py::tuple(py::cast(std::vector<int64_t>(spec.shape.begin(), spec.shape.end()))),
              name_of(spec.dtype)));
        return result;
      },
      "Shapes and dtypes of an op's outputs, from those of its inputs.");
}

}  // namespace pyclr
