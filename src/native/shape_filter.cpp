#include "shape_filter.hpp"

#include <algorithm>
#include <cmath>

#include "head_kalman.hpp"

namespace facemesh
{
namespace
{

constexpr double kWhileMoving = 1;
constexpr double kMovingS = 0.3;
constexpr double kShortestRestS = 1e-6;

// Return of each group the mean squared change of its landmarks in the image, px².
std::vector<double> mean_squares(
  const std::vector<double> & now, const std::vector<double> & before, const Affine & affine,
  const LandmarkGroups & groups)
{
  const std::size_t count = groups.group_of_landmark.size();
  std::vector<double> squares(count), means(groups.counts.size());
  for (std::size_t index = 0; index < count; ++index) {
    const double x = now[index] - before[index], y = now[count + index] - before[count + index];
    const double z = now[2 * count + index] - before[2 * count + index];
    const double u = affine[0][0] * x + affine[0][1] * y + affine[0][2] * z;
    const double v = affine[1][0] * x + affine[1][1] * y + affine[1][2] * z;
    squares[index] = u * u + v * v;
  }
  for (std::size_t index = 0; index < count; ++index) {
    means[groups.group_of_landmark[index]] += squares[index];
  }
  for (std::size_t group = 0; group < means.size(); ++group) {
    means[group] /= std::max(groups.counts[group], 1);
  }
  return means;
}

}  // namespace

void FaceShape::start(const std::vector<double> & shape, std::size_t groups)
{
  means = shape;
  counts.assign(groups, 0);
  activities.assign(groups, 0);
}

void FaceShape::update(
  const std::vector<double> & measured, const HeadAlignment & head, double noise_px,
  const LandmarkGroups & groups, double elapsed_s, double rest_time_s, bool has_stopped)
{
  std::vector<double> gains = mean_squares(measured, means, head.affine, groups);
  const double fading = std::exp(-elapsed_s / kMovingS);
  for (std::size_t group = 0; group < gains.size(); ++group) {
    const double noise = groups.noise[group] * noise_px;
    const double power = gains[group] / (2 * noise * noise);
    const double activity = activities[group] * fading;
    const double at_rest = groups.at_rest[group];
    const double threshold = at_rest * std::exp(std::log(kWhileMoving / at_rest) * activity);
    // As James and Stein shrink towards a mean, but firmer: noise stays in, a blink passes whole.
    const double ratio = threshold / std::max(power, threshold);
    const double moving = 1 - ratio * ratio;
    // Noise averages out; a change above noise but below an expression is followed sooner.
    const double rate_hz = std::max(power, 1.0) / std::max(rest_time_s, kShortestRestS);
    const double count = has_stopped ? std::min(counts[group], kImagesKept) : counts[group];
    const double averaging = std::max(1 / (count + 1), -std::expm1(-rate_hz * elapsed_s));
    gains[group] = std::max(moving, averaging);
    counts[group] = 1 / gains[group];
    activities[group] = std::max(activity, moving);
  }
  const std::size_t landmarks = groups.group_of_landmark.size();
  std::vector<double> gain_of_landmark(landmarks);
  for (std::size_t index = 0; index < landmarks; ++index) {
    gain_of_landmark[index] = gains[groups.group_of_landmark[index]];
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    double * mean = means.data() + axis * landmarks;
    const double * shape = measured.data() + axis * landmarks;
    for (std::size_t index = 0; index < landmarks; ++index) {
      mean[index] += gain_of_landmark[index] * (shape[index] - mean[index]);
    }
  }
}

}  // namespace facemesh
