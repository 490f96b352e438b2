#include "landmarks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace facemesh
{

void project_landmarks(
  const float * landmarks, const double * map, std::int64_t points, float * projected)
{
  const double scale = std::hypot(map[0], map[3]);
  for (std::int64_t index = 0; index < points; ++index, landmarks += 3, projected += 3) {
    const double x = landmarks[0], y = landmarks[1];
    projected[0] = static_cast<float>(map[0] * x + map[1] * y + map[2]);
    projected[1] = static_cast<float>(map[3] * x + map[4] * y + map[5]);
    projected[2] = static_cast<float>(scale * landmarks[2]);
  }
}

Roi roi_from_landmarks(
  const float * landmarks, std::int64_t points, std::int64_t right_eye, std::int64_t left_eye,
  double scale)
{
  const float * right = landmarks + 3 * right_eye, * left = landmarks + 3 * left_eye;
  const float rotation_rad = std::atan2(left[1] - right[1], left[0] - right[0]);
  const double cos = std::cos(static_cast<double>(rotation_rad));
  const double sin = std::sin(static_cast<double>(rotation_rad));
  // In the face's own axes, in which the eyes are level.
  double low[2], high[2];
  std::fill_n(low, 2, std::numeric_limits<double>::infinity());
  std::fill_n(high, 2, -std::numeric_limits<double>::infinity());
  for (std::int64_t index = 0; index < points; ++index, landmarks += 3) {
    const double x = landmarks[0], y = landmarks[1];
    const double own[2] = {cos * x + sin * y, cos * y - sin * x};
    for (int axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], own[axis]);
      high[axis] = std::max(high[axis], own[axis]);
    }
  }
  const double x = (low[0] + high[0]) / 2, y = (low[1] + high[1]) / 2;
  return {
    {static_cast<float>(cos * x - sin * y), static_cast<float>(sin * x + cos * y)},
    static_cast<float>(scale * std::max(high[0] - low[0], high[1] - low[1])), rotation_rad};
}

void map_from_crop(
  const float * centre, const float * size_wh, float rotation_rad, int input_size, double * map)
{
  const double cos = std::cos(static_cast<double>(rotation_rad));
  const double sin = std::sin(static_cast<double>(rotation_rad));
  const double x_scale = static_cast<double>(size_wh[0]) / input_size;
  const double y_scale = static_cast<double>(size_wh[1]) / input_size;
  const double middle = input_size / 2.0;
  const double linear[2][2] = {{cos * x_scale, -sin * y_scale}, {sin * x_scale, cos * y_scale}};
  for (int axis = 0; axis < 2; ++axis) {
    const auto & [along_x, along_y] = linear[axis];
    *map++ = along_x;
    *map++ = along_y;
    // One rounding, as in the products of matrices that this is one of.
    *map++ = centre[axis] - std::fma(along_x, middle, along_y * middle);
  }
}

void box_around(const float * landmarks, std::int64_t points, std::int64_t axes, float * box)
{
  float low[2] = {landmarks[0], landmarks[1]}, high[2] = {landmarks[0], landmarks[1]};
  for (std::int64_t index = 1; index < points; ++index) {
    for (int axis = 0; axis < 2; ++axis) {
      const float value = landmarks[axes * index + axis];
      const bool is_number = value == value;
      low[axis] = value < low[axis] || !is_number ? value : low[axis];
      high[axis] = value > high[axis] || !is_number ? value : high[axis];
    }
  }
  std::copy_n(low, 2, box);
  std::copy_n(high, 2, box + 2);
}

bool all_below(const float * values, std::int64_t count, float limit)
{
  bool is_below = true;
  for (std::int64_t index = 0; index < count; ++index) {
    is_below &= std::abs(values[index]) < limit;
  }
  return is_below;
}

}  // namespace facemesh
