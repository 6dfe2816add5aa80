# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Gathers the rows of a batch from NumPy arrays of any numeric dtype, without the GIL.

The engine's replay loop asks for batch k of an epoch through a C function pointer (`BatchSource`
in csrc/program.h), so that an epoch runs without Python.
"""
from cpython.pycapsule cimport PyCapsule_GetContext, PyCapsule_New, PyCapsule_SetContext
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

import numpy as np

cdef extern from *:
    void prefetch "__builtin_prefetch" (const void* address, int w, int l) nogil

# What a tensor's dtype becomes for an array's; other dtypes are refused.
TENSOR_DTYPES = {
    "float16": "float32", "float32": "float32", "float64": "float32",
    "int8": "int32", "int16": "int32", "int32": "int32", "int64": "int64",
    "uint8": "uint8", "uint16": "int32", "uint32": "int64", "uint64": "int64",
    "bool": "bool",
}

ctypedef fused Source:
    float
    double
    int8_t
    int16_t
    int32_t
    int64_t
    uint8_t
    uint16_t
    uint32_t
    uint64_t

ctypedef fused Target:
    float
    double
    int32_t
    int64_t

ctypedef void (*CopyRow)(const char* source, char* target, int64_t n) noexcept nogil


cdef void convert(const char* source, char* target, int64_t n, Source* s, Target* t) noexcept nogil:
    cdef const Source* x = <const Source*>source
    cdef Target* y = <Target*>target
    cdef int64_t i
    for i in range(n):
        y[i] = <Target>x[i]


cdef void double_to_float(const char* s, char* t, int64_t n) noexcept nogil:
    convert(s, t, n, <double*>NULL, <float*>NULL)
cdef void float_to_double(const char* s, char* t, int64_t n) noexcept nogil:
    convert(s, t, n, <float*>NULL, <double*>NULL)
cdef void int8_to_int(const char* s, char* t, int64_t n) noexcept nogil:
    convert(s, t, n, <int8_t*>NULL, <int32_t*>NULL)
cdef void int16_to_int(const char* s, char* t, int64_t n) noexcept nogil:
    convert(s, t, n, <int16_t*>NULL, <int32_t*>NULL)
cdef void uint16_to_int(const char* s, char* t, int64_t n) noexcept nogil:
    convert(s, t, n, <uint16_t*>NULL, <int32_t*>NULL)
cdef void uint32_to_long(const char* s, char* t, int64_t n) noexcept nogil:
    convert(s, t, n, <uint32_t*>NULL, <int64_t*>NULL)
cdef void uint64_to_long(const char* s, char* t, int64_t n) noexcept nogil:
    convert(s, t, n, <uint64_t*>NULL, <int64_t*>NULL)


cdef CopyRow conversion(str source, str target) except? NULL:
    """The row copier between two dtypes; NULL for a plain copy of bytes."""
    if source == target:
        return NULL
    if (source, target) == ("float64", "float32"):
        return double_to_float
    if (source, target) == ("float32", "float64"):
        return float_to_double
    if (source, target) == ("int8", "int32"):
        return int8_to_int
    if (source, target) == ("int16", "int32"):
        return int16_to_int
    if (source, target) == ("uint16", "int32"):
        return uint16_to_int
    if (source, target) == ("uint32", "int64"):
        return uint32_to_long
    if (source, target) == ("uint64", "int64"):
        return uint64_to_long
    raise TypeError(f"No conversion from {source} to {target}.")


cdef struct Column:
    const char* data
    int64_t stride       # bytes from row to row
    int64_t elements     # in a row
    int64_t source_bytes  # in a row
    int64_t target_bytes
    CopyRow copy         # NULL: the dtypes agree
    bint is_aligned


# The layout of pyclr::BatchSource.
cdef struct BatchSource:
    void (*fill)(void* context, int64_t step, int64_t first, int64_t last,
                 void* const* slots) noexcept nogil
    void* context
    int64_t rows
    int64_t count
    const int64_t* bytes
    char* const* in_place


cdef void release_feeder(object capsule) noexcept:
    Py_DECREF(<object>PyCapsule_GetContext(capsule))


cdef struct State:
    Column* columns
    int64_t count
    const int64_t* order  # NULL: rows in order
    int64_t first         # row (or place in the order) of step 0
    int64_t batch


cdef inline void fetch(const char* row, int64_t bytes) noexcept nogil:
    """Asks the memory for a row that is copied soon: the processor can not guess a shuffled one."""
    cdef int64_t at
    for at in range(0, bytes, 64):
        prefetch(row + at, 0, 2)


cdef inline bint is_in_place(State* state, Column* column) noexcept nogil:
    """Whether the batches of a column lie in memory as they are, one after the other."""
    return state.order == NULL and column.copy == NULL and column.stride == column.source_bytes


cdef void fill(void* context, int64_t step, int64_t first, int64_t last,
               void* const* slots) noexcept nogil:
    cdef State* state = <State*>context
    cdef Column* column
    cdef int64_t c, i, row, start = state.first + step * state.batch
    cdef char* target
    for c in range(state.count):
        if slots[c] == NULL:
            continue
        column = &state.columns[c]
        target = <char*>slots[c] + first * column.target_bytes
        if is_in_place(state, column):
            memcpy(target, column.data + (start + first) * column.stride,
                   column.source_bytes * (last - first))
            continue
        for i in range(start + first, start + last):
            row = state.order[i] if state.order != NULL else i
            if state.order != NULL and i + 2 < start + state.batch:
                fetch(column.data + state.order[i + 2] * column.stride, column.source_bytes)
            if column.copy == NULL:
                memcpy(target, column.data + row * column.stride, column.source_bytes)
            else:
                column.copy(column.data + row * column.stride, target, column.elements)
            target += column.target_bytes


cdef bint has_contiguous_rows(array):
    """True when each array[i] is C-contiguous (array[0] has the strides of all)."""
    return array.shape[0] == 0 or array[0].flags.c_contiguous


cdef dict dtype_names = {}


def dtype_name(dtype):
    """The name of a NumPy dtype, which NumPy puts together anew at each access."""
    name = dtype_names.get(dtype)
    if name is None:
        name = dtype_names[dtype] = dtype.name
    return name


def tensor_dtype(array, str floatx="float32"):
    """The dtype a batch of `array` has as a tensor, or None when it can not be one."""
    dtype = TENSOR_DTYPES.get(dtype_name(array.dtype))
    return floatx if dtype == "float32" else dtype


cdef class Feeder:
    """Batches of rows of `arrays`, each cast to its tensor dtype.

    `order` (int64, or None) gives the row at each place of the epoch; floats become `floatx`.
    Arrays are read in place: they must not change while an epoch runs.
    """

    cdef State state
    cdef BatchSource source
    cdef int64_t* batch_bytes
    cdef char** in_place
    cdef object arrays, order_array
    cdef readonly tuple dtypes
    cdef readonly int64_t rows

    def __cinit__(self, arrays, order=None, str floatx="float32"):
        self.state.columns = <Column*>calloc(max(len(arrays), 1), sizeof(Column))
        self.batch_bytes = <int64_t*>calloc(max(len(arrays), 1), sizeof(int64_t))
        self.in_place = <char**>calloc(max(len(arrays), 1), sizeof(char*))
        self.state.count = len(arrays)
        if len({len(array) for array in arrays}) > 1:
            rows = [len(array) for array in arrays]
            raise ValueError(
                f"The arrays must have the same number of rows. Received: rows={rows}")
        kept = []
        dtypes = []
        cdef int64_t address
        for i, array in enumerate(arrays):
            dtype = tensor_dtype(array, floatx)
            if dtype is None:
                raise TypeError(f"An array of dtype {array.dtype} can not become a tensor.")
            if not array.dtype.isnative:
                array = array.astype(array.dtype.newbyteorder("="))
            if dtype_name(array.dtype) == "float16":
                array = array.astype("float32")
            if not has_contiguous_rows(array):
                array = np.ascontiguousarray(array)
            kept.append(array)
            dtypes.append(dtype)
            address = array.__array_interface__["data"][0]
            elements = 1
            for dim in array.shape[1:]:
                elements *= dim
            self.state.columns[i].data = <const char*>address
            self.state.columns[i].stride = array.strides[0]
            self.state.columns[i].elements = elements
            self.state.columns[i].source_bytes = elements * array.itemsize
            self.state.columns[i].target_bytes = elements * np.dtype(dtype).itemsize
            self.state.columns[i].is_aligned = address % array.itemsize == 0
            self.state.columns[i].copy = conversion(dtype_name(array.dtype), dtype)
        self.arrays = kept
        self.dtypes = tuple(dtypes)
        self.rows = len(kept[0]) if kept else 0
        self.set_order(order)
        self.source.fill = fill
        self.source.context = &self.state
        self.source.count = self.state.count
        self.source.bytes = self.batch_bytes
        self.source.in_place = self.in_place

    def __dealloc__(self):
        free(self.state.columns)
        free(self.batch_bytes)
        free(self.in_place)

    def set_order(self, order):
        """Sets the row at each place; indices must lie in [0, rows)."""
        cdef int64_t address = 0
        if order is not None:
            order = np.ascontiguousarray(order, dtype=np.int64)
            if order.size and (order.min() < 0 or order.max() >= self.rows):
                raise IndexError("The order names a row that does not exist.")
            address = order.__array_interface__["data"][0]
        self.order_array = order
        self.state.order = <const int64_t*>address

    def source_at(self, int64_t first, int64_t batch, int64_t steps):
        """A capsule for Program.replay: step k holds rows first + k * batch and on. A feeder gives
        one source at a time: the last one counts."""
        limit = self.rows if self.order_array is None else len(self.order_array)
        if first < 0 or batch < 1 or steps < 0 or first + batch * steps > limit:
            raise IndexError(
                f"Rows {first} to {first + batch * steps} were asked for; there are {limit}.")
        self.state.first = first
        self.state.batch = self.source.rows = batch
        cdef Column* column
        for i in range(self.state.count):
            column = &self.state.columns[i]
            self.batch_bytes[i] = column.target_bytes * batch
            self.in_place[i] = NULL
            if column.is_aligned and is_in_place(&self.state, column):
                self.in_place[i] = <char*>column.data + first * column.stride
        capsule = PyCapsule_New(&self.source, "pyclr.BatchSource", release_feeder)
        PyCapsule_SetContext(capsule, <void*>self)  # the capsule keeps the feeder
        Py_INCREF(self)
        return capsule

    def batch(self, int64_t first, int64_t count):
        """The rows [first, first + count) of the epoch as new arrays of the tensor dtypes."""
        self.source_at(first, count, 1) if count else None
        result = [np.empty((count,) + array.shape[1:], dtype)
                  for array, dtype in zip(self.arrays, self.dtypes)]
        cdef void** slots = <void**>calloc(max(len(result), 1), sizeof(void*))
        cdef int64_t address
        for i, array in enumerate(result):
            address = array.__array_interface__["data"][0]
            slots[i] = <void*>address
        if count:
            with nogil:
                fill(&self.state, 0, 0, count, slots)
        free(slots)
        return result
