#include "kernels/dense.h"

#include "kernels/blocking.h"

namespace pyclr {
namespace {

// A product is cut into a grid of blocks of C, each computed by one thread: no sums between
// threads.
struct Grid {
  int64_t down, across;
};

// Of the grids with about `parts` blocks of so many rows at least, the one that reads least: a
// block reads its rows of A and columns of B, and these it copies as well.
Grid grid_of(int64_t parts, int64_t m, int64_t n, int64_t least_rows, int64_t panel) {
  const int64_t max_down = std::max<int64_t>(1, m / least_rows);
  const int64_t max_across = std::max<int64_t>(1, n / panel);
  Grid best{1, 1};
  int64_t least = INT64_MAX;
  for (int64_t across = 1; across <= std::min(parts, max_across); ++across) {
    const int64_t down = std::min(parts / across, max_down);
    const int64_t missing = parts - across * down;  // as many blocks as possible come first
    const int64_t reads = m * across + 2 * n * down + missing * (m + n);
    if (reads < least) best = {down, across}, least = reads;
  }
  return best;
}

// Where block i of `blocks` begins among n columns: at the nearest multiple of a panel.
int64_t column_begin(int64_t i, int64_t blocks, int64_t n, int64_t panel) {
  return i == blocks ? n : (n * i / blocks + panel / 2) / panel * panel;
}

// Rows of B used at a time while the rows of A pass by, so that a panel of them stays in cache:
// many, as each time goes through C again, but fewer where A or B is far apart in memory.
constexpr int64_t kDepth = 1024, kDepthApart = 400;

// Numbers used in turn that are this many bytes apart would share few sets of the caches and need a
// page of memory each: a panel of such rows of B is copied together. So many rows of A repay that.
constexpr int64_t kFarApart = 1024, kRowsToCopy = 48;
constexpr int64_t kLeastRows = 6;  // of a block that copies nothing

// A product and, unlike what brgemm takes, perhaps B by columns: B[p, j] is b[j * b_k + p] then.
template <class T>
struct Product {
  Brgemm<T> g;
  bool b_transposed = false;
  // Where B[p, j] is.
  int64_t b_at(int64_t p, int64_t j) const { return b_transposed ? j * g.b_k + p : p * g.b_k + j; }
};

// One block of C on this thread.
template <class T>
void gemm_block(const Product<T>& block) {
  const auto& kernel = kernels_of<T>();
  const Brgemm<T>& whole = block.g;
  const bool b_apart = whole.b_k * int64_t(sizeof(T)) >= kFarApart;
  const bool a_apart = whole.a_k * int64_t(sizeof(T)) >= kFarApart;
  const bool copy = block.b_transposed || (b_apart && whole.m >= kRowsToCopy);
  const int64_t depth = a_apart || (b_apart && !copy) ? kDepthApart : kDepth;
  const int64_t lanes = kernels().vector_bytes / int64_t(sizeof(T));
  const int64_t width = copy ? std::min(kernel.panel, ceil_div(whole.n, lanes) * lanes) : whole.n;
  thread_local Scratch scratch;
  T* panel = copy ? scratch.get<T>(std::min(depth, whole.k) * width) : nullptr;
  const int64_t slabs = std::max<int64_t>(1, ceil_div(whole.k, depth));
  for (int64_t slab = 0; slab < slabs; ++slab) {  // nearly equal ones: a short one costs as much C
    const int64_t p = whole.k * slab / slabs, end = whole.k * (slab + 1) / slabs;
    const bool last = end == whole.k;
    for (int64_t j = 0; j < whole.n; j += width) {
      Brgemm<T> g = whole;
      g.n = std::min(width, whole.n - j);
      g.k = end - p;
      g.a += p * g.a_k;
      g.b += block.b_at(p, j);
      g.c += j;
      g.accumulate = p > 0;
      g.bias = last && whole.bias ? whole.bias + j : nullptr;
      g.activation = last ? whole.activation : Activation::linear;
      if (block.b_transposed) {
        kernel.transpose(g.b, g.b_k, panel, width, g.n, g.k);
      } else if (copy) {
        for (int64_t row = 0; row < g.k; ++row) {
          std::copy_n(g.b + row * g.b_k, g.n, panel + row * width);
        }
      }
      if (copy) g.b = panel, g.b_k = width;
      kernel.brgemm(g);
    }
  }
}

// `batch` products like `product`, a block at a time on all threads.
template <class T>
void gemm(const Product<T>& product, int64_t batch = 1, int64_t a_stride = 0,
          int64_t b_stride = 0) {
  const Brgemm<T>& g = product.g;
  if (batch <= 0 || g.m <= 0 || g.n <= 0) return;
  const int64_t panel = kernels_of<T>().panel;
  const int64_t parts = parts_of(batch * g.m * g.n * g.k);
  const int64_t least_rows = product.b_transposed  // few blocks, as each transposes its columns
                                 ? std::clamp<int64_t>(g.m / (2 * num_threads()), kLeastRows, 512)
                                 : kLeastRows;
  const Grid grid = grid_of(ceil_div(parts, batch), g.m, g.n, least_rows, panel);
  const int64_t blocks = batch * grid.down * grid.across;
  const int64_t chunks = std::min(parts, blocks);  // small products of a batch share a chunk
  parallel_for(chunks, [&](int64_t chunk) {
    for (int64_t i = blocks * chunk / chunks; i < blocks * (chunk + 1) / chunks; ++i) {
      const int64_t column = i % grid.across, row = i / grid.across % grid.down;
      const int64_t which = i / grid.across / grid.down;
      const int64_t i0 = g.m * row / grid.down;
      const int64_t j0 = column_begin(column, grid.across, g.n, panel);
      Product<T> part = product;
      Brgemm<T>& block = part.g;
      block.m = g.m * (row + 1) / grid.down - i0;
      block.n = column_begin(column + 1, grid.across, g.n, panel) - j0;
      block.a += which * a_stride + i0 * g.a_inner;
      block.b += which * b_stride + product.b_at(0, j0);
      block.c += which * g.m * g.n + i0 * g.c_inner + j0;
      if (g.bias) block.bias += j0;
      gemm_block(part);
    }
  });
}

// dst (columns, rows) = src (rows, columns) transposed, on all threads.
template <class T>
void transpose(const T* src, T* dst, int64_t rows, int64_t columns) {
  const int64_t bands =
      std::clamp<int64_t>(parts_of(rows * columns), 1, std::max<int64_t>(1, ceil_div(rows, 64)));
  parallel_for(bands, [&](int64_t band) {
    const int64_t i = rows * band / bands, end = rows * (band + 1) / bands;
    kernels_of<T>().transpose(src + i * columns, columns, dst + i, rows, end - i, columns);
  });
}

}  // namespace

template <class T>
void dense_forward(const T* x, const T* w, const T* bias, Activation act, T* y, int64_t rows,
                   int64_t in, int64_t out) {
  gemm<T>({{.m = rows,
            .n = out,
            .k = in,
            .a = x,
            .a_inner = in,
            .b = w,
            .b_k = out,
            .c = y,
            .c_inner = out,
            .bias = bias,
            .activation = act}});
}

template <class T>
void dense_weight_gradient(const T* x, const T* dy, T* dw, int64_t rows, int64_t in, int64_t out) {
  gemm<T>({{.m = in,
            .n = out,
            .k = rows,
            .a = x,
            .a_inner = 1,
            .a_k = in,
            .b = dy,
            .b_k = out,
            .c = dw,
            .c_inner = out}});
}

template <class T>
int64_t WeightGradientRows<T>::copy_size(int64_t rows, int64_t out) {
  const int64_t width = kernels_of<T>().panel;
  return ceil_div(out, width) * width * rows;
}

template <class T>
WeightGradientRows<T>::WeightGradientRows(const T* x, const T* dy, int64_t rows, int64_t in,
                                          int64_t out, T* copy)
    : x_(x), panels_(copy), rows_(rows), in_(in), out_(out) {
  const int64_t width = kernels_of<T>().panel, panels = ceil_div(out, width);
  const int64_t parts = std::min(parts_of(rows * out), panels);
  parallel_for(parts, [&](int64_t part) {
    for (int64_t q = panels * part / parts; q < panels * (part + 1) / parts; ++q) {
      const int64_t columns = std::min(width, out - q * width);
      for (int64_t row = 0; row < rows; ++row) {
        std::copy_n(dy + row * out + q * width, columns, copy + (q * rows + row) * width);
      }
    }
  });
}

template <class T>
void WeightGradientRows<T>::make(int64_t begin, int64_t end, T* dw) const {
  const auto& kernel = kernels_of<T>();
  const int64_t m = end - begin;
  thread_local Scratch scratch;
  T* part = scratch.get<T>(std::min(kDepth, rows_) * m);  // of x: its columns are far apart, too
  for (int64_t p = 0; p == 0 || p < rows_; p += kDepth) {
    const int64_t depth = std::min(kDepth, rows_ - p);
    for (int64_t k = 0; k < depth; ++k) std::copy_n(x_ + (p + k) * in_ + begin, m, part + k * m);
    for (int64_t j = 0; j < out_; j += kernel.panel) {
      kernel.brgemm({.m = m,
                     .n = std::min(kernel.panel, out_ - j),
                     .k = depth,
                     .a = part,
                     .a_inner = 1,
                     .a_k = m,
                     .b = panels_ + j * rows_ + p * kernel.panel,
                     .b_k = kernel.panel,
                     .c = dw + j,
                     .c_inner = out_,
                     .accumulate = p > 0});
    }
  }
}

template <class T>
void dense_input_gradient(const T* dy, const T* w, T* dx, int64_t rows, int64_t in, int64_t out) {
  // Either dy @ w^T, or dx^T = w @ dy^T with dy and dx transposed: the same sums, so whichever
  // costs less. In vector multiply-adds: transposing an element for the next loop costs about 4,
  // for each of the blocks below one another, and twice that as a pass of its own; and the second
  // wastes lanes for few rows.
  const int64_t lanes = kernels().vector_bytes / int64_t(sizeof(T));
  const int64_t down = ceil_div(parts_of(rows * in * out),
                                std::max<int64_t>(1, ceil_div(in, kernels_of<T>().panel)));
  const int64_t cost_w = in * out * 4 * down + in * out * rows / lanes;
  const int64_t cost_dy = rows * (in + out) * 8 + in * out * ceil_div(rows, lanes);
  if (cost_w <= cost_dy) {
    gemm<T>({{.m = rows,
              .n = in,
              .k = out,
              .a = dy,
              .a_inner = out,
              .b = w,
              .b_k = out,
              .c = dx,
              .c_inner = in},
             true});
  } else {
    thread_local Scratch copy, result;
    T* dyt = copy.get<T>(rows * out);
    T* dxt = result.get<T>(rows * in);
    transpose(dy, dyt, rows, out);
    gemm<T>({{.m = in,
              .n = rows,
              .k = out,
              .a = w,
              .a_inner = out,
              .b = dyt,
              .b_k = rows,
              .c = dxt,
              .c_inner = rows}});
    transpose(dxt, dx, in, rows);
  }
}

template <class T>
void bias_gradient(const T* dy, T* db, int64_t rows, int64_t out, int64_t run) {
  constexpr int64_t kGroup = 512;  // rows summed in turn: fixed, so that threads change no bits
  thread_local Scratch for_runs, for_groups;
  if (run > 1 && run <= kGroup) {
    const int64_t runs = rows / run, parts = std::min(runs, parts_of(rows * out));
    T* ones = for_runs.get<T>((runs + 1) * out);
    T* sums = ones + out;
    std::fill_n(ones, out, T(1));
    parallel_for(parts, [&](int64_t part) {
      const int64_t first = runs * part / parts, last = runs * (part + 1) / parts;
      kernels_of<T>().channelwise({.m = last - first,
                                   .n = out,
                                   .k = run,
                                   .a = dy + first * run * out,
                                   .a_inner = run * out,
                                   .a_k = out,
                                   .b = ones,
                                   .b_k = 0,
                                   .c = sums + first * out,
                                   .c_inner = out});
    });
    dy = sums, rows = runs;
  }
  const int64_t groups = ceil_div(rows, kGroup);
  if (groups <= 1) return sum_rows(dy, out, rows, out, db);
  T* sums = for_groups.get<T>(groups * out);
  const int64_t parts = std::min(groups, parts_of(rows * out));
  parallel_for(parts, [&](int64_t part) {
    for (int64_t g = groups * part / parts; g < groups * (part + 1) / parts; ++g) {
      sum_rows(dy + g * kGroup * out, out, std::min(kGroup, rows - g * kGroup), out,
               sums + g * out);
    }
  });
  sum_rows(sums, out, groups, out, db);
}

template <class T>
void matmul(const T* a, const T* b, T* c, int64_t batch, int64_t m, int64_t k, int64_t n,
            int64_t a_batch_stride, int64_t b_batch_stride, bool transpose_a, bool transpose_b) {
  if (!transpose_a && b_batch_stride == 0) m *= batch, batch = 1;
  gemm<T>({{.m = m,
            .n = n,
            .k = k,
            .a = a,
            .a_inner = transpose_a ? 1 : k,
            .a_k = transpose_a ? m : 1,
            .b = b,
            .b_k = transpose_b ? k : n,
            .c = c,
            .c_inner = n},
           transpose_b},
          batch, a_batch_stride, b_batch_stride);
}

#define PYCLR_INSTANTIATE(T)                                                                  \
  template class WeightGradientRows<T>;                                                       \
  template void dense_forward(const T*, const T*, const T*, Activation, T*, int64_t, int64_t, \
                              int64_t);                                                       \
  template void dense_weight_gradient(const T*, const T*, T*, int64_t, int64_t, int64_t);     \
  template void dense_input_gradient(const T*, const T*, T*, int64_t, int64_t, int64_t);      \
  template void bias_gradient(const T*, T*, int64_t, int64_t, int64_t);                       \
  template void matmul(const T*, const T*, T*, int64_t, int64_t, int64_t, int64_t, int64_t,   \
                       int64_t, bool, bool);
PYCLR_INSTANTIATE(float)
PYCLR_INSTANTIATE(double)

}  // namespace pyclr
