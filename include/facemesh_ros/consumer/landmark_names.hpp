// Landmarks by the names that ~/info gives them, so that any model is read right.
#ifndef FACEMESH_ROS__CONSUMER__LANDMARK_NAMES_HPP_
#define FACEMESH_ROS__CONSUMER__LANDMARK_NAMES_HPP_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "facemesh_ros/consumer/views.hpp"

namespace facemesh_ros::consumer
{
// The points and regions of a FaceMeshInfo; take a new one whenever ~/info comes.
class NamedLandmarks
{
public:
  explicit NamedLandmarks(const FaceMeshInfo & info)
  : region_names_(info.region_names),
    region_of_landmark_(info.region_of_landmark.begin(), info.region_of_landmark.end())
  {
    if (info.point_names.size() != info.point_landmarks.size()) {
      throw std::invalid_argument("~/info names not as many points as it has");
    }
    for (std::size_t index = 0; index < info.point_names.size(); ++index) {
      points_[info.point_names[index]] = info.point_landmarks[index];
    }
  }

  // Throws std::out_of_range if this model has no such point: `mesh` has no irises, for example.
  std::size_t point(const std::string & name) const
  {
    const auto found = points_.find(name);
    if (found == points_.end()) {
      throw std::out_of_range("~/info names no point '" + name + "'");
    }
    return found->second;
  }

  Indices points(std::initializer_list<std::string> names) const
  {
    Indices indices;
    for (const std::string & name : names) {
      indices.push_back(point(name));
    }
    return indices;
  }

  // All landmarks of one or several regions, ascending. Throws std::out_of_range.
  Indices region(std::initializer_list<std::string> names) const
  {
    std::vector<bool> chosen(region_names_.size(), false);
    for (const std::string & name : names) {
      const auto found = std::find(region_names_.begin(), region_names_.end(), name);
      if (found == region_names_.end()) {
        throw std::out_of_range("~/info names no region '" + name + "'");
      }
      chosen[static_cast<std::size_t>(found - region_names_.begin())] = true;
    }
    Indices indices;
    for (std::size_t index = 0; index < region_of_landmark_.size(); ++index) {
      if (chosen.at(region_of_landmark_[index])) {
        indices.push_back(index);
      }
    }
    return indices;
  }

private:
  std::map<std::string, std::size_t> points_;
  std::vector<std::string> region_names_;
  std::vector<std::uint8_t> region_of_landmark_;
};
}  // namespace facemesh_ros::consumer

#endif  // FACEMESH_ROS__CONSUMER__LANDMARK_NAMES_HPP_
