// The newest calibration of a camera, and where it sees a point.
#ifndef FACEMESH_ROS__CONSUMER__CAMERA_HPP_
#define FACEMESH_ROS__CONSUMER__CAMERA_HPP_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "facemesh_ros/consumer/freshness.hpp"
#include "facemesh_ros/consumer/vectors.hpp"

namespace facemesh_ros::consumer
{
// The camera_info of an image, else the newest. CameraInfo is sensor_msgs::msg::CameraInfo.
template<typename CameraInfo>
class LatestCameraInfo
{
public:
  using Info = std::shared_ptr<const CameraInfo>;

  void operator()(Info info)
  {
    kept_.push_back(info);
    if (kept_.size() > 60) {
      kept_.erase(kept_.begin());
    }
  }

  Info newest() const {return kept_.empty() ? nullptr : kept_.back();}

  template<typename Header>
  Info of(const Header & header) const
  {
    const auto found = std::find_if(
      kept_.rbegin(), kept_.rend(), [&header](const Info & info) {
        return detail::stamp_ns(info->header) == detail::stamp_ns(header);
      });
    return found != kept_.rend() ? *found : newest();
  }

private:
  std::vector<Info> kept_;
};

namespace detail
{
using Plane = std::array<double, 2>;

template<typename CameraInfo>
Plane distorted(const CameraInfo & info, double x, double y)
{
  const std::size_t count = info.d.size();
  if (info.distortion_model == "equidistant" && count == 4) {
    const double radius = std::hypot(x, y), angle = std::atan(radius), turn = angle * angle;
    const double seen = angle *
      (1 + turn * (info.d[0] + turn * (info.d[1] + turn * (info.d[2] + turn * info.d[3]))));
    const double scale = radius > 0 ? seen / radius : 1.0;
    return {x * scale, y * scale};
  }
  const bool is_polynomial =
    info.distortion_model == "plumb_bob" || info.distortion_model == "rational_polynomial";
  if (!is_polynomial || (count != 4 && count != 5 && count != 8)) {
    throw std::invalid_argument(
            "distortion_model '" + info.distortion_model + "' with " + std::to_string(count) +
            " coefficients is not known here: project into the rectified image");
  }
  std::array<double, 8> k{};
  std::copy(info.d.begin(), info.d.end(), k.begin());
  const double r2 = x * x + y * y;
  const double radial = (1 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]))) /
    (1 + r2 * (k[5] + r2 * (k[6] + r2 * k[7])));
  return {
    x * radial + 2 * k[2] * x * y + k[3] * (r2 + 2 * x * x),
    y * radial + k[2] * (r2 + 2 * y * y) + 2 * k[3] * x * y};
}
}  // namespace detail

// Where a point in the optical frame is seen in the full image, px; NaN where it is not before the
// camera. Throws std::invalid_argument if the calibration is empty, binned, of a region, or of a
// model that is not known.
template<typename CameraInfo>
std::array<double, 2> project(
  const CameraInfo & info, const Vector & point_m, bool rectified = false)
{
  const double fx = rectified ? info.p[0] : info.k[0], fy = rectified ? info.p[5] : info.k[4];
  const double cx = rectified ? info.p[2] : info.k[2], cy = rectified ? info.p[6] : info.k[5];
  if (!(fx > 0 && fy > 0)) {
    throw std::invalid_argument("the camera_info is empty: calibrate the camera");
  }
  if (std::max(info.binning_x, info.binning_y) > 1 || info.roi.x_offset || info.roi.y_offset) {
    throw std::invalid_argument("the camera_info is of a binned image or of a region");
  }
  const double depth = point_m[2] > 0 ? point_m[2] : kNan;
  detail::Plane plane{point_m[0] / depth, point_m[1] / depth};
  const auto is_set = [](double number) {return number != 0;};
  if (!rectified && std::any_of(info.d.begin(), info.d.end(), is_set)) {
    plane = detail::distorted(info, plane[0], plane[1]);
  }
  return {fx * plane[0] + cx, fy * plane[1] + cy};
}
}  // namespace facemesh_ros::consumer

#endif  // FACEMESH_ROS__CONSUMER__CAMERA_HPP_
