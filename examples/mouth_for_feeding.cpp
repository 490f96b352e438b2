// Publishes `mouth`, where a feeding arm should go, only while that is seen and sure enough: a
// PoseStamped in the image's frame, x out of the mouth. The arm itself must stop when the newest
// pose is older than it dares. Start: ros2 run facemesh_ros mouth_for_feeding
#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>

#include "facemesh_ros/consumer.hpp"
#include "geometry_msgs/msg/pose_stamped.hpp"
#include "rclcpp/rclcpp.hpp"

namespace consumer = facemesh_ros::consumer;
using consumer::FaceMeshArray;
using consumer::FaceMeshInfo;
using geometry_msgs::msg::PoseStamped;

PoseStamped mouth_of(
  const FaceMeshArray & msg, const consumer::FaceMesh & face, const consumer::NamedLandmarks & names)
{
  PoseStamped pose;
  pose.header = msg.header;
  pose.pose.orientation = face.pose.pose.orientation;
  const auto place = consumer::mouth_pose(face, names);
  auto & position = pose.pose.position;
  position.x = place[0][3], position.y = place[1][3], position.z = place[2][3];
  return pose;
}

int main(int argc, char ** argv)
{
  rclcpp::init(argc, argv);
  const auto node = std::make_shared<rclcpp::Node>("mouth_for_feeding");
  // One camera knows a size of adults only (5 cm at 1 m): 2 cm take a depth image.
  const double max_sigma_m = node->declare_parameter<double>("max_sigma_m", 0.02);
  const auto mouth = node->create_publisher<PoseStamped>("mouth", 1);
  std::optional<consumer::NamedLandmarks> names;
  consumer::LatestFaces latest;
  std::string fed, said;
  const auto tell = [&](bool is_new) -> std::string {
      const auto msg = latest.at(node->now().nanoseconds());
      if (!msg || !names) {
        fed.clear();  // whoever comes next may be somebody else
        return "no results: is the node active, and does the camera send images?";
      }
      if (!is_new) {return said;}
      // The first one seen is fed, and nobody else before all have left.
      const auto seen = consumer::seen_faces(*msg);
      fed = msg->faces.empty() ? "" : fed.empty() && !seen.empty() ? seen[0]->id : fed;
      const auto is_fed = [&](const auto * each) {return each->id == fed;};
      const auto face = std::find_if(seen.begin(), seen.end(), is_fed);
      if (face == seen.end()) {return "the person is not seen";}
      if (!consumer::is_metric(**face)) {
        return fed + ": no metres, because the camera is not calibrated";
      }
      const auto spread = consumer::covariance(**face);  // of all directions together:
      if (!(std::sqrt(spread[0][0] + spread[1][1] + spread[2][2]) <= max_sigma_m)) {
        return fed + ": too uncertain for an arm; a depth image helps, or max_sigma_m";
      }
      mouth->publish(mouth_of(*msg, **face, *names));
      const auto lips = consumer::mouth_opening(consumer::landmarks_metric(**face), *names);
      return fed + (lips.gap > 0.015 ? ": mouth is open" : ": mouth is closed");
    };
  const auto say = [&](const std::string & text) {
      if (text != said) {std::cout << (said = text) << std::endl;}
    };
  const auto info = node->create_subscription<FaceMeshInfo>(
    "facemesh/info", rclcpp::QoS(1).transient_local(),
    [&](FaceMeshInfo::ConstSharedPtr msg) {names.emplace(*msg);});
  const auto faces = node->create_subscription<FaceMeshArray>(
    "facemesh/landmarks", rclcpp::SensorDataQoS(),
    [&](FaceMeshArray::ConstSharedPtr msg) {latest(msg); say(tell(true));});
  const auto timer = node->create_wall_timer(
    std::chrono::milliseconds(200), [&] {say(tell(false));});
  rclcpp::spin(node);
}
