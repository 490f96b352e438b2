// Kalman filter of head motion: constant velocity, gains that rise when the head accelerates.
//
// State per coordinate of the motion: position and velocity. With interval T, acceleration density
// q, measurement variance r and covariance [[p, c], [c, v]]:
//
//     predict   x' = x + T ẋ,   v' = v + q,   c' = c + T v',   p' = p + T (2c + T v')
//     update    gain = p' / (p' + r),   x = x' + gain (z − x'),   ẋ = ẋ + c' / (p' + r) (z − x')

#pragma once

#include "head_alignment.hpp"

namespace facemesh
{

// Once a head has come to rest, averages are worth so many images: what the landmark model makes
// of a face depends on where the face is.
constexpr double kImagesKept = 1.5;

// Variances are those of the coordinates, in eye distances.
struct HeadMotion
{
  Affine affine;  // px
  Affine velocity;  // px/s
  Motion variances;  // of the affine map
  Motion covariances;  // of affine map and velocity, 1/s
  Motion velocity_variances;  // 1/s²
  Motion activities;  // from 0, at rest, to 1, moving
  bool is_moving;  // in any component
  bool has_stopped;  // has come to rest with this image

  // Take the first measurement; noise: standard deviations of the coordinates, eye distances.
  void start(const HeadAlignment & head, const Motion & noise);
  // Take the next one.
  void update(const HeadAlignment & head, const Motion & noise, double elapsed_s);
};

}  // namespace facemesh
