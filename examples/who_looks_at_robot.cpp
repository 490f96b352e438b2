// Says who looks at the robot, by id, whenever that changes.
// Start: ros2 run facemesh_ros who_looks_at_robot --ros-args -r __ns:=/robot
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include "facemesh_ros/consumer.hpp"
#include "rclcpp/rclcpp.hpp"

namespace consumer = facemesh_ros::consumer;
using consumer::FaceMeshArray;
using consumer::FaceMeshInfo;

constexpr consumer::Vector kRobot{0, 0, 0};  // m in the image's frame: the camera itself
constexpr double kMaxSigma = 0.26;  // rad: of a gaze less certain than 15 degrees, nothing is said
constexpr std::int64_t kHold = 500'000'000;  // ns: blinks and single images do not end a look

class Looks
{
public:
  std::string verdict(
    const consumer::FaceMesh & face, const consumer::NamedLandmarks & names, std::int64_t now_ns)
  {
    const auto look = consumer::look_at(face, names, kRobot);
    const bool is_known = look.sigma_rad < kMaxSigma;  // NaN is not: no calibration, closed eyes
    if (is_known && look.is_at()) {
      looked_ns_[face.id] = now_ns;
    }
    const auto looked = looked_ns_.find(face.id);
    if (looked != looked_ns_.end() && std::abs(now_ns - looked->second) < kHold) {
      return face.id + " looks at the robot";
    }
    return face.id + (is_known ? " looks elsewhere" : ": gaze unknown");
  }

private:
  std::map<std::string, std::int64_t> looked_ns_;
};

int main(int argc, char ** argv)
{
  rclcpp::init(argc, argv);
  const auto node = std::make_shared<rclcpp::Node>("who_looks_at_robot");
  std::optional<consumer::NamedLandmarks> names;
  consumer::LatestFaces latest;
  Looks looks;
  std::string said;
  const auto info = node->create_subscription<FaceMeshInfo>(
    "facemesh/info", rclcpp::QoS(1).transient_local(),
    [&](FaceMeshInfo::ConstSharedPtr msg) {names.emplace(*msg);});
  const auto faces = node->create_subscription<FaceMeshArray>(
    "facemesh/landmarks", rclcpp::SensorDataQoS(),
    [&](FaceMeshArray::ConstSharedPtr msg) {latest(msg);});
  const auto timer = node->create_wall_timer(std::chrono::milliseconds(100), [&] {
      const std::int64_t now_ns = node->now().nanoseconds();
      const auto msg = latest.at(now_ns);
      std::string text;
      if (msg && names) {
        for (const auto * face : consumer::seen_faces(*msg)) {
          text += (text.empty() ? "" : "; ") + looks.verdict(*face, *names, now_ns);
        }
        text = text.empty() ? "nobody is seen" : text;
      } else {
        text = "no results: is the node active, and does the camera send images?";
        looks = Looks();
      }
      if (text != said) {
        std::cout << (said = text) << std::endl;
      }
    });
  rclcpp::spin(node);
}
