// The default filter: head motion and face shape are filtered apart.

#pragma once

#include <cstdint>

#include "head_alignment.hpp"
#include "head_kalman.hpp"
#include "noise_estimate.hpp"
#include "shape_filter.hpp"
#include "track_states.hpp"

namespace facemesh
{

struct RigidSettings
{
  double noise_margin, rest_time_s;
};

// Fitting the canonical face splits landmarks into an affine map of the head and a shape in head
// coordinates, y = A x + b. A and b go through a Kalman filter; each part of the shape is averaged
// until it changes by more than noise. Both use the noise estimated for this face. The result is
// the filtered shape under the filtered map.
class RigidFilter
{
public:
  RigidFilter(CanonicalFit canonical, LandmarkGroups groups, RigidSettings settings);

  int landmarks() const {return static_cast<int>(groups_.group_of_landmark.size());}
  void reset() {tracks_.reset();}

  // Filter `count` faces of one image, count x L x 3 px; what is no solid face passes unchanged,
  // and counts as absent.
  void update(
    const std::int64_t * ids, const float * landmarks, std::int64_t count, std::int64_t stamp_ns,
    float * filtered);

private:
  struct Face
  {
    HeadMotion motion;
    NoiseEstimate noise;
    FaceShape shape;
  };

  bool update_one(
    std::int64_t id, const float * landmarks, std::int64_t stamp_ns, float * filtered);

  CanonicalFit canonical_;
  LandmarkGroups groups_;
  RigidSettings settings_;
  TrackStates<Face> tracks_;
  std::vector<double> planes_;  // 3 x L, of the face at hand
};

}  // namespace facemesh
