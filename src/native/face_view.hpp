// A face as a pinhole camera sees it that is turned to it: every lens takes this one path.

#pragma once

#include <optional>
#include <vector>

#include "linear_algebra.hpp"

namespace facemesh
{

// The L landmarks of one face in a camera that looks straight at it; focal length 1.
//
// The landmark model sees a crop with the face in its middle, so its z runs along this camera's
// axis, not along that of the real one.
struct FaceView
{
  Matrix3 rotation;  // optical axes of the real camera from those of this one
  std::vector<double> points;  // 3 x L, image plane x, y and the mesh's z in the same unit
  const double * rays;  // L x 3, unit vectors in the optical frame of the real camera
  int count;  // L
  double plane_per_px;  // size of the face in this image plane, of its size in the image

  // Turn to a face whose landmarks, L x 3 px, are seen along rays, L x 3; nothing if the landmarks
  // have no extent or are not finite.
  static std::optional<FaceView> along_rays(
    const float * landmarks, const double * rays, int count);
};

}  // namespace facemesh
