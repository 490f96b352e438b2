#include "head_kalman.hpp"

#include <algorithm>
#include <cmath>

namespace facemesh
{
namespace
{

// Acceleration that is always possible, eye distances per s^1.5.
constexpr double kRestAcceleration = 1e-5;
// Squared innovations above so many variances are motion: at rest, and while the component moves.
constexpr double kAtRest = 16, kWhileMoving = 1.5;
const double kLogFall = std::log(kWhileMoving / kAtRest);
// How long a motion is expected to last.
constexpr double kMovingS = 0.3;
// Components at rest gain at least so much, relative to one image, while another moves: turned
// axes mix components a little, and what is mixed in must not stay.
constexpr double kWhileOthersMove = 0.5;
// The highest activity of a head at rest.
constexpr double kRestingActivity = 0.5;
constexpr double kFirstVelocityVariance = 10;

// Return the squares, in each component their mean.
Motion pooled_squares(const Motion & values)
{
  Motion pooled;
  for (std::size_t component = 0; component + 1 < kComponents.size(); ++component) {
    const int first = kComponents[component], end = kComponents[component + 1];
    double sum = 0;
    for (int k = first; k < end; ++k) {sum += values[k] * values[k];}
    for (int k = first; k < end; ++k) {pooled[k] = sum / (end - first);}
  }
  return pooled;
}

void add(Affine & sum, const Affine & change, double factor)
{
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 4; ++column) {sum[row][column] += factor * change[row][column];}
  }
}

}  // namespace

void HeadMotion::start(const HeadAlignment & head, const Motion & noise)
{
  *this = {};
  affine = head.affine;
  for (int k = 0; k < kCoordinates; ++k) {
    variances[k] = noise[k] * noise[k];
    velocity_variances[k] = kFirstVelocityVariance * variances[k];
  }
}

void HeadMotion::update(const HeadAlignment & head, const Motion & noise, double elapsed_s)
{
  add(affine, velocity, elapsed_s);
  Affine innovation = head.affine;
  add(innovation, affine, -1);
  const Motion innovations = coordinates_of_change(innovation, head);
  const Motion squares = pooled_squares(innovations);
  const double fading = std::exp(-elapsed_s / kMovingS);
  Motion corrections, velocity_corrections, rests;
  for (int k = 0; k < kCoordinates; ++k) {
    double & p = variances[k], & c = covariances[k], & v = velocity_variances[k];
    v += kRestAcceleration * kRestAcceleration * elapsed_s;
    const double shared = elapsed_s * v;
    p += elapsed_s * (2 * c + shared);
    c += shared;
    const double activity = activities[k] * fading;
    // Innovations beyond their expected variance: the head has accelerated since the last image.
    const double expected = p + noise[k] * noise[k];
    const double found =
      std::max(squares[k] / (kAtRest * std::exp(kLogFall * activity)), expected);
    const double surplus = found - expected, push = surplus / elapsed_s;
    p += surplus;
    c += push;
    v += push * (4.0 / 3 / elapsed_s);
    const double gain = p / found, velocity_gain = c / found;
    corrections[k] = gain * innovations[k];
    velocity_corrections[k] = velocity_gain * innovations[k];
    v -= velocity_gain * c;
    rests[k] = 1 - gain;
    activities[k] = std::max(activity, gain);
  }
  add(affine, change_of_coordinates(corrections, head), 1);
  add(velocity, change_of_coordinates(velocity_corrections, head), 1);
  const double activity = *std::max_element(activities.begin(), activities.end());
  const bool was_moving = is_moving;
  is_moving = activity > kRestingActivity;
  has_stopped = was_moving && !is_moving;
  const double least = has_stopped ? 1 / kImagesKept : kWhileOthersMove * activity;
  for (int k = 0; k < kCoordinates; ++k) {
    variances[k] = std::max(rests[k] * variances[k], least * noise[k] * noise[k]);
    covariances[k] *= rests[k];
  }
}

}  // namespace facemesh
