// The shape of a head, with what fits of poses to it ask for again and again.

#pragma once

#include <array>
#include <vector>

#include "linear_algebra.hpp"
#include "mesh.hpp"

namespace facemesh
{

// The products of X, Y, Z and 1 of a point, each once: XX XY XZ X YY YZ Y ZZ Z 1.
constexpr int kProducts = 10;

// The R landmarks that say how a head is turned, and how much; see attributes/landmark_weights.py.
struct RigidLandmarks
{
  std::vector<int> indices;
  std::vector<double> weights;  // their sum is 1
  std::vector<Vector3> normals;  // outward, face axes, of the length that weights fall by

  std::size_t count() const {return indices.size();}
  // The weights, less of those that face away from a unit vector to the camera, face axes.
  void seen_from(const Vector3 & sight, std::vector<double> & result) const;
};

// Points as planes: all X, then all Y, then all Z; m, face axes.
struct HeadShape
{
  std::vector<double> points;  // 3 x 468
  std::vector<double> rigid;  // 3 x R, the rigid ones
  std::vector<std::array<double, kProducts>> products;  // R, of the rigid ones
  Vector3 middle_m;  // their weighted mean
  std::vector<double> weighed_m;  // 3 x R, from their mean, times their weights
  double variance_m2;  // weighted mean square of their distance from the mean

  // Prepare a shape, 468 x 3 m.
  HeadShape(const double * shape_m, const RigidLandmarks & landmarks);
  Vector3 point(int landmark) const;
};

// Where a head is: p_optical = rotation p_face + position; the position is the sellion's.
struct HeadPose
{
  Matrix3 rotation;
  Vector3 position_m;

  // Unit vector from the sellion to the camera, face axes.
  Vector3 sight() const;
  // Angle between the face's x axis and the line from the sellion to the camera.
  double view_angle_rad() const;
  // The pose in axes that `turn` turns those of this one into.
  HeadPose turned(const Matrix3 & turn) const;
  Vector3 in_optical_frame(const Vector3 & point_m) const {return rotation * point_m + position_m;}
};

}  // namespace facemesh
