#include "track_motion.hpp"

#include <cmath>

namespace facemesh
{

void TrackMotion::predict(const MotionModel & model, double t, bool is_unseen)
{
  const double weight = -std::expm1(-t / model.averaging_s);
  const double damping = is_unseen ? std::exp(-t / model.coasting_s) : 1;
  for (int axis = 0; axis < 2; ++axis) {
    mean_velocity[axis] += weight * (velocity[axis] - mean_velocity[axis]);
    velocity[axis] *= damping;
  }
  const double square = model.acceleration * model.acceleration;
  auto & [p, c, v] = variances;
  p += 2 * t * c + t * t * v + square * t * t * t * t / 4;
  c += t * v + square * t * t * t / 2;
  v += square * t * t;
}

void TrackMotion::correct(const MotionModel & model, const double * innovation)
{
  const double noise = model.position_noise * model.position_noise;
  auto & [p, c, v] = variances;
  const double total = p + noise, gain = c / total;
  for (int axis = 0; axis < 2; ++axis) {velocity[axis] += gain * innovation[axis];}
  v -= gain * c;
  p *= noise / total;
  c *= noise / total;
}

}  // namespace facemesh
