// Convolution of images (n, h, w, c) with kernels (kh, kw, c / groups, out). T is float or double.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace pyclr {

// The output is (n, oh, ow, out). Padding is implicit: output (oy, ox) reads inputs
// (oy * stride_h - pad_top + ky * dilation_h, ox * stride_w - pad_left + kx * dilation_w), those
// outside the image as 0. Output channel o belongs to group o / (out / groups), and reads the c /
// groups channels of that group. In one dimension, h = kh = oh = 1.
struct ConvShape {
  int64_t n, h, w, c, kh, kw, oh, ow, out, stride_h, stride_w, dilation_h, dilation_w, pad_top,
      pad_left, groups;
};

// y = act(conv(x, w) + bias); bias (out) or null
template <class T>
void conv_forward(const ConvShape& shape, const T* x, const T* w, const T* bias, Activation act,
                  T* y);

// dx from dy; also the forward of a transposed convolution
template <class T>
void conv_input_gradient(const ConvShape& shape, const T* dy, const T* w, T* dx);

// dw from x and dy
template <class T>
void conv_weight_gradient(const ConvShape& shape, const T* x, const T* dy, T* dw);

// Whether no tap reads outside of the image.
bool stays_inside(const ConvShape& shape);

// The number of groups of images that a weight gradient sums, to add their sums: by sizes only.
int64_t image_groups(const ConvShape& shape);

// dy as max pooling hands it down: a number for each window of (window_h, window_w) outputs, (n,
// down, across, out), and which of the window's positions, counted row by row, has it. The others
// are zero. Without `choice`, windows are single positions.
template <class T>
struct SparseGradient {
  const T* values;
  const uint8_t* choice;
  int64_t down, across, window_h, window_w;
};

// The same gradients for dy with many zeros, which are left out (conv_sparse.cpp): for the shapes
// that suit, worth it where dy is mostly zeros.
template <class T>
bool sparse_suits_input(const ConvShape& shape);
template <class T>
bool sparse_suits_weights(const ConvShape& shape);
template <class T>
bool mostly_zeros(const T* values, int64_t size);
template <class T>
void sparse_input_gradient(const ConvShape& shape, const SparseGradient<T>& dy, const T* w, T* dx);
template <class T>
void sparse_weight_gradient(const ConvShape& shape, const T* x, const SparseGradient<T>& dy, T* dw);

// The gradients for images with few channels (conv_few.cpp).
bool few_suits_input(const ConvShape& shape);
template <class T>
void few_input_gradient(const ConvShape& shape, const T* dy, const T* w, T* dx);
// What the kernels for one channel take, forward (conv.cpp, conv_pool.cpp) and backward. Of
// windows, dy may have those of two by two.
bool one_channel_suits(const ConvShape& shape);
template <class T>
void one_channel_weight_gradient(const ConvShape& shape, const T* x, const SparseGradient<T>& dy,
                                 T* dw);

// The gradients of a convolution whose output was max-pooled (conv_pool_gradient.cpp). Same bits as
// those of all of dy.
template <class T>
void pooled_input_gradient(const ConvShape& shape, const SparseGradient<T>& dy, const T* w, T* dx);
template <class T>
void pooled_weight_gradient(const ConvShape& shape, const T* x, const SparseGradient<T>& dy, T* dw);
template <class T>
void pooled_bias_gradient(const ConvShape& shape, const SparseGradient<T>& dy, T* db);

// y and index: max pooling of act(conv(x, w) + bias), as PoolKernels define it, without writing all
// of the convolution to memory. I is uint8_t or int32_t; index may be null (conv_pool.cpp).
template <class T, class I>
void conv_max_pool(const ConvShape& shape, const PoolShape& pool, const T* x, const T* w,
                   const T* bias, Activation act, T* y, I* index);
// Whether that is faster than the two one after another.
bool pools_in_passing(const ConvShape& shape, const PoolShape& pool);

// Winograd's algorithm, for some convolutions in float (winograd.cpp): with fewer multiplications
// and larger rounding errors. Used where winograd_suits, which depends on the shape of the images
// and not on their number: where it has a smaller share than `share` of the direct one's work.
bool winograd_suits(const ConvShape& shape, double share = 0.75);
bool winograd_suits_weights(const ConvShape& shape);
void winograd_forward(const ConvShape& shape, const float* x, const float* w, const float* bias,
                      Activation act, float* y);
// Pooled two by two.
void winograd_max_pool(const ConvShape& shape, const float* x, const float* w, const float* bias,
                       Activation act, float* y, uint8_t* index);
// The same along the rows of images of one channel (winograd_rows.cpp). With `pooled`, y and index
// are of the whole windows of two by two.
bool winograd_rows_suits(const ConvShape& shape);
void winograd_rows_forward(const ConvShape& shape, const float* x, const float* w,
                           const float* bias, Activation act, float* y, bool pooled = false,
                           uint8_t* index = nullptr);
void winograd_weight_gradient(const ConvShape& shape, const float* x, const float* dy, float* dw);

// Whether Winograd's algorithm is used at all, from the next call on.
void set_use_winograd(bool use);
bool use_winograd();

}  // namespace pyclr
