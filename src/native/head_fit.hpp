// The pose of a head of known shape, from the directions in which its landmarks are seen.

#pragma once

#include <vector>

#include "face_view.hpp"
#include "head_shape.hpp"

namespace facemesh
{

// When a fit ends; see head_fit.cpp for what the figures mean.
struct FitLimits
{
  double settled = 2.5e-5, last_step = 1e-3;
  int max_passes = 6;
};

// A shape laid on the rays of its landmarks.
struct HeadFit
{
  HeadPose pose;  // in the optical frame of the view
  // 2 x 468, m: how far each landmark of the shape is from its ray, along the image plane's x, y.
  std::vector<double> residuals_m;

  // The pose moved across the line of sight to where the ridge of the nose is seen. The whole face
  // says best how a head is turned and how far it is; where its sellion is, the landmarks about it
  // say better, whatever the proportions of the rest.
  HeadPose pose_at_sellion() const;
  // Root mean square over the landmarks.
  double reprojection_error_px(const FaceView & view) const;
};

// Return the pose at which a shape is seen where the landmarks are.
//
// Least squares of the landmarks' distances from their rays, X - x Z and Y - y Z in m, by
// Gauss-Newton with Huber's loss and weights of landmarks that face the camera. These distances
// are linear in rotation and position, so all landmarks enter as six matrices of moments.
//
// It starts where the mesh, its z included, fits the shape: seen from afar two poses of a nearly
// flat face fit nearly as well, and z tells them apart. So a pose owes nothing to the one before,
// and cannot hang in a wrong one.
HeadFit fit_head(
  const FaceView & view, const HeadShape & shape, const RigidLandmarks & landmarks,
  const FitLimits & limits);

// The weights of residuals, 2 x R m, under Huber's loss: farther off than 6 mm a landmark is no
// longer where the shape has it, such as in an open mouth or behind a hand. In place.
void weigh_robustly(std::vector<double> & weights, const double * residuals_m);

}  // namespace facemesh
