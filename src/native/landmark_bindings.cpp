#include <pybind11/stl.h>

#include <algorithm>
#include <optional>

#include "arrays.hpp"
#include "bindings.hpp"
#include "landmarks.hpp"

namespace facemesh
{
namespace
{

py::array_t<float> project_all(const Array<float> & landmarks, const Array<double> & maps)
{
  require_shape(maps, "maps", {kAny, 2, 3});
  require_shape(landmarks, "landmarks", {maps.shape(0), kAny, 3});
  const auto count = landmarks.shape(0), points = landmarks.shape(1);
  auto projected = new_array<float>({count, points, 3});
  const float * from = landmarks.data();
  const double * map = maps.data();
  float * to = projected.mutable_data();
  const py::gil_scoped_release released;
  for (py::ssize_t face = 0; face < count; ++face) {
    project_landmarks(from + 3 * points * face, map + 6 * face, points, to + 3 * points * face);
  }
  return projected;
}

py::tuple rois_of(
  const Array<float> & landmarks, const std::optional<Array<double>> & offsets,
  py::ssize_t right_eye, py::ssize_t left_eye, double scale)
{
  require_shape(landmarks, "landmarks", {kAny, kAny, 3});
  const auto count = landmarks.shape(0), points = landmarks.shape(1);
  if (offsets) {require_shape(*offsets, "offsets", {count, 2});}
  if (right_eye < 0 || left_eye < 0 || std::max(right_eye, left_eye) >= points) {
    throw py::value_error("a face has eyes");
  }
  auto centres = new_array<float>({count, 2}), sizes_wh = new_array<float>({count, 2});
  auto rotations_rad = new_array<float>({count});
  float * centre = centres.mutable_data(), * size_wh = sizes_wh.mutable_data();
  for (py::ssize_t face = 0; face < count; ++face, centre += 2, size_wh += 2) {
    const Roi roi =
      roi_from_landmarks(landmarks.data(face), points, right_eye, left_eye, scale);
    for (int axis = 0; axis < 2; ++axis) {
      const double offset = offsets ? offsets->at(face, axis) : 0;
      centre[axis] = static_cast<float>(roi.centre[axis] + offset);
    }
    size_wh[0] = size_wh[1] = roi.side;
    rotations_rad.mutable_at(face) = roi.rotation_rad;
  }
  return py::make_tuple(centres, sizes_wh, rotations_rad);
}

py::array_t<double> maps_from_crops(
  const Array<float> & centres, const Array<float> & sizes_wh, const Array<float> & rotations_rad,
  int input_size)
{
  require_shape(centres, "centres", {kAny, 2});
  const auto count = centres.shape(0);
  require_shape(sizes_wh, "sizes_wh", {count, 2});
  require_shape(rotations_rad, "rotations_rad", {count});
  auto maps = new_array<double>({count, 2, 3});
  for (py::ssize_t index = 0; index < count; ++index) {
    map_from_crop(
      centres.data(index), sizes_wh.data(index), rotations_rad.at(index), input_size,
      maps.mutable_data(index));
  }
  return maps;
}

py::array_t<float> boxes_around(const Array<float> & landmarks)
{
  require_shape(landmarks, "landmarks", {kAny, kAny, kAny});
  const auto count = landmarks.shape(0), points = landmarks.shape(1), axes = landmarks.shape(2);
  if (points == 0 || axes < 2) {throw py::value_error("landmarks have a shape without a box");}
  auto boxes = new_array<float>({count, 4});
  for (py::ssize_t face = 0; face < count; ++face) {
    box_around(landmarks.data(face), points, axes, boxes.mutable_data(face));
  }
  return boxes;
}

bool are_all_below(const std::vector<Array<float>> & arrays, float limit)
{
  for (const auto & array : arrays) {
    if (!all_below(array.data(), array.size(), limit)) {return false;}
  }
  return true;
}

}  // namespace

void bind_landmarks(py::module_ & module)
{
  module.def(
    "project_landmarks", &project_all, py::arg("landmarks"), py::arg("maps"),
    "See facemesh_ros.inference.crop_model.landmarks_in_image.");
  module.def(
    "rois_from_landmarks", &rois_of, py::arg("landmarks"), py::arg("offsets"),
    py::arg("right_eye"), py::arg("left_eye"), py::arg("scale"),
    "See facemesh_ros.geometry.rois.rois_from_landmarks.");
  module.def(
    "image_from_crop", &maps_from_crops, py::arg("centres"), py::arg("sizes_wh"),
    py::arg("rotations_rad"), py::arg("input_size"),
    "See facemesh_ros.geometry.affine.image_from_crop.");
  module.def(
    "tight_boxes", &boxes_around, py::arg("landmarks"),
    "See facemesh_ros.geometry.boxes.tight_boxes.");
  module.def(
    "are_all_below", &are_all_below, py::arg("arrays"), py::arg("limit"),
    "Return whether all magnitudes are less than a limit; no NaN is.");
}

}  // namespace facemesh
