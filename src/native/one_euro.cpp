#include "one_euro.hpp"

#include <algorithm>
#include <cmath>

namespace facemesh
{
namespace
{

// Below it MediaPipe does not filter.
constexpr double kMinSizePx = 1e-6;
const double kTurn = 2 * std::acos(-1.0);

// Return the gain of a first-order low-pass filter.
double gain_of(double cutoff_hz, double interval_s)
{
  return 1 / (1 + 1 / (kTurn * cutoff_hz * interval_s));
}

// As MediaPipe sizes a face: the mean side of the box around it.
FacePosition position_of(const float * landmarks, std::int64_t points)
{
  float low[2] = {landmarks[0], landmarks[1]}, high[2] = {low[0], low[1]};
  for (std::int64_t index = 1; index < points; ++index) {
    for (int axis = 0; axis < 2; ++axis) {
      const float value = landmarks[3 * index + axis];
      low[axis] = std::min(low[axis], value);
      high[axis] = std::max(high[axis], value);
    }
  }
  const double left = low[0], top = low[1], right = high[0], bottom = high[1];
  return {0.5 * (left + right), 0.5 * (top + bottom), 0.5 * ((right - left) + (bottom - top))};
}

}  // namespace

void OneEuroFilter::update(
  const std::int64_t * ids, const float * landmarks, std::int64_t count, std::int64_t points,
  std::int64_t stamp_ns, float * filtered)
{
  const std::int64_t numbers = 3 * points;
  for (std::int64_t index = 0; index < count; ++index) {
    const FacePosition position = position_of(landmarks, points);
    const auto [face, starts, elapsed_s] = tracks_.resume(ids[index], position, stamp_ns);
    if (starts || static_cast<std::int64_t>(face.size()) != numbers) {
      face.resize(numbers);
      for (std::int64_t at = 0; at < numbers; ++at) {face[at] = {landmarks[at], landmarks[at], 0};}
    }
    smooth(face, landmarks, position.size, elapsed_s, filtered);
    landmarks += numbers;
    filtered += numbers;
  }
  tracks_.end_old(stamp_ns);
}

void OneEuroFilter::smooth(
  std::vector<Point> & face, const float * landmarks, double size, double elapsed_s,
  float * filtered) const
{
  const double scaled_s = elapsed_s * std::max(size, kMinSizePx);
  const double speed_gain = gain_of(settings_.derivative_cutoff_hz, elapsed_s);
  for (std::size_t index = 0; index < face.size(); ++index) {
    Point & point = face[index];
    const double measured = landmarks[index];
    point.speed += speed_gain * ((measured - point.measured) / scaled_s - point.speed);
    const double cutoff_hz = settings_.min_cutoff_hz + settings_.beta * std::abs(point.speed);
    const double gain = size < kMinSizePx ? 1 : gain_of(cutoff_hz, elapsed_s);
    point.smoothed += gain * (measured - point.smoothed);
    point.measured = measured;
    filtered[index] = static_cast<float>(point.smoothed);
  }
}

}  // namespace facemesh
