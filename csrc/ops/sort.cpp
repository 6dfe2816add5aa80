// Ops that walk along one axis in order: sorting and cumulative sums.
#include <algorithm>
#include <numeric>

#include "ops/ops.h"
#include "ops/row_groups.h"
#include "ops/shape_ops.h"

namespace pyclr {

namespace {

// f(first, step): the element offsets of every line along `axis`; step is the distance of
// neighbours.
template <class F>
void for_lines(const Shape& shape, int axis, F&& f) {
  const int64_t n = shape[axis], inner = shape.product(axis + 1, shape.rank());
  const int64_t lines = n ? shape.size() / n : 0;
  for_row_groups(lines, n, [&](int64_t first, int64_t count) {
    for (int64_t line = first; line < first + count; ++line)
      f(line / inner * n * inner + line % inner, inner);
  });
}

// x -> x in order along `axis`, and the int32 indices that put it in order. Equal values keep their
// order, NaN counts as the largest.
struct Sort {
  static constexpr const char* name = "sort";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    int64_t axis = -1;
    bool descending = false;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("axis", axis), v("descending", descending); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    return {{x.shape, x.dtype}, {x.shape, DType::int32}};
  }
  static void run(const Call& call) {
    const TensorData& x = *call.in(0);
    const auto& a = call.attrs_as<Attributes>();
    const int axis = normalize_axis(name, a.axis, x.shape.rank());
    const int64_t n = x.shape[axis];
    with_type(x.dtype, [&](auto t) {
      using T = decltype(t);
      using Item = std::pair<T, int32_t>;
      const T* source = x.data<T>();
      T* values = call.out(0)->data<T>();
      int32_t* indices = call.out(1)->data<int32_t>();
      // NaN differs from itself; a number comes before it.
      auto less = [](T p, T q) { return p < q || (p == p && q != q); };
      for_lines(x.shape, axis, [&](int64_t first, int64_t step) {
        std::vector<Item> line(n);
        for (int64_t i = 0; i < n; ++i) line[i] = {source[first + i * step], int32_t(i)};
        std::sort(line.begin(), line.end(), [&](const Item& p, const Item& q) {
          const bool before = a.descending ? less(q.first, p.first) : less(p.first, q.first);
          const bool after = a.descending ? less(p.first, q.first) : less(q.first, p.first);
          return before || (!after && p.second < q.second);
        });
        for (int64_t i = 0; i < n; ++i) {
          values[first + i * step] = line[i].first;
          indices[first + i * step] = line[i].second;
        }
      });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    if (!dy[0]) return {nullptr};
    return {
        add_along_axis(dy[0], call.out(1), call.attrs_as<Attributes>().axis, call.in(0)->shape)};
  }
};

// x -> the sums of its elements up to and with each one along `axis`; from the end if `reverse`.
struct CumSum {
  static constexpr const char* name = "cumsum";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    int64_t axis = -1;
    bool reverse = false;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("axis", axis), v("reverse", reverse); }
  };
  static Specs infer(const Call& call) {
    const TensorData& x = *call.in(0);
    check_type(x.dtype != DType::boolean, name, ": not defined for booleans.");
    normalize_axis(name, call.attrs_as<Attributes>().axis, x.shape.rank());
    return {{x.shape, x.dtype}};
  }
  static void run(const Call& call) {
    const TensorData& x = *call.in(0);
    const auto& a = call.attrs_as<Attributes>();
    const int axis = normalize_axis(name, a.axis, x.shape.rank());
    const int64_t n = x.shape[axis];
    with_type(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T* source = x.data<T>();
      T* target = call.out()->data<T>();
      const int64_t inner = x.shape.product(axis + 1, x.shape.rank());
      const int64_t first_step = a.reverse ? n - 1 : 0, direction = a.reverse ? -1 : 1;
      if (inner == 1) {
        for_lines(x.shape, axis, [&](int64_t line, int64_t) {
          const T* from = source + line + first_step;
          T *to = target + line + first_step, sum = 0;
          for (int64_t i = 0; i < n; ++i, from += direction, to += direction)
            *to = sum = static_cast<T>(sum + *from);
        });
        return;
      }
      // Lines side by side in memory go together, a row of them at a time.
      constexpr int64_t kTogether = 64;
      const int64_t parts = (inner + kTogether - 1) / kTogether, width = std::min(inner, kTogether);
      for_row_groups(x.shape.product(0, axis) * parts, n * width,
                     [&](int64_t first, int64_t count) {
                       for (int64_t part = first; part < first + count; ++part) {
                         const int64_t column = part % parts * kTogether;
                         const int64_t lines = std::min(kTogether, inner - column);
                         int64_t at = part / parts * n * inner + column + first_step * inner;
                         T sums[kTogether] = {};
                         for (int64_t i = 0; i < n; ++i, at += direction * inner)
                           for (int64_t j = 0; j < lines; ++j)
                             target[at + j] = sums[j] = static_cast<T>(sums[j] + source[at + j]);
                       }
                     });
    });
  }
  static Tensors vjp(const Call& call, const Tensors& dy, const Needs&) {
    Attributes a = call.attrs_as<Attributes>();
    a.reverse = !a.reverse;
    return {launch_one(cumsum_op, {dy[0]}, a)};
  }
};

}  // namespace

const Op sort_op = make_op<Sort>();
const Op cumsum_op = make_op<CumSum>();

}  // namespace pyclr
