// What tells faces apart from image to image; see tracking/face_traits.py.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace facemesh
{

using Box = std::array<float, 4>;  // x0 y0 x1 y1, px

// 8-bit pixels with any strides, bytes.
struct StridedImage
{
  const std::uint8_t * pixels;
  std::ptrdiff_t row_stride, pixel_stride, channel_stride;
  int width, height;
  std::array<int, 3> order;  // the index of red, green and blue among the channels
};

// The landmarks of P parts of a face, as many of each.
struct FaceParts
{
  const int * landmarks;  // P x each
  int parts, each;
};

// What the tracker compares of one face.
struct FaceTraits
{
  double * centroid;  // x, y px, the mean of the landmarks
  float * box;  // tight around the landmarks
  float * appearance;  // P x 3, natural logarithms of 1 + the mean red, green, blue of its parts
  float * shape;  // 2 x P each, landmarks of the parts about the centroid, in face sizes

  // Write those of a face, count x 3 px.
  void measure(
    const StridedImage & image, const FaceParts & parts, const float * landmarks,
    int count) const;
};

// When observations certainly are the tracks that they were expected of; see
// tracking/face_traits.py.
struct AmbiguityLimits
{
  double gate;  // of distance and change of size, in face sizes
  double containment;  // of two faces that are not near each other
};

// Return whether each of `count` faces is where it is expected, and no two are near each other.
bool are_unambiguous(
  const Box * expected, const Box * observed, std::size_t count, const AmbiguityLimits & limits);

// How two appearances of P parts differ: the upper median over the parts of the largest change of
// a channel, and the same of changes against their means over all parts.
struct AppearanceChange
{
  float difference, relative_difference;
};

AppearanceChange appearance_change(const float * before, const float * now, int parts);

}  // namespace facemesh
