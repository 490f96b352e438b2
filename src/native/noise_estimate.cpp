#include "noise_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace facemesh
{
namespace
{

// Standard deviations in eye distances: the first estimate, and its bounds.
constexpr double kInitial = 6e-4, kLowest = 2e-4, kHighest = 5e-3;
// The quantile that is followed: in so many of the images, the quietest, noise is all that changes.
constexpr double kQuietShare = 0.12;
// How quickly the estimates may change, per s.
constexpr double kRatePerS = 1.8;
// Standard deviation of each coordinate of the head's motion relative to that of a skin landmark
// in eye distances, as measured on still pictures; a little lower for shift, zoom and tilt, so
// that slow motions are followed. See docs/filtering.md.
constexpr Motion kNoise = {1.05, 1.05, 1.2, 2.2, 3.5, 2.2, 2.2, 5.5, 5.5, 9.1, 9.1, 4.7};
// Zoom is the one whose noise is not much the same for all faces: 2.5 to 8 times the skin's. What
// exceeds the assumed so many times is no longer covered by the filter's margin.
constexpr double kCovered = 2.1;
// The first of these factors, which falls within half a second and rises more slowly, and the last.
constexpr double kFirstFactor = 2, kMostFactor = 4;
constexpr double kZoomQuietShare = 0.25;
// Below which that share of squared second differences of the log size lies, for noise of variance
// 1: by chi square, and six times noise's variance. Zoom is √2 times a change of log size.
constexpr double kCoveredZoom = kCovered * kNoise[kZoom];
constexpr double kQuietZoom = 0.1015 * 6 * kCoveredZoom * kCoveredZoom / 2;

// Return the sum of squared changes in the image's x and y of points in head coordinates.
double squared_changes(
  const Affine & affine, const std::vector<double> & now, const std::vector<double> & before)
{
  const std::size_t count = now.size() / 3;
  double sums[2] = {};
  for (std::size_t index = 0; index < count; ++index) {
    double change[3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::size_t at = axis * count + index;
      change[axis] = now[at] - before[at];
    }
    for (std::size_t row = 0; row < 2; ++row) {
      const auto & a = affine[row];
      const double px = a[0] * change[0] + a[1] * change[1] + a[2] * change[2];
      sums[row] += px * px;
    }
  }
  return sums[0] + sums[1];
}

// Return the estimate moved towards a quantile.
double followed(double value, double pace, bool is_above, double share)
{
  return value * std::exp(pace * (is_above + (share - 1)));
}

}  // namespace

void NoiseEstimate::start(std::vector<double> first_skin, double first_eye_distance_px)
{
  skin = std::move(first_skin);
  eye_distance_px = first_eye_distance_px;
  deviation = kInitial;
  growth = 0;
  zoom_factor = kFirstFactor;
}

void NoiseEstimate::update(
  std::vector<double> new_skin, const HeadAlignment & head, double elapsed_s)
{
  const double size = head.eye_distance_px;
  const double variance = squared_changes(head.affine, new_skin, skin) /
    (4 * static_cast<double>(new_skin.size() / 3) * size * size);
  const double new_growth = (size - eye_distance_px) / (size * elapsed_s);
  const double second = (new_growth - growth) * elapsed_s;
  const double zoom_noise = zoom_factor * deviation;
  const bool is_zoom_louder = second * second > kQuietZoom * zoom_noise * zoom_noise;
  const double pace = kRatePerS * elapsed_s;
  deviation = std::clamp(
    followed(deviation, pace, variance > deviation * deviation, kQuietShare), kLowest, kHighest);
  zoom_factor =
    std::clamp(followed(zoom_factor, pace, is_zoom_louder, kZoomQuietShare), 1.0, kMostFactor);
  skin = std::move(new_skin);
  eye_distance_px = size;
  growth = new_growth;
}

Motion NoiseEstimate::of_head() const
{
  Motion noise;
  for (int k = 0; k < kCoordinates; ++k) {noise[k] = deviation * kNoise[k];}
  noise[kZoom] *= zoom_factor;
  return noise;
}

}  // namespace facemesh
