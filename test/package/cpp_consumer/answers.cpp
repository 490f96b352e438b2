// Reads serialised messages and prints what facemesh_ros::consumer answers, a line each: a name and
// numbers. Arguments: FACES INFO CAMERA_INFO NOW_NS.
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <facemesh_ros/consumer.hpp>
#include <rmw/rmw.h>
#include <rosidl_typesupport_cpp/message_type_support.hpp>
#include <sensor_msgs/msg/camera_info.hpp>

namespace consumer = facemesh_ros::consumer;
using sensor_msgs::msg::CameraInfo;

template<typename Message>
std::shared_ptr<Message> read(const char * path)
{
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  rmw_serialized_message_t serialised = rmw_get_zero_initialized_serialized_message();
  serialised.buffer = reinterpret_cast<uint8_t *>(bytes.data());
  serialised.buffer_length = serialised.buffer_capacity = bytes.size();
  serialised.allocator = rcutils_get_default_allocator();
  auto message = std::make_shared<Message>();
  const auto * type = rosidl_typesupport_cpp::get_message_type_support_handle<Message>();
  if (rmw_deserialize(&serialised, type, message.get()) != RMW_RET_OK) {
    throw std::runtime_error(std::string("cannot read ") + path);
  }
  return message;
}

template<typename Numbers>
void tell(const char * name, const Numbers & numbers)
{
  std::cout << name;
  for (const double number : numbers) {
    std::cout << ' ' << number;
  }
  std::cout << '\n';
}

template<std::size_t Size>
void tell_rows(const char * name, const std::array<std::array<double, Size>, Size> & rows)
{
  std::vector<double> numbers;
  for (const auto & row : rows) {
    numbers.insert(numbers.end(), row.begin(), row.end());
  }
  tell(name, numbers);
}

void tell(const char * name, const consumer::Opening & opening)
{
  tell(name, std::vector<double>{opening.gap, opening.width, opening.ratio});
}

void tell_face(
  const consumer::FaceMesh & face, const consumer::NamedLandmarks & names,
  const consumer::FaceMeshInfo & info)
{
  const auto pixels = consumer::landmarks(face), metres = consumer::landmarks_metric(face);
  tell("counts", std::vector<std::size_t>{pixels.size(), metres.size()});
  tell("nose_tip", pixels.at(names.point("nose_tip")));
  tell("box", consumer::box(face));
  tell_rows("covariance", consumer::covariance(face));
  std::vector<double> scores;
  for (const auto & [name, score] : consumer::blendshapes(face, info)) {
    scores.push_back(score);
  }
  tell("blendshapes", scores);
  tell("is_metric", std::vector<int>{consumer::is_metric(face)});
  for (const auto & points : {pixels, metres}) {
    tell("mouth_opening", consumer::mouth_opening(points, names));
    tell("eye_opening", consumer::eye_opening(points, names, "left"));
    tell("eye_opening", consumer::eye_opening(points, names, "right"));
  }
  tell_rows("head_pose", consumer::head_pose(face));
  tell_rows("mouth_pose", consumer::mouth_pose(face, names));
  tell("eyes_middle", consumer::eyes_middle(face, names));
  tell("gaze", consumer::gaze(face));
  for (const consumer::Vector & point : {consumer::Vector{0, 0, 0}, {0.3, -0.1, 0.5}}) {
    const auto look = consumer::look_at(face, names, point);
    tell("look_at", std::vector<double>{look.angle_rad, look.sigma_rad});
    tell("is_at", std::vector<int>{look.is_at(), look.is_at(0.5)});
  }
}

template<typename Call>
void tell_refusal(const char * name, Call call)
{
  try {
    call();
    std::cout << name << " 0\n";
  } catch (const std::logic_error &) {
    std::cout << name << " 1\n";
  }
}

void tell_camera(const std::shared_ptr<CameraInfo> & info)
{
  for (const consumer::Vector & point : {consumer::Vector{0.1, -0.2, 1.5}, {0, 0, 1}, {1, 1, -1}}) {
    tell_refusal("refused", [&] {tell("project", consumer::project(*info, point));});
    tell_refusal("refused", [&] {tell("project", consumer::project(*info, point, true));});
  }
  consumer::LatestCameraInfo<CameraInfo> infos;
  std::cout << "newest " << !infos.newest() << '\n';
  infos(info);
  auto later = std::make_shared<CameraInfo>(*info);
  later->header.stamp.sec += 1;
  infos(later);
  std::cout << "of " << (infos.of(info->header) == info) << ' ' <<
    (infos.of(std_msgs::msg::Header()) == later) << '\n';
}

int main(int, char ** arguments)
{
  std::cout << std::setprecision(17);
  const auto faces = read<consumer::FaceMeshArray>(arguments[1]);
  const auto info = read<consumer::FaceMeshInfo>(arguments[2]);
  const std::int64_t now_ns = std::stoll(arguments[4]);
  const consumer::NamedLandmarks names(*info);
  tell("lips", names.region({"lips_inner", "lips_outer"}));
  tell_refusal("refused", [&] {names.region({"lips"});});
  tell_refusal("refused", [&] {names.point("left_iris");});
  tell("seen_faces", std::vector<std::size_t>{consumer::seen_faces(*faces).size()});
  tell("age_s", std::vector<double>{consumer::age_s(faces->header, now_ns)});
  consumer::LatestFaces latest;
  std::cout << "at " << !latest.at(now_ns);
  latest(faces);
  std::cout << ' ' << !latest.at(now_ns) << ' ' << !latest.at(now_ns, 1e9) << '\n';
  for (const auto & face : faces->faces) {
    tell_face(face, names, *info);
  }
  tell_camera(read<CameraInfo>(arguments[3]));
}
