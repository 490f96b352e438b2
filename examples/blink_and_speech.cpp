// Says who blinks and whose mouth moves as in speech; needs no calibration.
#include <algorithm>
#include <cmath>
#include <deque>
#include <iostream>
#include <map>
#include <optional>

#include "facemesh_ros/consumer.hpp"
#include "rclcpp/rclcpp.hpp"

namespace consumer = facemesh_ros::consumer;
using consumer::FaceMeshArray;

struct Person
{
  std::deque<std::array<double, 3>> seen;  // of the last 3 s: time, openings of eyes and mouth
  double closed_s = 0;  // since when the eyes are closed
  bool speaks = false;

  std::string see(double now_s, double opening, double mouth)
  {
    seen.push_back({now_s, opening, mouth});
    for (; now_s - seen.front()[0] >= 3; seen.pop_front()) {}
    std::vector<double> eyes;
    double count = 0, sum = 0, squares = 0;
    for (const auto & each : seen) {
      eyes.push_back(each[1]);
      const double weight = now_s - each[0] < 1 ? 1 : 0;
      count += weight, sum += weight * each[2], squares += weight * each[2] * each[2];
    }
    std::nth_element(eyes.begin(), eyes.begin() + eyes.size() / 2, eyes.end());
    const double usual = eyes[eyes.size() / 2];  // how far these eyes are open
    const double moves = std::sqrt(std::max(squares / count - std::pow(sum / count, 2), 0.0));
    const bool opens = closed_s > 0 && opening > 0.8 * usual;
    const bool blinks = opens && now_s - closed_s < 0.5;
    closed_s = opens ? 0 : closed_s > 0 || opening >= 0.6 * usual ? closed_s : now_s;
    const bool turns = speaks != (moves > (speaks ? 0.02 : 0.04));
    speaks = speaks != turns;
    return std::string(blinks ? " blinks" : "") + (turns ? speaks ? " speaks" : " is silent" : "");
  }
};

int main(int argc, char ** argv)
{
  rclcpp::init(argc, argv);
  const auto node = std::make_shared<rclcpp::Node>("blink_and_speech");
  std::optional<consumer::NamedLandmarks> names;
  consumer::LatestFaces latest;
  std::map<std::string, Person> people;
  auto watch = [&, had = true]() mutable {
      const bool has = latest.at(node->now().nanoseconds()) != nullptr;
      std::cout << (had && !has ?
      "no results: is the node active, and does the camera send images?\n" : "") << std::flush;
      return had = has;
    };
  const auto info = node->create_subscription<consumer::FaceMeshInfo>(
    "facemesh/info", rclcpp::QoS(1).transient_local(),
    [&](consumer::FaceMeshInfo::ConstSharedPtr msg) {names.emplace(*msg);});
  const auto faces = node->create_subscription<FaceMeshArray>(
    "facemesh/landmarks", 5, [&](FaceMeshArray::ConstSharedPtr msg) {
      latest(msg);
      std::map<std::string, Person> here;  // ids are never reused: who is gone is forgotten
      for (const auto & face : msg->faces) {here[face.id] = std::move(people[face.id]);}
      people = std::move(here);
      if (!watch() || !names) {return;}
      for (const auto * face : consumer::seen_faces(*msg)) {
        const auto points = consumer::landmarks(*face);
        const auto left = consumer::eye_opening(points, *names, "left");
        const auto right = consumer::eye_opening(points, *names, "right");
        const auto mouth = consumer::mouth_opening(points, *names);
        const std::string text = people[face->id].see(
          -consumer::age_s(msg->header, 0), std::max(left.ratio, right.ratio), mouth.ratio);
        if (!text.empty()) {std::cout << face->id << text << std::endl;}
      }
    });
  const auto timer = node->create_wall_timer(std::chrono::milliseconds(200), [&] {watch();});
  rclcpp::spin(node);
}
