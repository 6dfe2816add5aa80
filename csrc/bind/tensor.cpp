// Tensor <-> Python. Every read of a value tells the engine (observe).
#include <cstring>

#include "bind/bind.h"

namespace pyclr {

py::dtype numpy_dtype(DType dtype) { return py::dtype(name_of(dtype)); }

DType dtype_of_numpy(const py::dtype& dtype) {
  switch (dtype.kind()) {
    case 'f':
      if (dtype.itemsize() == 4) return DType::float32;
      if (dtype.itemsize() == 8) return DType::float64;
      break;
    case 'i':
      if (dtype.itemsize() == 4) return DType::int32;
      if (dtype.itemsize() == 8) return DType::int64;
      break;
    case 'u':
      if (dtype.itemsize() == 1) return DType::uint8;
      break;
    case 'b':
      return DType::boolean;
  }
  throw TypeMismatch(
      text("A tensor's dtype is one of float32, float64, int32, int64, uint8, bool. "
           "Received an array with dtype=",
           py::str(dtype).cast<std::string>()));
}

DType dtype_from(py::handle object) {
  if (py::isinstance<py::str>(object)) return dtype_named(object.cast<std::string>());
  return dtype_of_numpy(py::dtype::from_args(py::reinterpret_borrow<py::object>(object)));
}

Tensor from_array(const py::array& given) {
  const DType dtype = dtype_of_numpy(given.dtype());
  const py::array array = py::array::ensure(given, py::array::c_style);
  Tensor tensor = empty(Shape(std::span(array.shape(), array.ndim())), dtype);
  std::memcpy(tensor->data<char>(), array.data(), tensor->bytes());
  return tensor;
}

py::array as_array(const Tensor& tensor, bool writable) {
  check_has_values(tensor);
  auto* owner = new std::shared_ptr<Storage>(tensor->storage);
  py::capsule base(owner, [](void* p) { delete static_cast<std::shared_ptr<Storage>*>(p); });
  std::vector<py::ssize_t> shape(tensor->shape.begin(), tensor->shape.end());
  py::array array(numpy_dtype(tensor->dtype), shape, tensor->data<char>(), base);
  if (!writable) array.attr("setflags")(py::arg("write") = false);
  return array;
}

py::array copy_to_array(const Tensor& tensor) {
  check_has_values(tensor);
  std::vector<py::ssize_t> shape(tensor->shape.begin(), tensor->shape.end());
  py::array array(numpy_dtype(tensor->dtype), shape);
  std::memcpy(array.mutable_data(), tensor->data<char>(), tensor->bytes());
  return array;
}

Tensor tensor_or_null(py::handle object) {
  // The type itself, as is usual, without a search for it.
  static const auto* type = py::detail::get_type_info(typeid(TensorData))->type;
  if (Py_TYPE(object.ptr()) == type)
    return reinterpret_cast<py::detail::instance*>(object.ptr())
        ->get_value_and_holder()
        .holder<Tensor>();
  if (py::isinstance<TensorData>(object)) return object.cast<Tensor>();
  static py::handle protocol = py::str("__pyclr_tensor__").release();
  if (PyObject_HasAttr(object.ptr(), protocol.ptr())) return object.attr(protocol)().cast<Tensor>();
  return nullptr;
}

namespace {

template <class T>
Tensor scalar(DType dtype, T value) {
  Tensor tensor = empty({}, dtype);
  with_type(dtype, [&](auto t) {
    using U = decltype(t);
    *tensor->data<U>() = static_cast<U>(value);
    if constexpr (std::is_integral_v<T> && std::is_integral_v<U> && !std::is_same_v<U, bool>)
      check(static_cast<T>(*tensor->data<U>()) == value, "The number ", value,
            " is out of the range "
            "of ",
            dtype, '.');
  });
  return tensor;
}

Tensor constant(py::handle object, const DType* peer) {
  PyObject* raw = object.ptr();
  if (PyBool_Check(raw)) return scalar(peer ? *peer : DType::boolean, raw == Py_True);
  if (PyLong_Check(raw)) {
    const DType dtype = !peer || *peer == DType::boolean ? DType::int32 : *peer;
    return scalar(dtype, object.cast<int64_t>());
  }
  if (PyFloat_Check(raw))
    return scalar(peer && is_float(*peer) ? *peer : DType::float32, object.cast<double>());
  if (object.is_none() || py::isinstance<py::str>(object))
    throw TypeMismatch(text("A tensor, array or number is needed. Received: ",
                            py::repr(object).cast<std::string>()));
  py::array array = py::array::ensure(object);
  if (!array) {
    PyErr_Clear();
    throw TypeMismatch(text("A tensor, array or number is needed. Received an object of type ",
                            py::str(py::type::of(object)).cast<std::string>()));
  }
  const char kind = array.dtype().kind();
  // A list has no dtype of its own: its numbers become what Python numbers become.
  const bool list = PyList_Check(raw) || PyTuple_Check(raw);
  check_type(kind != 'O',
             "An array of objects can not become a tensor: its elements have different "
             "lengths or types. Received: shape=",
             Shape(std::span(array.shape(), array.ndim())));
  if (peer && is_float(*peer) && (kind == 'f' || kind == 'i' || kind == 'u')) {
    array = array.attr("astype")(numpy_dtype(*peer));
  } else if (kind == 'f' && array.itemsize() != 4 && (array.itemsize() != 8 || peer || list)) {
    array = array.attr("astype")("float32");
  } else if (kind == 'i' && list) {
    array = array.attr("astype")("int32");
  } else if ((kind == 'i' || kind == 'u') && array.itemsize() < 4 &&
             !(kind == 'u' && array.itemsize() == 1)) {
    array = array.attr("astype")("int32");
  } else if (kind == 'u' && array.itemsize() >= 4) {
    array = array.attr("astype")("int64");
  }
  return from_array(array);
}

template <class T = double>
T number(const Tensor& tensor, const char* how) {
  observe(how);
  check_has_values(tensor);
  check_type(tensor->size() == 1,
             "Only a tensor with one element is a number. Received: shape=", tensor->shape);
  return with_type(tensor->dtype,
                   [&](auto t) { return static_cast<T>(*tensor->data<decltype(t)>()); });
}

py::tuple shape_tuple(const Tensor& tensor) {
  py::tuple shape(tensor->shape.rank());
  for (int i = 0; i < tensor->shape.rank(); ++i) shape[i] = tensor->shape[i];
  return shape;
}

}  // namespace

Tensor to_tensor(py::handle object, const DType* peer) {
  if (Tensor tensor = tensor_or_null(object)) return tensor;
  Tensor tensor = constant(object, peer);
  note_constant(tensor);
  return tensor;
}

Tensors to_tensors(const py::iterable& objects) {
  Tensors tensors;
  for (py::handle object : objects) tensors.push_back(to_tensor(object, nullptr));
  return tensors;
}

[[gnu::cold]] void bind_tensor(py::module_& m) {
  py::class_<TensorData, Tensor>(m, "Tensor", py::dynamic_attr())
      .def_property_readonly("shape", shape_tuple)
      .def_property_readonly("dtype", [](const Tensor& t) { return name_of(t->dtype); })
      .def_property_readonly("ndim", [](const Tensor& t) { return t->shape.rank(); })
      .def_property_readonly("size", [](const Tensor& t) { return t->size(); })
      .def_readwrite("trainable", &TensorData::trainable)
      .def(
          "numpy",
          [](const Tensor& t) {
            observe("tensor.numpy()");
            return copy_to_array(t);
          },
          "The values as a NumPy array (a copy).")
      .def(
          "__array__",
          [](const Tensor& t, py::object dtype, py::object) -> py::object {
            observe("np.asarray(tensor)");
            py::array array = copy_to_array(t);
            return dtype.is_none() ? py::object(array) : array.attr("astype")(dtype);
          },
          py::arg("dtype") = py::none(), py::arg("copy") = py::none())
      .def("item",
           [](const Tensor& t) -> py::object {
             observe("tensor.item()");
             return copy_to_array(t).attr("item")();
           })
      .def("__float__", [](const Tensor& t) { return number(t, "float(tensor)"); })
      .def("__int__", [](const Tensor& t) { return number<int64_t>(t, "int(tensor)"); })
      .def("__index__",
           [](const Tensor& t) {
             check_type(!is_float(t->dtype),
                        "Only an integer tensor can be an index. Received: dtype=", t->dtype);
             return number<int64_t>(t, "tensor as an index");
           })
      .def("__bool__", [](const Tensor& t) { return number(t, "bool(tensor)") != 0; })
      .def("__len__",
           [](const Tensor& t) {
             check_type(t->shape.rank() > 0, "len() of a tensor without dimensions.");
             return t->shape[0];
           })
      .def(
          "_view", [](const Tensor& t) { return as_array(t, true); },
          "A writable NumPy view: for pyclr's own bookkeeping, unseen by recordings.");

  m.def(
      "tensor",
      [](py::object value, py::object dtype) {
        if (dtype.is_none()) return to_tensor(value, nullptr);
        py::array array = py::array::ensure(value);
        if (!array) throw py::error_already_set();
        Tensor tensor = from_array(array.attr("astype")(numpy_dtype(dtype_from(dtype))));
        note_constant(tensor);
        return tensor;
      },
      py::arg("value"), py::arg("dtype") = py::none(),
      "A tensor holding a copy of `value` (a number, a nested list, an array).");
  m.def(
      "alias",
      [](py::array array) {
        check(array.flags() & py::array::c_style, "alias: the array must be C-contiguous.");
        auto tensor = std::make_shared<TensorData>();
        tensor->shape = Shape(std::span(array.shape(), array.ndim()));
        tensor->dtype = dtype_of_numpy(array.dtype());
        void* data = const_cast<void*>(array.data());
        auto keep = std::shared_ptr<void>(new py::array(array), [](void* p) {
          py::gil_scoped_acquire gil;
          delete static_cast<py::array*>(p);
        });
        tensor->storage = std::make_shared<Storage>(data, array.nbytes(), std::move(keep));
        return tensor;
      },
      "A tensor on the memory of a contiguous array, without a copy.");
  m.def("empty", [](const std::vector<int64_t>& shape, py::object dtype) {
    return empty(Shape(shape), dtype_from(dtype));
  });
  m.def("is_tensor", [](py::handle object) { return py::isinstance<TensorData>(object); });
  m.def("trim_memory", trim_memory, "Gives cached memory back to the system.");
}

}  // namespace pyclr
