// Ops that index by data: take along an axis, its gradient, one-hot.
#include <cstring>
#include <type_traits>

#include "ops/ops.h"
#include "ops/row_groups.h"
#include "ops/shape_ops.h"

namespace pyclr {

namespace {

struct AxisAttributes {
  int64_t axis = 0;
  std::vector<int64_t> shape;  // of the result (scatter_add only)
  bool operator==(const AxisAttributes&) const = default;
  void fields(auto&& v) { v("axis", axis), v("shape", shape); }
};

// Indices into an axis of `limit` elements; negative ones count from its end.
class Indices {
 public:
  Indices(const TensorData& indices, int64_t limit, const char* op)
      : indices_(indices), limit_(limit), op_(op), read_(reader(indices.dtype)) {}

  // f(i, place) for the indices [first, last), a piece at a time. f is a copy and should capture
  // copies: references would be followed again after every store.
  template <class F>
  void for_each(int64_t first, int64_t last, F f) const {
    constexpr int64_t kPiece = 512;
    int64_t places[kPiece];
    const auto size = static_cast<int64_t>(size_of(indices_.dtype));
    for (; first < last; first += kPiece) {
      const int64_t count = std::min(kPiece, last - first);
      if (!read_(indices_.data<char>() + first * size, count, limit_, places)) refuse();
#pragma GCC unroll 4
      for (int64_t i = 0; i < count; ++i) f(first + i, places[i]);
    }
  }

 private:
  static IndexKernels::Read reader(DType dtype) {
    const IndexKernels& table = kernels().indices;
    return dtype == DType::int64   ? table.read_i64
           : dtype == DType::int32 ? table.read_i32
                                   : table.read_u8;
  }

  // Names the first index that is out of range, whichever thread has met one.
  void refuse() const {
    with_type(indices_.dtype, [&](auto t) {
      const auto* all = indices_.data<decltype(t)>();
      for (int64_t i = 0; i < indices_.size(); ++i) {
        const auto index = static_cast<int64_t>(all[i]);
        check(index >= -limit_ && index < limit_, op_, ": an index must be in [", -limit_, ", ",
              limit_, "). Received: ", index);
      }
    });
  }

