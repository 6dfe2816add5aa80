// Ops that make or move data without arithmetic.
#include <cstring>

#include "ops/ops.h"
#include "ops/shape_ops.h"
#include "parallel.h"

namespace pyclr {

Shape broadcast_shape(const char* op, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(rank);
  for (int i = 1; i <= rank; ++i) {
    const int64_t da = i <= a.rank() ? a[a.rank() - i] : 1;
    const int64_t db = i <= b.rank() ? b[b.rank() - i] : 1;
    check(da == db || da == 1 || db == 1, op,
          ": the shapes do not broadcast together. Received: ", a, " and ", b);
    dims[rank - i] = da == 1 ? db : da;
  }
  return Shape(dims);
}

Strides broadcast_strides(const Shape& source, const Shape& target) {
  const Strides own = contiguous_strides(source);
  Strides strides{};
  const int lead = target.rank() - source.rank();
  for (int axis = 0; axis < source.rank(); ++axis)
    strides[lead + axis] = source[axis] == 1 ? 0 : own[axis];
  return strides;
}

int normalize_axis(const char* op, int64_t axis, int rank) {
  check(axis >= -rank && axis < rank, op, ": axis must be in [", -rank, ", ", rank,
        ") for a tensor of rank ", rank, ". Received: axis=", axis);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int64_t> normalize_axes(const char* op, const std::vector<int64_t>& axes, int rank) {
  std::vector<int64_t> result;
  if (axes.empty()) {
    for (int axis = 0; axis < rank; ++axis) result.push_back(axis);
    return result;
  }
  for (int64_t axis : axes) result.push_back(normalize_axis(op, axis, rank));
  std::sort(result.begin(), result.end());
  check(std::adjacent_find(result.begin(), result.end()) == result.end(), op,
        ": an axis is named twice.");
  return result;
}

namespace {

template <class T>
void fill(const TensorData& y, T value) {
  for_row_groups(y.size(), 1, [&](int64_t first, int64_t count) {
    std::fill_n(y.data<T>() + first, count, value);
  });
}

// () -> shape, every element `value`.
struct Full {
  static constexpr const char* name = "full";
  static constexpr size_t max_inputs = 0;
  struct Attributes {
    std::vector<int64_t> shape;
    DType dtype = DType::float32;
    double value = 0;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("shape", shape), v("dtype", dtype), v("value", value); }
  };
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    return {{Shape(a.shape), a.dtype}};
  }
  static void run(const Call& call) {
    const double value = call.attrs_as<Attributes>().value;
    const TensorData& y = *call.out();
    with_type(y.dtype, [&](auto t) {
      using T = decltype(t);
      fill(y, static_cast<T>(value));
    });
  }
};

// x: any shape and dtype -> the same shape in `dtype`. Float to integer truncates; to bool: x != 0.
struct Cast {
  static constexpr const char* name = "cast";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    DType dtype = DType::float32;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("dtype", dtype); }
  };
  static Specs infer(const Call& call) {
    return {{call.in(0)->shape, call.attrs_as<Attributes>().dtype}};
  }
  static void elements(const Elements* at, int64_t n) {
    const DType from_dtype = at[0].dtype;
    if (at[1].dtype == DType::float32) {  // images, labels and masks
      const auto& kernel = kernels().pointwise;
      if (size_of(from_dtype) == 1)
        return kernel.floats_u8(at[0].as<uint8_t>(), at[1].as<float>(), n);
      if (from_dtype == DType::int32)
        return kernel.floats_i32(at[0].as<int32_t>(), at[1].as<float>(), n);
    }
    with_type(from_dtype, [&](auto from) {
      with_type(at[1].dtype, [&](auto to) {
        const auto* source = at[0].as<decltype(from)>();
        auto* target = at[1].as<decltype(to)>();
        for (int64_t i = 0; i < n; ++i) target[i] = static_cast<decltype(to)>(source[i]);
      });
    });
  }
  static void run(const Call& call) { run_elements(call); }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    if (!is_float(call.in(0)->dtype)) return {nullptr};
    return {cast(dy[0], call.in(0)->dtype)};
  }
};

