// The weight gradient of a convolution: boxes of taps and positions, each a GEMM.
#include <type_traits>

#include "kernels/blocking.h"
#include "kernels/conv.h"
#include "kernels/conv_axis.h"

namespace pyclr {

namespace {

// So many fill the rows of a weight gradient's GEMM with one tap.
constexpr int64_t kManyChannels = 16;

// dw += what the positions and taps of two spans give, in `images` images from x and dy on.
template <class T>
void weight_gradient_box(const ConvShape& s, const Span& h, const Span& w, int64_t images,
                         const T* x, const T* dy, T* dw) {
  if (h.taps() <= 0 || w.taps() <= 0 || h.positions() <= 0 || w.positions() <= 0) return;
  const auto& kernel = kernels_of<T>();
  const bool depthwise = is_depthwise(s);
  const int64_t groups = depthwise ? 1 : s.groups;
  const int64_t in = depthwise ? 1 : s.c / groups, out = s.out / groups;
  const int64_t x_row = s.w * s.c, y_row = s.ow * s.out;

  Brgemm<T> g;
  g.accumulate = true;
  g.n = out;
  g.k = w.positions();
  g.a_k = s.stride_w * s.c, g.b_k = s.out;
  g.batch1 = h.positions();
  g.a_batch1 = s.stride_h * x_row, g.b_batch1 = y_row;
  g.batch2 = images;
  g.a_batch2 = s.h * x_row, g.b_batch2 = s.oh * y_row;
  // Rows of the GEMM: the taps and the input channels.
  int64_t calls = 1;
  if (depthwise || (groups == 1 && s.dilation_w == 1)) {
    const int64_t run = depthwise ? w.taps() : w.taps() * in;
    g.m = h.taps() * run;
    g.m_inner = run;
    g.a_outer = s.dilation_h * x_row, g.a_inner = depthwise ? s.dilation_w * s.c : 1;
    g.c_outer = s.kw * in * s.out, g.c_inner = s.out;
  } else {
    calls = h.taps();
    g.m = w.taps() * in;
    g.m_inner = in;
    g.a_outer = s.dilation_w * s.c, g.a_inner = 1;
    g.c_outer = in * s.out, g.c_inner = s.out;
  }
  const T* a = x + input_of(height_of(s), h.begin, h.tap_begin) * x_row +
               input_of(width_of(s), w.begin, w.tap_begin) * s.c;
  const T* b = dy + h.begin * y_row + w.begin * s.out;
  T* c = dw + (h.tap_begin * s.kw + w.tap_begin) * in * s.out;
  for (int64_t call = 0; call < calls; ++call) {
    for (int64_t group = 0; group < groups; ++group) {
      g.a = a + call * s.dilation_h * x_row + group * in;
      g.b = b + group * out;
      g.c = c + call * s.kw * in * s.out + group * out;
      depthwise ? kernel.channelwise(g) : kernel.brgemm(g);
    }
  }
}

}  // namespace

// Few channels would leave a vector's lanes empty.
template <class T>
bool sparse_suits_weights(const ConvShape& s) {
  return is_worth_a_search(s) && s.c >= kManyChannels &&
         !(std::is_same_v<T, float> && winograd_suits_weights(s));
}

int64_t image_groups(const ConvShape& s) {
  constexpr int64_t kGroups = 8, kPositionsPerGroup = 512;
  return std::clamp<int64_t>(s.n * s.oh * s.ow / kPositionsPerGroup, 1,
                             std::clamp<int64_t>(s.n, 1, kGroups));
}

template <class T>
void conv_weight_gradient(const ConvShape& s, const T* x, const T* dy, T* dw) {
  if (has_multiplier(s)) {
    thread_local Scratch scratch;
    T* repeated = scratch.get<T>(s.n * s.h * s.w * s.out);
    repeat_channels(s, x, repeated);
    return conv_weight_gradient(without_multiplier(s), repeated, dy, dw);
  }
  if (one_channel_suits(s)) {
    return one_channel_weight_gradient<T>(s, x, {dy, nullptr, s.oh, s.ow, 1, 1}, dw);
  }
  if constexpr (std::is_same_v<T, float>) {
    if (winograd_suits_weights(s)) return winograd_weight_gradient(s, x, dy, dw);
  }
  if (sparse_suits_weights<T>(s) && mostly_zeros(dy, s.n * s.oh * s.ow * s.out)) {
    return sparse_weight_gradient<T>(s, x, {dy, nullptr, s.oh, s.ow, 1, 1}, dw);
  }
  const int64_t tap_row = s.kw * (s.c / s.groups) * s.out, size = s.kh * tap_row;
  const int64_t positions = s.oh * s.ow;
  // Many channels fill the rows of the GEMM with one tap, and the gradient goes through memory only
  // once. Few channels need several taps for that.
  const auto spans = s.c / s.groups >= kManyChannels ? tap_spans_of : spans_of;
  const std::vector<Span> rows = spans(height_of(s)), columns = spans(width_of(s));
  // Few enough positions at a time for x and dy to stay in cache while all taps pass by: a band of
  // output rows, or several small images.
  constexpr int64_t kPositions = 256;
  // Of a depthwise convolution all channels of a position, which are read tap row by tap row.
  constexpr int64_t kNumbers = 32768, kFewest = 16;
  const int64_t at_once =
      is_depthwise(s) ? std::clamp(kNumbers / s.c, kFewest, kPositions) : kPositions;
  const int64_t lines =
      std::clamp<int64_t>(at_once / std::max<int64_t>(1, s.ow), 1, std::max<int64_t>(1, s.oh));
  const int64_t images = std::max<int64_t>(1, at_once / std::max<int64_t>(1, positions));
  const int64_t groups = image_groups(s);
  // A group's taps may be shared by threads, row by row.
  const int64_t shares = std::min(s.kh, ceil_div(parts_of(s.n * positions * size), groups));
  thread_local Scratch scratch;
  T* sums = groups > 1 ? scratch.get<T>(groups * size) : dw;
  parallel_for(groups * shares, [&](int64_t chunk) {
    const int64_t group = chunk / shares, share = chunk % shares;
    const int64_t tap_begin = s.kh * share / shares, tap_end = s.kh * (share + 1) / shares;
    const int64_t first = s.n * group / groups, last = s.n * (group + 1) / groups;
    T* sum = sums + group * size;
    std::fill(sum + tap_begin * tap_row, sum + tap_end * tap_row, T(0));
    for (int64_t image = first; image < last; image += images) {
      for (int64_t line = 0; line < s.oh; line += lines) {
        for (Span h : rows) {
          h.tap_begin = std::max(h.tap_begin, tap_begin);
          h.tap_end = std::min(h.tap_end, tap_end);
          h.begin = std::max(h.begin, line);
          h.end = std::min(h.end, line + lines);
          for (const Span& w : columns) {
            weight_gradient_box(s, h, w, std::min(images, last - image),
                                x + image * s.h * s.w * s.c, dy + image * positions * s.out, sum);
          }
        }
      }
    }
  });
  if (groups > 1) sum_rows(sums, size, groups, size, dw);
}

#define PYCLR_INSTANTIATE(T)                               \
  template bool sparse_suits_weights<T>(const ConvShape&); \
  template void conv_weight_gradient(const ConvShape&, const T*, const T*, T*);
PYCLR_INSTANTIATE(float)
PYCLR_INSTANTIATE(double)

}  // namespace pyclr
