// Constant-velocity Kalman filter of the motion of tracks in the image; see tracking/kalman.py.

#pragma once

namespace facemesh
{

struct MotionModel
{
  double position_noise;  // standard deviation of a measured position, face sizes
  double acceleration;  // standard deviation, face sizes per s²
  double coasting_s;  // with this time constant unseen tracks slow down
  double averaging_s;  // over this time the mean velocity is averaged
};

// State of one track; the same in x and y.
struct TrackMotion
{
  double velocity[2];  // px per s
  double mean_velocity[2];  // px per s, low-pass filtered
  double variances[3];  // of position, position and velocity, velocity; face sizes and s

  // Let a while pass.
  void predict(const MotionModel & model, double interval_s, bool is_unseen);
  // Take a measurement, px measured minus predicted position.
  void correct(const MotionModel & model, const double * innovation);
};

}  // namespace facemesh