// x -> the same elements in another shape; one dimension of `shape` may be -1. A view.
struct Reshape {
  static constexpr const char* name = "reshape";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> shape;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("shape", shape); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    std::vector<int64_t> dims = call.attrs_as<Attributes>().shape;
    int64_t known = 1, unknown = -1;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] == -1) {
        check(unknown < 0,
              "reshape: only one dimension may be -1. Received: shape=", text_of(dims));
        unknown = static_cast<int64_t>(i);
      } else {
        known *= dims[i];
      }
    }
    if (unknown >= 0) dims[unknown] = known ? x.size() / known : 0;
    const Shape shape(dims);
    check(shape.size() == x.size(), "reshape: a tensor of shape ", x.shape, " has ", x.size(),
          " elements and can not become shape ", text_of(call.attrs_as<Attributes>().shape), ".");
    return {{shape, x.dtype, 0}};
  }
  static std::string text_of(const std::vector<int64_t>& dims) {
    std::ostringstream out;
    for (size_t i = 0; i < dims.size(); ++i) out << (i ? ", " : "(") << dims[i];
    out << ')';
    return out.str();
  }
  static void run(const Call&) {}
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {reshape(dy[0], call.in(0)->shape)};
  }
};

// x (d0, ..., dn) -> y with y's axis i being x's axis permutation[i].
struct Transpose {
  static constexpr const char* name = "transpose";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> permutation;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("permutation", permutation); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    const auto& permutation = call.attrs_as<Attributes>().permutation;
    check(static_cast<int>(permutation.size()) == x.shape.rank(),
          "transpose: permutation must name "
          "each axis of the tensor once. Received: a tensor of shape ",
          x.shape, " and ", permutation.size(), " axes.");
    normalize_axes(name, permutation, x.shape.rank());
    Shape shape;
    for (int64_t axis : permutation)
      shape.push_back(x.shape[normalize_axis(name, axis, x.shape.rank())]);
    return {{shape, x.dtype}};
  }
  static void run(const Call& call) {
    permute(*call.in(0), call.attrs_as<Attributes>().permutation, *call.out());
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const auto& permutation = call.attrs_as<Attributes>().permutation;
    std::vector<int64_t> inverse(permutation.size());
    for (size_t i = 0; i < permutation.size(); ++i)
      inverse[normalize_axis(name, permutation[i], call.in(0)->shape.rank())] =
          static_cast<int64_t>(i);
    return {transpose(dy[0], inverse)};
  }
};

// x -> `shape`, repeated along the axes where x has 1 (or none).
struct BroadcastTo {
  static constexpr const char* name = "broadcast_to";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> shape;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("shape", shape); }
  };
  static Specs infer(const Call& call) {
    const Shape target(call.attrs_as<Attributes>().shape);
    const Shape joint = broadcast_shape(name, call.in(0)->shape, target);
    check(joint == target, "broadcast_to: shape ", call.in(0)->shape, " does not broadcast to ",
          target, ".");
    return {{target, call.in(0)->dtype}};
  }
  static void elements(const Elements* at, int64_t n) {
    with_size(at[0].dtype, [&](auto t) {
      const auto* source = at[0].as<decltype(t)>();
      auto* target = at[1].as<decltype(t)>();
      at[0].moves ? std::copy_n(source, n, target) : std::fill_n(target, n, *source);
    });
  }
  static void run(const Call& call) {
    const TensorData& y = *call.out();
    copy_strided(*call.in(0), broadcast_strides(call.in(0)->shape, y.shape), 0,
                 contiguous_strides(y.shape), 0, y.shape, y);
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    return {sum_to(dy[0], call.in(0)->shape)};
  }
};

struct SliceAttributes {
  std::vector<int64_t> shape;    // of the sliced tensor (slice_gradient only)
  std::vector<int64_t> begin;    // non-negative
  std::vector<int64_t> size;     // elements taken along each axis
  std::vector<int64_t> strides;  // may be negative
  bool operator==(const SliceAttributes&) const = default;
  void fields(auto&& v) {
    v("shape", shape), v("begin", begin), v("size", size), v("strides", strides);
  }
};

void check_slice(const char* name, const Shape& shape, const SliceAttributes& a) {
  const auto rank = static_cast<size_t>(shape.rank());
  check(a.begin.size() == rank && a.size.size() == rank && a.strides.size() == rank, name,
        ": begin, size and strides must have one entry for each axis of shape ", shape, ".");
  for (size_t i = 0; i < rank; ++i) {
    if (a.size[i] == 0) continue;
    const int64_t last = a.begin[i] + (a.size[i] - 1) * a.strides[i];
    check(a.size[i] > 0 && a.begin[i] >= 0 && a.begin[i] < shape[i] && last >= 0 && last < shape[i],
          name, ": axis ", i, " has ", shape[i], " elements. Received: begin=", a.begin[i],
          ", size=", a.size[i], ", stride=", a.strides[i]);
  }
}

