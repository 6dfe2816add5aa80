// The Winograd part of the kernel table.
#pragma once

#include <cstdint>

namespace pyclr {

enum class Activation : uint8_t;

// Winograd's minimal filtering in two dimensions, on tiles of 6 x 6 inputs: F(4x4, 3x3) and
// F(2x2, 5x5). One set of points for both: 0, -a, a, -b, b and infinity.
constexpr int64_t kWinogradTile = 6, kWinogradPoints = kWinogradTile * kWinogradTile;

// A square of an image's pixels with their channels: (i, j) lies at image[(top + i) * row +
// (left + j) * pixel], and is 0 - or not written - where it is outside of the image.
template <class T>
struct WinogradPixels {
  T* image;
  int64_t row, pixel;  // strides
  int64_t height, width, top, left;
};

// `points` are the 36 values of each channel in the transformed domain: point p of channel j is
// points[p * stride + j].
struct WinogradKernels {
  // The 6 x 6 inputs of a tile to points: B^T d B.
  void (*inputs)(const WinogradPixels<const float>& from, int64_t channels, float* points,
                 int64_t stride);
  // y = act(A^T points A + bias), m x m outputs for m = 2 or 4; bias may be null.
  void (*outputs)(int64_t m, const float* points, int64_t stride, int64_t channels,
                  const float* bias, Activation activation, const WinogradPixels<float>& to);
  // Their maxima, two by two, and which of the two by two they are; `index` is the image of bytes
  // that belongs to to.image.
  void (*maxima)(int64_t m, const float* points, int64_t stride, int64_t channels,
                 const float* bias, Activation activation, const WinogradPixels<float>& to,
                 uint8_t* index);
  // The gradient of m x m outputs to points: A dy A^T.
  void (*output_gradient)(int64_t m, const WinogradPixels<const float>& from, int64_t channels,
                          float* points, int64_t stride);
  // r x r taps for r = 3 or 5 to points, and the gradient of points to that of taps: G g G^T,
  // G^T points G.
  void (*taps)(int64_t r, const WinogradPixels<const float>& from, int64_t channels, float* points,
               int64_t stride);
  void (*tap_gradient)(int64_t r, const float* points, int64_t stride, int64_t channels,
                       const WinogradPixels<float>& to);
};

}  // namespace pyclr
