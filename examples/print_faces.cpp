// Prints the faces of each image, and says so when no results come: the smallest consumer.
// Start: ros2 run facemesh_ros print_faces --ros-args -r __ns:=/robot
#include <chrono>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>

#include "facemesh_ros/consumer.hpp"
#include "rclcpp/rclcpp.hpp"

namespace consumer = facemesh_ros::consumer;
using consumer::FaceMesh;
using consumer::FaceMeshArray;

std::string describe(const FaceMesh & face)
{
  const bool is_coasting = face.state == FaceMesh::STATE_COASTING;
  const bool is_tracked = face.state == FaceMesh::STATE_TRACKED;
  std::ostringstream text;
  text << face.id << (is_tracked ? " seen, " :
  is_coasting ? " not seen in this image, " : " new, not confirmed, ");
  const auto box = consumer::box(face);
  const auto px = [&box](std::size_t index) {return std::lrint(box[index]);};
  text << px(2) - px(0) << 'x' << px(3) - px(1) << " px at (" << px(0) << ", " << px(1) << ')';
  if (!consumer::is_metric(face)) {
    return text.str() + ", distance unknown";  // no calibration: the pose is NaN
  }
  const auto pose = consumer::head_pose(face);
  const double distance = std::hypot(pose[0][3], pose[1][3], pose[2][3]);
  text << ", " << std::fixed << std::setprecision(2) << distance << " m away";
  return text.str();
}

std::string describe(const FaceMeshArray::ConstSharedPtr & faces)
{
  if (!faces) {
    // An inactive node sends nothing; an active one a message for each image.
    return "no results: is the node active, and does the camera send images?";
  }
  std::string text;
  for (const FaceMesh & face : faces->faces) {
    text += (text.empty() ? "" : "; ") + describe(face);
  }
  return text.empty() ? "no face" : text;
}

int main(int argc, char ** argv)
{
  rclcpp::init(argc, argv);
  const auto node = std::make_shared<rclcpp::Node>("print_faces");
  consumer::LatestFaces latest;
  std::string said;
  const auto faces = node->create_subscription<FaceMeshArray>(
    "facemesh/landmarks", rclcpp::SensorDataQoS(),
    [&](FaceMeshArray::ConstSharedPtr msg) {latest(msg);});
  const auto timer = node->create_wall_timer(std::chrono::milliseconds(200), [&] {
      const std::string text = describe(latest.at(node->now().nanoseconds()));
      if (text != said) {
        std::cout << (said = text) << std::endl;
      }
    });
  rclcpp::spin(node);
}
