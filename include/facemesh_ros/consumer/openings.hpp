// How far a mouth or an eye is open.
#ifndef FACEMESH_ROS__CONSUMER__OPENINGS_HPP_
#define FACEMESH_ROS__CONSUMER__OPENINGS_HPP_

#include <string>

#include "facemesh_ros/consumer/landmark_names.hpp"
#include "facemesh_ros/consumer/vectors.hpp"
#include "facemesh_ros/consumer/views.hpp"

namespace facemesh_ros::consumer
{
// gap: between the middle points; width: between the corners, px or m; ratio: gap / width.
struct Opening
{
  double gap = kNan;
  double width = kNan;
  double ratio = kNan;
};

namespace detail
{
inline Opening opening(const Points & points, const Indices & ends)
{
  if (points.empty()) {
    return {};
  }
  const double gap = length(minus(points.at(ends[0]), points.at(ends[1])));
  const double width = length(minus(points.at(ends[2]), points.at(ends[3])));
  return {gap, width, width != 0 ? gap / width : kNan};
}
}  // namespace detail

// How far the lips are apart; see the Python docstring for what is usual.
inline Opening mouth_opening(const Points & points, const NamedLandmarks & names)
{
  return detail::opening(
    points,
    names.points({"upper_lip_inner", "lower_lip_inner", "mouth_left", "mouth_right"}));
}

// How far the lids of the "left" or "right" eye (the subject's) are apart.
inline Opening eye_opening(
  const Points & points, const NamedLandmarks & names, const std::string & side)
{
  return detail::opening(
    points,
    names.points(
      {side + "_eyelid_upper", side + "_eyelid_lower", side + "_eye_outer", side + "_eye_inner"}));
}
}  // namespace facemesh_ros::consumer

#endif  // FACEMESH_ROS__CONSUMER__OPENINGS_HPP_
