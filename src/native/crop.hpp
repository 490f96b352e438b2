// Crops of an image: bilinear samples at 32nds of a pixel, as the float32 input of a model.

#pragma once

#include <cstddef>
#include <cstdint>

namespace facemesh
{

constexpr int kStepsPerPx = 32;

// 8-bit pixels, row by row; the channels of a pixel lie side by side.
struct Image
{
  const std::uint8_t * pixels;
  std::ptrdiff_t row_stride;  // bytes
  int width, height, channels;
  bool is_blue_first;
};

// What a model takes: a level v is v * scale + low.
struct CropStyle
{
  int size;
  float scale, low;
  bool is_black_outside;  // otherwise the image's edge is repeated
};

// Where the columns and rows of a crop lie, in 32nds of a px: a sample is at the sum of both.
//
// map: 2 x 3, crop px to image px. columns, rows: size x (x, y).
void affine_samples(const double * map, int size, float * columns, float * rows);

// Sample size x size x RGB at the sums of columns and rows, rounded, halves to the even 32nd.
void sample_affine(
  const Image & image, const CropStyle & style, const float * columns, const float * rows,
  float * crop);

// Sample at size x size x (x, y) in 32nds of a px.
void sample_grid(
  const Image & image, const CropStyle & style, const std::int32_t * grid, float * crop);

}  // namespace facemesh
