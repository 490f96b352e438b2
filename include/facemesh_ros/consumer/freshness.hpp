// The newest faces while they are new.
#ifndef FACEMESH_ROS__CONSUMER__FRESHNESS_HPP_
#define FACEMESH_ROS__CONSUMER__FRESHNESS_HPP_

#include <cmath>
#include <cstdint>
#include <utility>

#include "facemesh_ros/consumer/vectors.hpp"
#include "facemesh_ros/consumer/views.hpp"

namespace facemesh_ros::consumer
{
namespace detail
{
template<typename Header>
std::int64_t stamp_ns(const Header & header)
{
  return std::int64_t{1000000000} * header.stamp.sec + header.stamp.nanosec;
}
}  // namespace detail

// How long ago an image was taken, s; NaN if its stamp is zero. `now_ns` is the clock's that the
// stamps are of: node->now().nanoseconds().
template<typename Header>
double age_s(const Header & header, std::int64_t now_ns)
{
  const std::int64_t stamp = detail::stamp_ns(header);
  return stamp != 0 ? static_cast<double>(now_ns - stamp) / 1e9 : kNan;
}

// The newest faces while they are new: no message comes while a node is inactive or gone.
class LatestFaces
{
public:
  void operator()(FaceMeshArray::ConstSharedPtr faces) {newest_ = std::move(faces);}

  // The newest message; null where nothing is known of now: nothing has come, or it is too old,
  // without a stamp, or as far in the future.
  FaceMeshArray::ConstSharedPtr at(std::int64_t now_ns, double max_age_s = 0.5) const
  {
    const bool is_new = newest_ && std::abs(age_s(newest_->header, now_ns)) <= max_age_s;
    return is_new ? newest_ : nullptr;
  }

private:
  FaceMeshArray::ConstSharedPtr newest_;
};
}  // namespace facemesh_ros::consumer

#endif  // FACEMESH_ROS__CONSUMER__FRESHNESS_HPP_
