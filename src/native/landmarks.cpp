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

bool all_below(const float * values, std::int64_t count, float limit)
{
  bool is_below = true;
  for (std::int64_t index = 0; index < count; ++index) {
    is_below &= std::abs(values[index]) < limit;
  }
  return is_below;
}

}  // namespace facemesh
