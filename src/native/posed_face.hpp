// One face in space, at the scale of its shape.

#pragma once

#include <array>

#include "face_identity.hpp"
#include "head_fit.hpp"

namespace facemesh
{

// What turns a fitted pose into that of the head; see attributes/view_angle.py.
struct ViewAngleCorrection
{
  double yaw_gain, pitch_gain, distance_gain, pivot_depth_m;

  // Return where a head is that is seen at a pose; any camera axes will do.
  HeadPose apply(const HeadPose & pose) const;
};

// A face in the optical frame of the camera, as far and as large as its shape says.
struct PosedFace
{
  HeadPose pose;
  double view_angle_rad;
  double reprojection_error_px;
};

// Pose a face of which something is known, and take this view into it if `learns`, for the views
// to come. Writes the observed landmarks in the optical frame, L x 3 m, each on its own ray.
//
// Returns nothing if the landmarks have no extent or are not finite.
std::optional<PosedFace> pose_face(
  FaceIdentity & person, const float * landmarks, const double * rays, int count,
  const ViewAngleCorrection & correction, bool learns, const FitLimits & limits,
  double * landmarks_m);

// The covariance, 6 x 6, of position and rotation about the optical axes, m and rad; see
// attributes/pose_covariance.py.
std::array<double, 36> pose_covariance(const HeadPose & pose, double range_sigma);

}  // namespace facemesh
