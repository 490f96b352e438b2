#include <pybind11/stl.h>

#include <algorithm>

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
  const Array<float> & landmarks, py::ssize_t right_eye, py::ssize_t left_eye, double scale)
{
  require_shape(landmarks, "landmarks", {kAny, kAny, 3});
  const auto count = landmarks.shape(0), points = landmarks.shape(1);
  if (right_eye < 0 || left_eye < 0 || std::max(right_eye, left_eye) >= points) {
    throw py::value_error("a face has eyes");
  }
  auto centres = new_array<float>({count, 2}), sizes_wh = new_array<float>({count, 2});
  auto rotations_rad = new_array<float>({count});
  float * centre = centres.mutable_data(), * size_wh = sizes_wh.mutable_data();
  for (py::ssize_t face = 0; face < count; ++face, centre += 2, size_wh += 2) {
    const Roi roi =
      roi_from_landmarks(landmarks.data(face), points, right_eye, left_eye, scale);
    centre[0] = roi.centre[0];
    centre[1] = roi.centre[1];
    size_wh[0] = size_wh[1] = roi.side;
    rotations_rad.mutable_at(face) = roi.rotation_rad;
  }
  return py::make_tuple(centres, sizes_wh, rotations_rad);
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
    "rois_from_landmarks", &rois_of, py::arg("landmarks"), py::arg("right_eye"),
    py::arg("left_eye"), py::arg("scale"), "See facemesh_ros.geometry.rois.rois_from_landmarks.");
  module.def(
    "are_all_below", &are_all_below, py::arg("arrays"), py::arg("limit"),
    "Return whether all magnitudes are less than a limit; no NaN is.");
}

}  // namespace facemesh
