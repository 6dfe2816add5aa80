// Convolution of images of one channel as products in the domain of Winograd's minimal filtering
// along rows: a band of rows to points, then pairs of rows of outputs from them.
#include "kernels/blocking.h"
#include "kernels/conv.h"

namespace pyclr {

bool winograd_rows_suits(const ConvShape& s) {
  constexpr int64_t kTaps = WinogradRowForm::taps;
  return use_winograd() && one_channel_suits(s) && s.kh == kTaps && s.kw == kTaps && s.oh > 1 &&
         s.ow >= TwoRows::kLeast;
}

void winograd_rows_forward(const ConvShape& s, const float* x, const float* w, const float* bias,
                           Activation act, float* y, bool pooled, uint8_t* index) {
  constexpr int64_t kMostLanes = 16, kSize = WinogradRowForm::size, kTaps = WinogradRowForm::taps,
                    kPoints = WinogradRowForm::points;
  const WinogradRowForm& form = kernels().winograd_rows;
  thread_local Scratch of_taps;
  float* taps = of_taps.get<float>(kPoints * kTaps * (s.out + kMostLanes));
  form.from_taps(w, s.out, taps);
  // An odd last row or column is in no window.
  const int64_t oh = pooled ? s.oh / 2 * 2 : s.oh, ow = pooled ? s.ow / 2 * 2 : s.ow;
  const int64_t tiles = ceil_div(ow, kSize) + 1;  // the last one has the pixels of the one before
  const int64_t image_size = pooled ? oh / 2 * (ow / 2) * s.out : oh * ow * s.out;
  // As many pairs of rows at a time as a core's nearest cache holds points of.
  constexpr int64_t kBytes = 24 << 10;
  const int64_t pairs = oh / 2, row_bytes = kPoints * tiles * int64_t(sizeof(float));
  const int64_t band = std::max<int64_t>(4, (kBytes / row_bytes - kTaps) / 2);
  const int64_t parts = std::min(s.n * pairs, parts_of(s.n * oh * ow * s.out * kPoints));
  parallel_for(parts, [&](int64_t part) {
    const int64_t last = s.n * pairs * (part + 1) / parts;
    int64_t count;
    for (int64_t pair = s.n * pairs * part / parts; pair < last; pair += count) {
      const int64_t image = pair / pairs, first = pair % pairs;
      count = std::min({band, pairs - first, last - pair});
      // With the last pair goes an odd row; the one before it is computed twice.
      const int64_t top = 2 * first, end = first + count == pairs ? oh : top + 2 * count;
      const int64_t rows = end - top + kTaps - 1;
      const int64_t stride = rows * tiles + kMostLanes;
      thread_local Scratch scratch;
      float* points = scratch.get<float>(kPoints * stride + kSize * (stride + 1));
      form.from_inputs({.image = x + image * s.h * s.w,
                        .row = s.w,
                        .pixel = 1,
                        .height = s.h,
                        .width = s.w,
                        .top = top - s.pad_top,
                        .left = -s.pad_left},
                       rows, tiles, points + kPoints * stride, points, stride);
      for (int64_t next = top; next < end; next += 2) {
        const int64_t row = std::min(next, oh - 2);
        const int64_t at = image * image_size + (pooled ? row / 2 * (ow / 2) : row * ow) * s.out;
        form.to_outputs(points + (row - top) * tiles, tiles, stride, taps,
                        {.positions = ow,
                         .out = s.out,
                         .bias = bias,
                         .activation = act,
                         .y = y + at,
                         .y_row = ow * s.out,
                         .pooled = pooled,
                         .index = index ? index + at : nullptr});
      }
    }
  });
}

}  // namespace pyclr