// The offset and strides that walk the slice inside the full tensor.
std::pair<int64_t, Strides> slice_walk(const Shape& shape, const SliceAttributes& a) {
  Strides strides = contiguous_strides(shape);
  int64_t offset = 0;
  for (int i = 0; i < shape.rank(); ++i) {
    offset += a.begin[i] * strides[i];
    strides[i] *= a.strides[i];
  }
  return {offset, strides};
}

// x -> x[begin : begin + size*stride : stride] along each axis. A leading slice is a view.
struct Slice {
  static constexpr const char* name = "slice";
  static constexpr size_t max_inputs = 1;
  using Attributes = SliceAttributes;
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    const auto& a = call.attrs_as<Attributes>();
    check_slice(name, x.shape, a);
    bool leading = x.shape.rank() > 0 && a.strides[0] == 1;
    for (int i = 1; i < x.shape.rank(); ++i)
      leading &= a.size[i] == x.shape[i] && a.strides[i] == 1;
    const int64_t offset = leading ? a.begin[0] * x.shape.product(1, x.shape.rank()) *
                                         static_cast<int64_t>(size_of(x.dtype))
                                   : -1;
    return {{Shape(a.size), x.dtype, offset}};
  }
  static void run(const Call& call) {
    const TensorData& x = *call.in(0);
    const TensorData& y = *call.out();
    if (y.storage == x.storage) return;
    const auto [offset, strides] = slice_walk(x.shape, call.attrs_as<Attributes>());
    copy_strided(x, strides, offset, contiguous_strides(y.shape), 0, y.shape, y);
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    SliceAttributes a = call.attrs_as<Attributes>();
    a.shape.assign(call.in(0)->shape.begin(), call.in(0)->shape.end());
    return {launch_one(slice_gradient_op, {dy[0]}, a)};
  }
};

// dy (the slice's shape) -> dx (`shape`): dy where the slice was, zero elsewhere.
struct SliceGradient {
  static constexpr const char* name = "slice_gradient";
  static constexpr size_t max_inputs = 1;
  using Attributes = SliceAttributes;
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    check_slice(name, Shape(a.shape), a);
    check(call.in(0)->shape == Shape(a.size),
          "slice_gradient: the gradient must have the slice's "
          "shape ",
          Shape(a.size), ". Received: ", call.in(0)->shape);
    return {{Shape(a.shape), call.in(0)->dtype}};
  }
  static void run(const Call& call) {
    const TensorData& dy = *call.in(0);
    const TensorData& dx = *call.out();
    std::memset(dx.data<char>(), 0, dx.bytes());
    const auto [offset, strides] = slice_walk(dx.shape, call.attrs_as<Attributes>());
    copy_strided(dy, contiguous_strides(dy.shape), 0, strides, offset, dy.shape, dx);
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const auto& a = call.attrs_as<Attributes>();
    return {slice(dy[0], a.begin, a.size, a.strides)};
  }
};

// x -> x with `before[i]` and `after[i]` elements of `value` added along axis i.
struct Pad {
  static constexpr const char* name = "pad";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> before, after;
    double value = 0;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("before", before), v("after", after), v("value", value); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    const auto& a = call.attrs_as<Attributes>();
    const auto rank = static_cast<size_t>(x.shape.rank());
    check(a.before.size() == rank && a.after.size() == rank,
          "pad: before and after must have one entry for each axis of shape ", x.shape, ".");
    Shape shape;
    for (size_t i = 0; i < rank; ++i) {
      check(a.before[i] >= 0 && a.after[i] >= 0, "pad: padding must not be negative. Received: (",
            a.before[i], ", ", a.after[i], ") for axis ", i);
      shape.push_back(a.before[i] + x.shape[static_cast<int>(i)] + a.after[i]);
    }
    return {{shape, x.dtype}};
  }
  static void run(const Call& call) {
    const TensorData& x = *call.in(0);
    const TensorData& y = *call.out();
    const auto& a = call.attrs_as<Attributes>();
    with_type(y.dtype, [&](auto t) {
      using T = decltype(t);
      fill(y, static_cast<T>(a.value));
    });
    const Strides strides = contiguous_strides(y.shape);
    int64_t offset = 0;
    for (int i = 0; i < y.shape.rank(); ++i) offset += a.before[i] * strides[i];
    copy_strided(x, contiguous_strides(x.shape), 0, strides, offset, x.shape, y);
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    const auto& x = call.in(0)->shape;
    return {slice(dy[0], call.attrs_as<Attributes>().before, {x.begin(), x.end()},
                  std::vector<int64_t>(x.rank(), 1))};
  }
};

