// The table of kernels that one instruction set provides, and the choice of a table.
//
// What fills the table (isa.cpp and the headers it includes) is compiled once per instruction set.
// Only plain structs and function pointers cross that border: the linker would merge an inline
// function shared by two instruction sets, and the merged copy might hold instructions that the
// machine lacks.
#pragma once

#include <cstdint>

#include "kernels/indices_table.h"
#include "kernels/normalize_table.h"
#include "kernels/pointwise_table.h"
#include "kernels/pool_table.h"
#include "kernels/random_table.h"
#include "kernels/recurrent_table.h"
#include "kernels/reduce_table.h"
#include "kernels/rows_table.h"
#include "kernels/update_table.h"
#include "kernels/winograd_table.h"

#ifndef PYCLR_ISA  // code compiled per instruction set sees nothing of std
#include <string>
#include <vector>
#endif

namespace pyclr {

enum class Activation : uint8_t { linear, relu };

// One batch-reduce GEMM, strides in elements, for i < m and j < n:
//
//   C[i, j] = act((accumulate ? C[i, j] : 0) + bias[j] +
//                 sum over p2 < batch2, p1 < batch1, p < k of
//                   a[row_a(i) + p2 * a_batch2 + p1 * a_batch1 + p * a_k] *
//                   b[           p2 * b_batch2 + p1 * b_batch1 + p * b_k + j])
//
//   row_a(i) = (i / m_inner) * a_outer + (i % m_inner) * a_inner
//   C[i, j] = c[row_c(i) + j], with row_c alike
//
// Each C[i, j] is one chain of multiply-adds in the order p2, p1, p. So its bits depend neither on
// m, n and the tiles, nor on how the reduction is cut into calls that accumulate. The bias is added
// after the sum.
template <class T>
struct Brgemm {
  int64_t m = 0, n = 0, k = 0, batch1 = 1, batch2 = 1;
  const T* a = nullptr;
  int64_t a_outer = 0, a_inner = 0, a_k = 1, a_batch1 = 0, a_batch2 = 0;
  const T* b = nullptr;
  int64_t b_k = 0, b_batch1 = 0, b_batch2 = 0;
  T* c = nullptr;
  int64_t c_outer = 0, c_inner = 0;
  int64_t m_inner = INT64_MAX;
  bool accumulate = false;
  const T* bias = nullptr;
  Activation activation = Activation::linear;
};

// y[r, j] += the sum over the ones b of `bits`, in order, of x[x_at[b]] * w[w_at[b] + r * w_row +
// j], for r < rows and j < n; y[r, j] is y[r * y_row + j]. Bit b is bit b % 64 of word b / 64. And
// this `count` times, one after the other: the bits move on by so many words, y by y_step, and x by
// x_step after every `window`th.
template <class T>
struct SparseSum {
  const uint64_t* bits;
  int64_t words;
  const T* x;
  const int32_t* x_at;
  const T* w;
  const int32_t* w_at;
  int64_t w_row, rows, n;
  T* y;
  int64_t y_row;
  int64_t count = 1, y_step = 0, x_step = 0, window = 1;
};

// Two adjacent rows of a convolution's outputs and what becomes of them: y[r * y_row + p * out + j]
// = act(sum over taps + bias[j]) for p < positions, at least kLeast. Where `pooled`, `positions` is
// even and of each two by two outputs y[p * out + j] is the maximum, and index[p * out + j] says
// which.
struct TwoRows {
  static constexpr int64_t kLeast = 8;
  int64_t positions, out;
  const float* bias;  // may be null
  Activation activation;
  float* y;
  int64_t y_row = 0;
  bool pooled = false;
  uint8_t* index = nullptr;  // null where nobody reads it
};

// Two adjacent rows of a convolution of images of one channel with kernels (kh, kw, 1, out), kw one
// of 3, 5 and 7, strides 1.
struct OneChannelRows {
  const float* x;  // what the first tap of the first output reads
  int64_t x_row;
  const float* w;
  int64_t kh, kw;
  TwoRows to;
};

// A row of `pixels` with `channels` numbers each, `pixel` apart in memory. With `choice`, the row
// is one of windows instead, `window` pixels wide, whose numbers belong to one of these pixels
// each: to pixel i of the window those with the choice first + i.
template <class T>
struct PixelRow {
  const T* values;
  const uint8_t* choice;
  int64_t pixels, channels, pixel, window, first;
};

// What an image x of one channel adds to the gradient dw of kernels (kh, kw, 1, out), kw one of 3,
// 5 and 7, strides 1, position by position in blocks of two by two. dy is (h, w, out); with
// `choice`, it is that of windows of two by two: which of its positions has the gradient. x[y *
// x_row + x] is what the first tap reads at (y, x); eight numbers are read from there on.
template <class T>
struct OneChannelGradient {
  const T* x;
  int64_t x_row;
  const T* dy;
  const uint8_t* choice;
  int64_t h, w, kh, kw, out;
  T* dw;
};

template <class T>
struct KernelsOf {
  void (*brgemm)(const Brgemm<T>&);
  int64_t panel;  // columns that brgemm computes at a time, going through all rows
  // The same sum with A taken channel by channel: a[... + j] in place of a[...]. For depthwise
  // convolution.
  void (*channelwise)(const Brgemm<T>&);
  // dst[j * dst_stride + i] = src[i * src_stride + j] for i < rows, j < columns.
  void (*transpose)(const T* src, int64_t src_stride, T* dst, int64_t dst_stride, int64_t rows,
                    int64_t columns);
  void (*sparse_sum)(const SparseSum<T>&);
  // Which numbers are not zero: pixel by pixel a bit a channel, in whole words.
  void (*nonzeros)(const PixelRow<T>&, uint64_t* bits);
  // The sum of the pixels, one after the other, of each of `rows` rows of the windows, whose
  // choices follow each other; there must be choices. sums (rows, sums_row).
  void (*pixel_sums)(const PixelRow<T>&, int64_t rows, T* sums, int64_t sums_row);
  void (*one_channel_gradient)(const OneChannelGradient<T>&);
  // y += x, of both so many rows and columns.
  void (*add_rows)(const T* x, int64_t x_row, T* y, int64_t y_row, int64_t rows, int64_t columns);
};

struct Kernels {
  const char* isa;
  int vector_bytes;
  KernelsOf<float> f32;
  KernelsOf<double> f64;
  PointwiseKernels pointwise;
  ReduceKernels reduce;
  PoolKernels pool;
  RowKernels rows;
  NormalizeKernels normalize;
  IndexKernels indices;
  RandomKernels random;
  RecurrentKernels recurrent;
  UpdateKernels update;
  WinogradKernels winograd;
  WinogradRowForm winograd_rows;
  void (*one_channel_rows)(const OneChannelRows&);
};

#ifndef PYCLR_ISA

// The table in use: the best the machine supports, or the one that the environment variable
// PYCLR_ISA names.
const Kernels& kernels();
template <class T>
const KernelsOf<T>& kernels_of();

// Puts another table in use, for tests. Not while kernels run. Throws std::invalid_argument for a
// name not available.
void select_isa(const std::string& name);
std::string isa_name();
std::vector<std::string> available_isas();  // best first

#endif

}  // namespace pyclr
