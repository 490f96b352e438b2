#include "jitter.hpp"

#include <cmath>
#include <iterator>

namespace facemesh
{
namespace
{

constexpr std::int64_t kWindowNs = 1000000000;
// A stream whose stamps stand still must not grow without end.
constexpr std::size_t kMaxImages = 240;

double mean_square(const float * raw, const float * filtered, std::int64_t points)
{
  double sums[2] = {};
  for (std::int64_t index = 0; index < points; ++index) {
    for (int axis = 0; axis < 2; ++axis) {
      const double offset = raw[3 * index + axis] - filtered[3 * index + axis];
      sums[axis] += offset * offset;
    }
  }
  return (sums[0] + sums[1]) / static_cast<double>(points);
}

}  // namespace

void JitterMeter::update(
  const std::int64_t * ids, const float * raw, const float * filtered, std::int64_t count,
  std::int64_t points, std::int64_t stamp_ns, float * jitters_px)
{
  for (std::int64_t face = 0; face < count; ++face) {
    const std::int64_t at = 3 * points * face;
    auto & window = windows_[ids[face]];
    window.push_back({stamp_ns, mean_square(raw + at, filtered + at, points)});
    if (window.size() > kMaxImages) {window.pop_front();}
  }
  // Older than the window, or from the future.
  const auto is_outside = [&](const Sample & sample) {
      const std::int64_t age_ns = stamp_ns - sample.stamp_ns;
      return age_ns < 0 || age_ns >= kWindowNs;
    };
  for (auto track = windows_.begin(); track != windows_.end(); ) {
    auto & window = track->second;
    while (!window.empty() && is_outside(window.front())) {window.pop_front();}
    track = window.empty() ? windows_.erase(track) : std::next(track);
  }
  for (std::int64_t face = 0; face < count; ++face) {
    const auto & window = windows_[ids[face]];
    double sum = 0;
    for (const Sample & sample : window) {sum += sample.mean_square;}
    jitters_px[face] = static_cast<float>(std::sqrt(sum / static_cast<double>(window.size())));
  }
}

}  // namespace facemesh
