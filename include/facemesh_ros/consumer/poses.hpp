// Where a head is, where its mouth is, and where it looks, in the frame of the image.
#ifndef FACEMESH_ROS__CONSUMER__POSES_HPP_
#define FACEMESH_ROS__CONSUMER__POSES_HPP_

#include <cmath>
#include <cstddef>

#include "facemesh_ros/consumer/landmark_names.hpp"
#include "facemesh_ros/consumer/vectors.hpp"
#include "facemesh_ros/consumer/views.hpp"

namespace facemesh_ros::consumer
{
namespace detail
{
inline Vector mean(const Points & points, const Indices & indices)
{
  if (points.empty()) {
    return {kNan, kNan, kNan};
  }
  Vector sum{};
  for (const std::size_t index : indices) {
    const Vector point = points.at(index);
    sum = {sum[0] + point[0], sum[1] + point[1], sum[2] + point[2]};
  }
  return over(sum, static_cast<double>(indices.size()));
}
}  // namespace detail

// Image frame from face axes (x out of the face, y to the subject's left, z up); NaN if unknown,
// but for the last row.
inline Matrix4 head_pose(const FaceMesh & face)
{
  const double unknown = is_metric(face) ? 0.0 : kNan;
  const auto & turn = face.pose.pose.orientation;
  const auto & place = face.pose.pose.position;
  const double x = turn.x + unknown, y = turn.y + unknown, z = turn.z + unknown, w = turn.w;
  return {{
    {{1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), place.x + unknown}},
    {{2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), place.y + unknown}},
    {{2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), place.z + unknown}},
    {{0, 0, 0, 1}}}};
}

// The axes of the head in the middle of the mouth's opening, as the frame mouth_<id>.
inline Matrix4 mouth_pose(const FaceMesh & face, const NamedLandmarks & names)
{
  Matrix4 pose = head_pose(face);
  const Vector middle = detail::mean(
    landmarks_metric(face), names.points({"upper_lip_inner", "lower_lip_inner"}));
  for (std::size_t row = 0; row < 3; ++row) {
    pose[row][3] = middle[row];
  }
  return pose;
}

// The middle between both eyes, m: the mean of their four corners; NaN if unknown.
inline Vector eyes_middle(const FaceMesh & face, const NamedLandmarks & names)
{
  return detail::mean(
    landmarks_metric(face),
    names.points({"left_eye_outer", "left_eye_inner", "right_eye_outer", "right_eye_inner"}));
}

// Where both eyes look, a unit vector: their mean, or the only one known; or NaN.
inline Vector gaze(const FaceMesh & face)
{
  Vector sum{};
  for (const auto & eye : {face.gaze_left, face.gaze_right}) {
    if (std::isfinite(eye[0]) && std::isfinite(eye[1]) && std::isfinite(eye[2])) {
      sum = {sum[0] + eye[0], sum[1] + eye[1], sum[2] + eye[2]};
    }
  }
  const double length = detail::length(sum);
  return length > 0 ? detail::over(sum, length) : Vector{kNan, kNan, kNan};
}

// How far from a point somebody looks: angle to it, and its standard deviation about each of two
// axes across, rad; NaN if unknown.
struct Look
{
  double angle_rad = kNan;
  double sigma_rad = kNan;

  // Whether the look agrees with being at the point: of those that are, this share does (Rayleigh).
  bool is_at(double share = 0.9) const
  {
    return angle_rad <= sigma_rad * std::sqrt(-2 * std::log1p(-share));
  }
};

// The point is in the image's frame, m; the camera itself by default.
inline Look look_at(
  const FaceMesh & face, const NamedLandmarks & names, const Vector & point_m = {0, 0, 0})
{
  const Vector way = detail::minus(point_m, eyes_middle(face, names));
  const double distance = detail::length(way);
  if (!(distance > 0)) {
    return {};
  }
  const Vector towards = detail::over(way, distance), direction = gaze(face);
  const Matrix6 place = covariance(face);
  double across = place[0][0] + place[1][1] + place[2][2];
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      across -= towards[row] * place[row][column] * towards[column];
    }
  }
  across /= 2 * distance * distance;
  const double sine = detail::length(detail::cross(direction, towards));
  const double sigma = face.gaze_sigma;
  return {
    std::atan2(sine, detail::dot(direction, towards)),
    std::sqrt(sigma * sigma + (across < 0 ? 0 : across))};
}
}  // namespace facemesh_ros::consumer

#endif  // FACEMESH_ROS__CONSUMER__POSES_HPP_