  const TensorData& indices_;
  int64_t limit_;
  const char* op_;
  IndexKernels::Read read_;
};

void check_indices(const char* op, const TensorData& indices) {
  check_type(!is_float(indices.dtype) && indices.dtype != DType::boolean, op,
             ": indices must be integers. Received: dtype=", indices.dtype);
}

// x (a..., n, b...), indices (i...) -> (a..., i..., b...).
struct Gather {
  static constexpr const char* name = "gather";
  static constexpr size_t max_inputs = 2;
  using Attributes = AxisAttributes;
  static Specs infer(const Call& call) {
    const TensorData &x = *call.in(0), &indices = *call.in(1);
    check_indices(name, indices);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    Shape shape;
    for (int i = 0; i < axis; ++i) shape.push_back(x.shape[i]);
    for (int64_t dim : indices.shape) shape.push_back(dim);
    for (int i = axis + 1; i < x.shape.rank(); ++i) shape.push_back(x.shape[i]);
    return {{shape, x.dtype}};
  }
  static void run(const Call& call) {
    const TensorData &x = *call.in(0), &indices = *call.in(1);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    const int64_t n = x.shape[axis], outer = x.shape.product(0, axis);
    const int64_t block = x.shape.product(axis + 1, x.shape.rank());
    const int64_t bytes = block * static_cast<int64_t>(size_of(x.dtype));
    const Indices from(indices, n, name);
    const auto copy = [&](auto known) {
      copy_blocks<known.value>(x.data<char>(), from, indices.size(), outer, n, bytes,
                               call.out()->data<char>());
    };
    switch (bytes) {
      case 4:
        return copy(std::integral_constant<int64_t, 4>{});
      case 8:
        return copy(std::integral_constant<int64_t, 8>{});
      case 16:
        return copy(std::integral_constant<int64_t, 16>{});
      case 32:
        return copy(std::integral_constant<int64_t, 32>{});
      case 64:
        return copy(std::integral_constant<int64_t, 64>{});
      default:
        return copy(std::integral_constant<int64_t, 0>{});
    }
  }
  // Blocks of `bytes`, or of a number known here (kBytes, else 0): small ones are not worth a call
  // of memcpy each.
  template <int64_t kBytes>
  static void copy_blocks(const char* x, const Indices& from, int64_t count, int64_t outer,
                          int64_t n, int64_t bytes, char* y) {
    constexpr int64_t kGrain = 1 << 16;
    const int64_t size = kBytes ? kBytes : bytes;
    for_row_groups(
        outer * count, size,
        [&](int64_t row, int64_t rows) {
          for (const int64_t end = row + rows; row < end;) {
            const int64_t o = row / count, first = row % count;
            const int64_t last = std::min(count, first + end - row);
            const char* source = x + o * n * size;
            char* target = y + o * count * size;
            from.for_each(first, last, [=](int64_t i, int64_t place) {
              std::memcpy(target + i * size, source + place * size, size);
            });
            row += last - first;
          }
        },
        kGrain);
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const Shape& shape = call.in(0)->shape;
    return {launch_one(scatter_add_op, {dy[0], call.in(1)},
                       Attributes{call.attrs_as<Attributes>().axis, {shape.begin(), shape.end()}}),
            nullptr};
  }
};

// dy (a..., i..., b...), indices (i...) -> (a..., n, b...): rows of equal index are added, in
// order.
struct ScatterAdd {
  static constexpr const char* name = "scatter_add";
  static constexpr size_t max_inputs = 2;
  using Attributes = AxisAttributes;
  static Specs infer(const Call& call) {
    check_indices(name, *call.in(1));
    const Shape shape(call.attrs_as<Attributes>().shape);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, shape.rank());
    check(call.in(0)->size() * shape[axis] == shape.size() * call.in(1)->size(),
          "scatter_add: the shapes do not fit. Received: ", call.in(0)->shape, ", indices ",
          call.in(1)->shape, " and shape ", shape);
    return {{shape, call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const TensorData &dy = *call.in(0), &indices = *call.in(1), &dx = *call.out();
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, dx.shape.rank());
    const int64_t n = dx.shape[axis], outer = dx.shape.product(0, axis), count = indices.size();
    const int64_t block = dx.shape.product(axis + 1, dx.shape.rank());
    std::memset(dx.data<char>(), 0, dx.bytes());
    with_type(dy.dtype, [&](auto t) {
      using T = decltype(t);
      const T* source = dy.data<T>();
      T* target = dx.data<T>();
      const Indices to(indices, n, name);
      for (int64_t o = 0; o < outer; ++o)
        to.for_each(0, count, [=](int64_t i, int64_t place) {
          const T* row = source + (o * count + i) * block;
          T* sum = target + (o * n + place) * block;
          for (int64_t j = 0; j < block; ++j) sum[j] = static_cast<T>(sum[j] + row[j]);
        });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    AxisAttributes a{call.attrs_as<Attributes>().axis, {}};
    return {launch_one(gather_op, {dy[0], call.in(1)}, a), nullptr};
  }
};

// Walks `indices` (a..., m, b...) beside a tensor whose axis has n elements instead of m:
// f(place in `indices`, place in the tensor). Parallel by a... and ranges of b..., along the axis
// in order: no two threads meet in an element of the tensor.
template <class F>
void for_each_along_axis(const char* op, const TensorData& indices, int axis, int64_t n, F f) {
  constexpr int64_t kGrain = 16384, kColumns = 64;  // columns that a range has at least
  const int64_t m = indices.shape[axis], outer = indices.shape.product(0, axis),
                inner = indices.shape.product(axis + 1, indices.shape.rank());
  const int64_t ranges =
      std::clamp<int64_t>(m * inner / kGrain, 1, std::max<int64_t>(1, inner / kColumns));
  const Indices places(indices, n, op);
  for_row_groups(outer * ranges, m * inner / ranges, [&](int64_t first, int64_t count) {
    for (int64_t item = first; item < first + count; ++item) {
      const int64_t o = item / ranges, range = item % ranges;
      const int64_t begin = inner * range / ranges, end = inner * (range + 1) / ranges;
      if (inner == 1) {
        places.for_each(o * m, (o + 1) * m, [=](int64_t i, int64_t at) { f(i, o * n + at); });
        continue;
      }
      for (int64_t row = o * m; row < (o + 1) * m; ++row) {
        const int64_t shift = o * n * inner - row * inner;
        places.for_each(row * inner + begin, row * inner + end,
                        [=](int64_t i, int64_t at) { f(i, at * inner + shift + i); });
      }
    }
  });
}

// x (a..., n, b...), indices (a..., m, b...) -> (a..., m, b...): y[..., i, ...] is
// x[..., indices[..., i, ...], ...].
struct TakeAlongAxis {
  static constexpr const char* name = "take_along_axis";
  using Attributes = AxisAttributes;
  static constexpr size_t max_inputs = 2;
  static Specs infer(const Call& call) {
    const TensorData &x = *call.in(0), &indices = *call.in(1);
    check_indices(name, indices);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    check_same_but(name, x.shape, indices.shape, axis);
    return {{indices.shape, x.dtype}};
  }
  static void check_same_but(const char* op, const Shape& a, const Shape& b, int axis) {
    bool same = a.rank() == b.rank();
    for (int i = 0; same && i < a.rank(); ++i) same = i == axis || a[i] == b[i];
    check(same, op, ": the shapes must be equal but for axis ", axis, ". Received: ", a,
          " and indices ", b);
  }
  static void run(const Call& call) {
    const TensorData &x = *call.in(0), &indices = *call.in(1);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    with_type(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T* source = x.data<T>();
      T* target = call.out()->data<T>();
      for_each_along_axis(name, indices, axis, x.shape[axis],
                          [=](int64_t i, int64_t at) { target[i] = source[at]; });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {add_along_axis(dy[0], call.in(1), call.attrs_as<Attributes>().axis, call.in(0)->shape),
            nullptr};
  }
};

// dy (a..., m, b...), indices (a..., m, b...) -> `shape` (a..., n, b...): zeros to which dy is
// added at the indices, in order.
struct AddAlongAxis {
  static constexpr const char* name = "add_along_axis";
  using Attributes = AxisAttributes;
  static constexpr size_t max_inputs = 2;
  static Specs infer(const Call& call) {
    const TensorData &dy = *call.in(0), &indices = *call.in(1);
    check_indices(name, indices);
    const Shape shape(call.attrs_as<Attributes>().shape);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, shape.rank());
    TakeAlongAxis::check_same_but(name, shape, indices.shape, axis);
    check(dy.shape == indices.shape, name,
          ": the values and the indices must have one shape. Received: ", dy.shape, " and ",
          indices.shape);
    return {{shape, dy.dtype}};
  }
  static void run(const Call& call) {
    const TensorData &dy = *call.in(0), &indices = *call.in(1), &dx = *call.out();
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, dx.shape.rank());
    std::memset(dx.data<char>(), 0, dx.bytes());
    with_type(dy.dtype, [&](auto t) {
      using T = decltype(t);
      const T* source = dy.data<T>();
      T* target = dx.data<T>();
      for_each_along_axis(name, indices, axis, dx.shape[axis], [=](int64_t i, int64_t at) {
        target[at] = static_cast<T>(target[at] + source[i]);
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& g, const Needs&) {
    AxisAttributes a{call.attrs_as<Attributes>().axis, {}};
    return {launch_one(take_along_axis_op, {g[0], call.in(1)}, a), nullptr};
  }
};

// indices (i...) -> (i..., depth): 1 at the index, else 0; an index out of range gives zeros.
struct OneHot {
  static constexpr const char* name = "one_hot";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    int64_t depth = 0;
    DType dtype = DType::float32;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("depth", depth), v("dtype", dtype); }
  };
  static Specs infer(const Call& call) {
    check_indices(name, *call.in(0));
    const auto& a = call.attrs_as<Attributes>();
    check(a.depth > 0, "one_hot: the number of classes must be positive. Received: ", a.depth);
    Shape shape = call.in(0)->shape;
    shape.push_back(a.depth);
    return {{shape, a.dtype}};
  }
  static void run(const Call& call) {
    const TensorData &indices = *call.in(0), &y = *call.out();
    const int64_t depth = call.attrs_as<Attributes>().depth;
    std::memset(y.data<char>(), 0, y.bytes());
    with_type(y.dtype, [&](auto value) {
      with_type(indices.dtype, [&](auto index) {
        using T = decltype(value);
        const auto* source = indices.data<decltype(index)>();
        T* target = y.data<T>();
        const int64_t count = indices.size();
        for (int64_t i = 0; i < count; ++i, target += depth) {
          const auto at = static_cast<int64_t>(source[i]);
          if (at >= 0 && at < depth) target[at] = static_cast<T>(1);
        }
      });
    });
  }
};

}  // namespace

const Op gather_op = make_op<Gather>();
const Op scatter_add_op = make_op<ScatterAdd>();
const Op take_along_axis_op = make_op<TakeAlongAxis>();
const Op add_along_axis_op = make_op<AddAlongAxis>();
const Op one_hot_op = make_op<OneHot>();

Tensor add_along_axis(const Tensor& values, const Tensor& indices, int64_t axis,
                      const Shape& shape) {
  return launch_one(add_along_axis_op, {values, indices},
                    AxisAttributes{axis, {shape.begin(), shape.end()}});
}

}  // namespace pyclr
