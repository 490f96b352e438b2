#include "head_shape.hpp"

#include <algorithm>

namespace facemesh
{
namespace
{

// As in attributes/landmark_weights.py: normals are as long as weights fall between two cosines.
constexpr double kFarWeight = 0.05, kFarCosine = -0.05, kNearCosine = 0.25;
constexpr double kFacingGain = (1 - kFarWeight) / (kNearCosine - kFarCosine);

}  // namespace

void RigidLandmarks::seen_from(const Vector3 & sight, std::vector<double> & result) const
{
  result.resize(count());
  for (std::size_t index = 0; index < count(); ++index) {
    const double facing =
      kFacingGain * dot(normals[index], sight) + (kFarWeight - kFarCosine * kFacingGain);
    result[index] = weights[index] * std::min(std::max(facing, kFarWeight), 1.0);
  }
}

HeadShape::HeadShape(const double * shape_m, const RigidLandmarks & landmarks)
: points(3 * kMeshLandmarks), rigid(3 * landmarks.count()), products(landmarks.count()),
  middle_m{}, weighed_m(3 * landmarks.count()), variance_m2(0)
{
  const std::size_t count = landmarks.count();
  for (int index = 0; index < kMeshLandmarks; ++index) {
    for (int axis = 0; axis < 3; ++axis) {
      points[axis * kMeshLandmarks + index] = shape_m[3 * index + axis];
    }
  }
  for (std::size_t index = 0; index < count; ++index) {
    const Vector3 p = point(landmarks.indices[index]);
    const double values[4] = {p[0], p[1], p[2], 1};
    auto product = products[index].begin();
    for (int one = 0; one < 4; ++one) {
      for (int other = one; other < 4; ++other) {*product++ = values[one] * values[other];}
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {rigid[axis * count + index] = p[axis];}
    middle_m = middle_m + landmarks.weights[index] * p;
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    for (std::size_t index = 0; index < count; ++index) {
      const double value = rigid[axis * count + index];
      const double weighed = landmarks.weights[index] * (value - middle_m[axis]);
      weighed_m[axis * count + index] = weighed;
      variance_m2 += weighed * value;
    }
  }
}

Vector3 HeadShape::point(int landmark) const
{
  return {points[landmark], points[kMeshLandmarks + landmark],
    points[2 * kMeshLandmarks + landmark]};
}

Vector3 HeadPose::sight() const
{
  const Vector3 seen = transposed(rotation) * position_m;
  return (-1 / length(seen)) * seen;
}

double HeadPose::view_angle_rad() const
{
  const Vector3 seen = transposed(rotation) * position_m;
  return std::acos(std::min(std::max(-seen[0] / length(seen), -1.0), 1.0));
}

HeadPose HeadPose::turned(const Matrix3 & turn) const
{
  return {turn * rotation, turn * position_m};
}

}  // namespace facemesh