// xs: tensors equal in shape but for `axis` -> joined along it.
struct Concat {
  static constexpr const char* name = "concat";
  struct Attributes {
    int64_t axis = -1;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("axis", axis); }
  };
  static Specs infer(const Call& call) {
    check(!call.inputs.empty(), "concat: at least one tensor is needed.");
    const TensorData& first = *call.in(0);
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, first.shape.rank());
    Shape shape = first.shape;
    for (size_t i = 1; i < call.inputs.size(); ++i) {
      const TensorData& x = *call.in(i);
      check_type(x.dtype == first.dtype,
                 "concat: all tensors must have one dtype. Received: ", first.dtype, " and ",
                 x.dtype);
      Shape other = x.shape;
      if (other.rank() == shape.rank()) other[axis] = first.shape[axis];
      check(other == first.shape, "concat: shapes may differ along axis ", axis,
            " only. Received: ", first.shape, " and ", x.shape);
      shape[axis] += x.shape[axis];
    }
    return {{shape, first.dtype}};
  }
  static void run(const Call& call) {
    const TensorData& y = *call.out();
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, y.shape.rank());
    const Strides strides = contiguous_strides(y.shape);
    int64_t offset = 0;
    for (const Tensor& x : call.inputs) {
      copy_strided(*x, contiguous_strides(x->shape), 0, strides, offset, x->shape, y);
      offset += x->shape[axis] * strides[axis];
    }
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs& needs) {
    const int axis = normalize_axis(name, call.attrs_as<Attributes>().axis, dy[0]->shape.rank());
    Tensors dx;
    std::vector<int64_t> begin(dy[0]->shape.rank(), 0);
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      const Shape& shape = call.in(i)->shape;
      dx.push_back(needs[i] ? slice(dy[0], begin, {shape.begin(), shape.end()},
                                    std::vector<int64_t>(shape.rank(), 1))
                            : nullptr);
      begin[axis] += shape[axis];
    }
    return dx;
  }
};

}  // namespace

const Op full_op = make_op<Full>();
const Op cast_op = make_op<Cast>();
const Op reshape_op = make_op<Reshape>();
const Op transpose_op = make_op<Transpose>();
const Op broadcast_to_op = make_op<BroadcastTo>();
const Op slice_op = make_op<Slice>();
const Op slice_gradient_op = make_op<SliceGradient>();
const Op pad_op = make_op<Pad>();
const Op concat_op = make_op<Concat>();

Tensor full(const Shape& shape, DType dtype, double value) {
  return launch_one(full_op, {}, Full::Attributes{{shape.begin(), shape.end()}, dtype, value});
}
Tensor full_like(const Tensor& x, double value) { return full(x->shape, x->dtype, value); }
Tensor cast(const Tensor& x, DType dtype) {
  return x->dtype == dtype ? x : launch_one(cast_op, {x}, Cast::Attributes{dtype});
}
Tensor reshape(const Tensor& x, const Shape& shape) {
  return launch_one(reshape_op, {x}, Reshape::Attributes{{shape.begin(), shape.end()}});
}
Tensor transpose(const Tensor& x, const std::vector<int64_t>& permutation) {
  return launch_one(transpose_op, {x}, Transpose::Attributes{permutation});
}
Tensor concat(const Tensors& parts, int64_t axis) {
  return launch_one(concat_op, parts, Concat::Attributes{axis});
}
Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  if (x->shape == shape) return x;
  return launch_one(broadcast_to_op, {x}, BroadcastTo::Attributes{{shape.begin(), shape.end()}});
}
Tensor slice(const Tensor& x, const std::vector<int64_t>& begin, const std::vector<int64_t>& size,
             const std::vector<int64_t>& strides) {
  return launch_one(slice_op, {x}, SliceAttributes{{}, begin, size, strides});
}

}  // namespace pyclr
