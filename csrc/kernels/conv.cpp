// Convolution as loops around the batch-reduce GEMM: neither im2col nor padded copies.
//
// Positions of an axis whose taps fall inside the image alike form a span; a rectangle is a span of
// rows by a span of columns. In a rectangle all positions use the same taps, so it is a plain GEMM
// with strided rows of A. Where a rectangle is narrow - the edges of an image with padding - the
// images of the batch make up the rows.
#include "kernels/conv.h"

#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/blocking.h"
#include "kernels/conv_axis.h"

namespace pyclr {
namespace {

// Where the values of images lie: `at` is the first channel of the first pixel.
template <class T>
struct Images {
  T* at;
  int64_t image, row, pixel, group;  // strides
};

// y = act(correlation of x with w + bias), the sum over taps and `in` channels; for `groups` groups
// of channels. Forward is one of these. The input gradient is one for each position modulo the
// strides, on dy.
template <class T>
struct Correlation {
  int64_t images, groups, in, out;  // in and out: channels of a group
  Axis h, w;
  Images<const T> x;
  Images<T> y;
  const T* weights;  // (tap h, tap w, in, out) by strides; channelwise without in
  int64_t weights_h, weights_w, weights_in, weights_group;
  bool channelwise;  // output channel j reads input channel j only
  const T* bias;
  Activation activation;
};

// Whether a rectangle's rows suit the kernel for images of one channel.
template <class T>
bool suits_one_channel(const Correlation<T>& c, const Span& h, const Span& w) {
  return std::is_same_v<T, float> && c.in == 1 && c.groups == 1 && !c.channelwise &&
         c.x.pixel == 1 && c.y.pixel == c.out && c.h.stride == 1 && c.w.stride == 1 &&
         c.h.dilation == 1 && c.w.dilation == 1 &&
         (c.w.taps == 3 || c.w.taps == 5 || c.w.taps == 7) && c.weights_w == c.out &&
         c.weights_h == c.w.taps * c.out && w.taps() == c.w.taps && h.positions() > 1 &&
         w.positions() >= TwoRows::kLeast;
}

void correlate_one_channel(const Correlation<float>& c, const Span& h, const Span& w, int64_t first,
                           int64_t last) {
  OneChannelRows rows{.x = nullptr,
                      .x_row = c.x.row,
                      .w = c.weights + h.tap_begin * c.weights_h,
                      .kh = h.taps(),
                      .kw = c.w.taps,
                      .to = {.positions = w.positions(),
                             .out = c.out,
                             .bias = c.bias,
                             .activation = c.activation,
                             .y = nullptr,
                             .y_row = c.y.row}};
  for (int64_t image = first; image < last; ++image) {
    for (int64_t row = h.begin; row < h.end; row += 2) {
      const int64_t top = std::min(row, h.end - 2);  // the last two may be computed twice
      rows.x = c.x.at + image * c.x.image + input_of(c.h, top, h.tap_begin) * c.x.row +
               input_of(c.w, w.begin, 0);
      rows.to.y = c.y.at + image * c.y.image + top * c.y.row + w.begin * c.out;
      kernels().one_channel_rows(rows);
    }
  }
}

// The part of a correlation in one rectangle of positions, for images [first, last).
template <class T>
void correlate_rectangle(const Correlation<T>& c, const Span& h, const Span& w, int64_t first,
                         int64_t last) {
  if constexpr (std::is_same_v<T, float>) {
    if (suits_one_channel(c, h, w)) return correlate_one_channel(c, h, w, first, last);
  }
  const auto& kernel = kernels_of<T>();
  const bool one_run = c.weights_w == c.in * c.weights_in && c.x.pixel == c.in && c.w.dilation == 1;
  Brgemm<T> g;
  g.n = c.out;
  g.activation = c.activation;
  g.batch2 = h.taps();
  g.a_batch2 = c.h.dilation * c.x.row;
  g.b_batch2 = c.weights_h;
  if (c.channelwise) {
    g.k = w.taps();
    g.a_k = c.w.dilation * c.x.pixel;
    g.b_k = c.weights_w;
  } else if (one_run) {  // the channels of adjacent taps follow each other in x and in w
    g.k = w.taps() * c.in;
    g.b_k = c.weights_in;
  } else {
    g.k = c.in;
    g.b_k = c.weights_in;
    g.batch1 = w.taps();
    g.a_batch1 = c.w.dilation * c.x.pixel;
    g.b_batch1 = c.weights_w;
  }
  // Rows of the GEMM: positions and images, two of three levels. The third is the loop below.
  int64_t calls = 1, a_call = 0, c_call = 0;
  const int64_t a_row = c.h.stride * c.x.row, a_pixel = c.w.stride * c.x.pixel;
  if (h.positions() == 1) {
    g.m = (last - first) * w.positions();
    g.m_inner = w.positions();
    g.a_outer = c.x.image, g.c_outer = c.y.image;
    g.a_inner = a_pixel, g.c_inner = c.y.pixel;
  } else if (w.positions() == 1) {
    g.m = (last - first) * h.positions();
    g.m_inner = h.positions();
    g.a_outer = c.x.image, g.c_outer = c.y.image;
    g.a_inner = a_row, g.c_inner = c.y.row;
  } else {
    g.m = h.positions() * w.positions();
    g.m_inner = w.positions();
    g.a_outer = a_row, g.c_outer = c.y.row;
    g.a_inner = a_pixel, g.c_inner = c.y.pixel;
    calls = last - first, a_call = c.x.image, c_call = c.y.image;
  }
  const T* a = c.x.at + first * c.x.image;
  const T* b = c.weights;
  if (h.taps() > 0 && w.taps() > 0) {  // else nothing is read, and the pointers could be outside
    a += input_of(c.h, h.begin, h.tap_begin) * c.x.row +
         input_of(c.w, w.begin, w.tap_begin) * c.x.pixel;
    b += h.tap_begin * c.weights_h + w.tap_begin * c.weights_w;
  }
  T* y = c.y.at + first * c.y.image + h.begin * c.y.row + w.begin * c.y.pixel;
  for (int64_t call = 0; call < calls; ++call) {
    for (int64_t group = 0; group < c.groups; ++group) {
      g.a = a + call * a_call + group * c.x.group;
      g.b = b + group * c.weights_group;
      g.c = y + call * c_call + group * c.y.group;
      g.bias = c.bias ? c.bias + group * c.y.group : nullptr;
      c.channelwise ? kernel.channelwise(g) : kernel.brgemm(g);
    }
  }
}

template <class T>
void correlate(const Correlation<T>& c) {
  const std::vector<Span> rows = spans_of(c.h), columns = spans_of(c.w);
  const int64_t parts = parts_of(c.images * c.h.out * c.w.out * c.h.taps * c.w.taps * c.groups *
                                 c.out * (c.channelwise ? 1 : c.in));
  constexpr int64_t kImages = 16;  // fill the rows of the GEMM where only images do
  const int64_t blocks = std::min(c.images, std::max(parts, ceil_div(c.images, kImages)));
  const int64_t bands = std::min(c.h.out, ceil_div(parts, std::max<int64_t>(blocks, 1)));
  parallel_for(blocks * bands, [&](int64_t chunk) {
    const int64_t block = chunk / bands, band = chunk % bands;
    const int64_t first = c.images * block / blocks, last = c.images * (block + 1) / blocks;
    const int64_t top = c.h.out * band / bands, bottom = c.h.out * (band + 1) / bands;
    for (Span h : rows) {
      h.begin = std::max(h.begin, top);
      h.end = std::min(h.end, bottom);
      if (h.positions() <= 0) continue;
      for (const Span& w : columns) correlate_rectangle(c, h, w, first, last);
    }
  });
}

// The convolution of dy that gives dx, with flipped taps, where the strides are 1.
ConvShape transposed(ConvShape s) {
  std::swap(s.h, s.oh), std::swap(s.w, s.ow), std::swap(s.c, s.out);
  s.pad_top = s.kh - 1 - s.pad_top, s.pad_left = s.kw - 1 - s.pad_left;
  return s;
}

// Whether Winograd's algorithm computes the input gradient. Behind max pooling, which valid
// convolutions often are, leaving out zeros is as good as half of the work.
template <class T>
bool winograd_suits_inputs(const ConvShape& s) {
  return std::is_same_v<T, float> && winograd_suits(transposed(s), stays_inside(s) ? 0.5 : 0.75);
}

template <class T>
void sum_repeated(const ConvShape& s, const T* repeated, T* x) {
  const int64_t times = s.out / s.c;
  for_pixels(s, [&](int64_t first, int64_t last) {
    for (int64_t i = first * s.c; i < last * s.c; ++i) {
      x[i] = std::accumulate(repeated + i * times, repeated + (i + 1) * times, T(0));
    }
  });
}

// The taps that input positions phase, phase + stride, ... get their gradient through: `first`,
// first + step, ... With these in reverse order the gradient is the correlation `axis` of dy.
struct Phase {
  int64_t first, step, count;
  Axis axis;
};

Phase phase_of(const Axis& axis, int64_t phase) {
  // By tap t, position p has gradient from output (p + pad - t * dilation) / stride, if whole.
  Phase result{0, axis.stride / std::gcd(axis.stride, axis.dilation), 0, {}};
  const int64_t offset = phase + axis.pad;
  while (result.first < std::min(result.step, axis.taps) &&
         (offset - result.first * axis.dilation) % axis.stride != 0) {
    ++result.first;
  }
  if (result.first < std::min(result.step, axis.taps)) {
    result.count = ceil_div(axis.taps - result.first, result.step);
  }
  const int64_t last = result.first + (result.count - 1) * result.step;
  result.axis.in = axis.out;
  result.axis.out = ceil_div(axis.in - phase, axis.stride);
  result.axis.taps = result.count;
  result.axis.stride = 1;
  result.axis.dilation = axis.dilation * result.step / axis.stride;
  result.axis.pad = result.count ? -((offset - last * axis.dilation) / axis.stride) : 0;
  return result;
}

}  // namespace

template <class T>
void conv_forward(const ConvShape& s, const T* x, const T* w, const T* bias, Activation act, T* y) {
  if (has_multiplier(s)) {
    thread_local Scratch scratch;
    T* repeated = scratch.get<T>(s.n * s.h * s.w * s.out);
    repeat_channels(s, x, repeated);
    return conv_forward(without_multiplier(s), repeated, w, bias, act, y);
  }
  if constexpr (std::is_same_v<T, float>) {
    if (winograd_suits(s)) return winograd_forward(s, x, w, bias, act, y);
    if (winograd_rows_suits(s)) return winograd_rows_forward(s, x, w, bias, act, y);
  }
  const bool depthwise = is_depthwise(s);
  const int64_t groups = depthwise ? 1 : s.groups;
  const int64_t in = depthwise ? 1 : s.c / groups, out = s.out / groups;
  correlate<T>({.images = s.n,
                .groups = groups,
                .in = in,
                .out = out,
                .h = height_of(s),
                .w = width_of(s),
                .x = {x, s.h * s.w * s.c, s.w * s.c, s.c, in},
                .y = {y, s.oh * s.ow * s.out, s.ow * s.out, s.out, out},
                .weights = w,
                .weights_h = s.kw * in * s.out,
                .weights_w = in * s.out,
                .weights_in = s.out,
                .weights_group = out,
                .channelwise = depthwise,
                .bias = bias,
                .activation = act});
}

template <class T>
void conv_input_gradient(const ConvShape& s, const T* dy, const T* w, T* dx) {
  if (has_multiplier(s)) {
    thread_local Scratch scratch;
    T* repeated = scratch.get<T>(s.n * s.h * s.w * s.out);
    conv_input_gradient(without_multiplier(s), dy, w, repeated);
    return sum_repeated(s, repeated, dx);
  }
  if (few_suits_input(s)) return few_input_gradient(s, dy, w, dx);
  if (sparse_suits_input<T>(s) && mostly_zeros(dy, s.n * s.oh * s.ow * s.out)) {
    return sparse_input_gradient<T>(s, {dy, nullptr, s.oh, s.ow, 1, 1}, w, dx);
  }
  thread_local Scratch scratch;
  const bool depthwise = is_depthwise(s);
  const int64_t groups = depthwise ? 1 : s.groups;
  // The correlation reads dy: the roles of in and out are exchanged.
  const int64_t in = depthwise ? 1 : s.out / groups, out = s.c / groups;
  const int64_t tap_size = depthwise ? s.c : in * s.c;
  for (int64_t phase_h = 0; phase_h < std::min(s.stride_h, s.h); ++phase_h) {
    for (int64_t phase_w = 0; phase_w < std::min(s.stride_w, s.w); ++phase_w) {
      const Phase h = phase_of(height_of(s), phase_h), v = phase_of(width_of(s), phase_w);
      // This phase's taps in reverse order, and each with in and out exchanged, group by group.
      const int64_t taps = h.count * v.count;
      T* flipped = scratch.get<T>(taps * tap_size);
      const int64_t parts = std::min(taps, parts_of(taps * tap_size));
      parallel_for(parts, [&](int64_t part) {
        for (int64_t tap = taps * part / parts; tap < taps * (part + 1) / parts; ++tap) {
          const int64_t ky = h.first + (h.count - 1 - tap / v.count) * h.step;
          const int64_t kx = v.first + (v.count - 1 - tap % v.count) * v.step;
          const T* from = w + (ky * s.kw + kx) * tap_size;
          T* to = flipped + tap * tap_size;
          if (depthwise) {
            std::copy_n(from, tap_size, to);
            continue;
          }
          for (int64_t group = 0; group < groups; ++group) {
            kernels_of<T>().transpose(from + group * in, s.out, to + group * out, s.c, out, in);
          }
        }
      });
      if constexpr (std::is_same_v<T, float>) {
        if (winograd_suits_inputs<T>(s)) {
          return winograd_forward(transposed(s), dy, flipped, nullptr, Activation::linear, dx);
        }
      }
      correlate<T>({.images = s.n,
                    .groups = groups,
                    .in = in,
                    .out = out,
                    .h = h.axis,
                    .w = v.axis,
                    .x = {dy, s.oh * s.ow * s.out, s.ow * s.out, s.out, in},
                    .y = {dx + (phase_h * s.w + phase_w) * s.c, s.h * s.w * s.c,
                          s.stride_h * s.w * s.c, s.stride_w * s.c, out},
                    .weights = flipped,
                    .weights_h = v.count * tap_size,
                    .weights_w = tap_size,
                    .weights_in = s.c,
                    .weights_group = out,
                    .channelwise = depthwise,
                    .bias = nullptr,
                    .activation = Activation::linear});
    }
  }
}

template <class T>
bool sparse_suits_input(const ConvShape& s) {
  return is_worth_a_search(s) && !few_suits_input(s) && !winograd_suits_inputs<T>(s);
}

#define PYCLR_INSTANTIATE(T)                                                                  \
  template bool sparse_suits_input<T>(const ConvShape&);                                      \
  template void conv_forward(const ConvShape&, const T*, const T*, const T*, Activation, T*); \
  template void conv_input_gradient(const ConvShape&, const T*, const T*, T*);
PYCLR_INSTANTIATE(float)
PYCLR_INSTANTIATE(double)

}  // namespace pyclr
