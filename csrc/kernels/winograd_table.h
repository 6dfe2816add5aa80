// The Winograd part of the kernel table.
#pragma once

#include <cstdint>

namespace pyclr {

enum class Activation : uint8_t;
struct TwoRows;

// A square of an image's pixels with their channels: (i, j) lies at image[(top + i) * row +
// (left + j) * pixel], and is 0 - or not written - where it is outside of the image.
template <class T>
struct WinogradPixels {
  T* image;
  int64_t row, pixel;  // strides
  int64_t height, width, top, left;
};

// Winograd's minimal filtering F(size x size, taps x taps) on tiles of side size + taps - 1.
// `points` are a tile's values of each channel in the transformed domain, as many as it has pixels:
// point p of channel j is points[p * stride + j]. Where there are several tiles, they lie side by
// side, `size` pixels and `channels` points apart. Null pointers are what no convolution uses.
struct WinogradForm {
  int64_t size, taps;
  int64_t side() const { return size + taps - 1; }
  int64_t points() const { return side() * side(); }
  // The inputs of tiles to points: B^T d B.
  void (*from_inputs)(const WinogradPixels<const float>& from, int64_t tiles, int64_t channels,
                      float* points, int64_t stride) = nullptr;
  // Taps to points: G g G^T.
  void (*from_taps)(const WinogradPixels<const float>& from, int64_t tiles, int64_t channels,
                    float* points, int64_t stride) = nullptr;
  // Outputs y = act(A^T points A + bias); bias may be null.
  void (*to_outputs)(const float* points, int64_t stride, int64_t channels, const float* bias,
                     Activation activation, const WinogradPixels<float>& to) = nullptr;
  // Their maxima, two by two, and which of the two by two they are; `index` is the image of bytes
  // that belongs to to.image, or null.
  void (*to_maxima)(const float* points, int64_t stride, int64_t channels, const float* bias,
                    Activation activation, const WinogradPixels<float>& to,
                    uint8_t* index) = nullptr;
  // The gradient of outputs to points: A dy A^T.
  void (*from_output_gradient)(const WinogradPixels<const float>& from, int64_t tiles,
                               int64_t channels, float* points, int64_t stride) = nullptr;
  // The gradient of points to that of taps: G^T points G.
  void (*to_tap_gradient)(const float* points, int64_t stride, int64_t channels,
                          const WinogradPixels<float>& to) = nullptr;
};

// Minimal filtering F(4, 5) along rows, for images of one channel and kernels of 5x5: the kernel's
// rows are summed in the transformed domain, and only then transformed back.
struct WinogradRowForm {
  static constexpr int64_t size = 4, taps = 5, points = 8;
  // The pixels of `rows` rows, of which tile t has those from 4 * t on, to points: that of tile t
  // of row r is points[p * stride + r * tiles + t], the last tile of a row is not used. `pixels` is
  // scratch memory for 4 * (rows * tiles + 17) numbers; points need room for 16 more.
  void (*from_inputs)(const WinogradPixels<const float>& from, int64_t rows, int64_t tiles,
                      float* pixels, float* points, int64_t stride);
  // Taps (5, 5, 1, out) to points, of `out` rounded up to whole vectors: as to_outputs reads them.
  void (*from_taps)(const float* w, int64_t out, float* points);
  // `inputs` are the points of the first tile of the first row, as from_inputs gives them.
  void (*to_outputs)(const float* inputs, int64_t tiles, int64_t stride, const float* taps,
                     const TwoRows& to);
};

// The forms in use. A larger tile needs fewer multiplications and rounds more, in the weight
// gradient more than forward.
struct WinogradKernels {
  WinogradForm f4x4_3x3;
  WinogradForm f4x4_5x5;  // forward
  WinogradForm f2x2_5x5;  // weight gradient
};

}  // namespace pyclr
