// Conversions shared by the bindings.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "program.h"
#include "tape.h"

namespace pyclr {

namespace py = pybind11;

py::dtype numpy_dtype(DType dtype);
DType dtype_of_numpy(
    const py::dtype& dtype);          // throws TypeMismatch for what pyclr has no dtype for
DType dtype_from(py::handle object);  // a name, a NumPy dtype or type

// A tensor on a copy of the array's data.
Tensor from_array(const py::array& array);
// A NumPy array on the tensor's memory, kept alive by it.
py::array as_array(const Tensor& tensor, bool writable);
py::array copy_to_array(const Tensor& tensor);

// A Tensor, a Variable (anything with a `__pyclr_tensor__()`), or null.
Tensor tensor_or_null(py::handle object);
// Also numbers, arrays and nested lists, which become constants of the open recording. Where the
// dtype is open - a Python number, a float64 array among float32 tensors - it follows `peer`.
Tensor to_tensor(py::handle object, const DType* peer);
Tensors to_tensors(const py::iterable& objects);

void bind_tensor(py::module_& m);
void bind_ops(py::module_& m);
void bind_program(py::module_& m);

}  // namespace pyclr
