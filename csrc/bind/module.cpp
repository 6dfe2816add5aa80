#include "bind/bind.h"
#include "kernels/conv.h"
#include "kernels/kernels.h"
#include "parallel.h"

// What threadpoolctl finds in the loaded library (pyclr/_threadpoolctl.py).
extern "C" [[gnu::visibility("default")]] int pyclr_num_threads() { return pyclr::num_threads(); }

PYBIND11_MODULE(_core, m) {
  using namespace pyclr;
  m.doc() = "pyclr's engine: tensors, ops, tape, recordings and programs.";
  // A step that catches exceptions of its own must not catch this one.
  static const py::handle rehearsal_ended =
      PyErr_NewException("pyclr._core.RehearsalEnded", PyExc_BaseException, nullptr);
  m.attr("RehearsalEnded") = rehearsal_ended;
  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const TypeMismatch& e) {
      PyErr_SetString(PyExc_TypeError, e.what());
    } catch (const RehearsalEnded& e) {
      PyErr_SetString(rehearsal_ended.ptr(), e.what());
    }
  });
  bind_tensor(m);
  bind_ops(m);
  bind_program(m);
  m.def("num_threads", num_threads);
  m.def("set_num_threads", [](int n) {
    check(n >= 1, "The number of threads must be at least 1. Received: num_threads=", n);
    set_num_threads(n);
  });
  m.def("isa", isa_name, "The instruction set in use.");
  m.def("available_isas", available_isas);
  m.def("set_use_winograd", set_use_winograd, py::arg("use"));
  m.def("use_winograd", use_winograd);
  m.def("select_isa", select_isa);
}
