#include <memory>
#include <mutex>

#include "arrays.hpp"
#include "bindings.hpp"
#include "gaze.hpp"
#include "mesh.hpp"

#include <pybind11/stl.h>

namespace facemesh
{
namespace
{

// How one person's eyes rest; threads that look at the same ones take turns.
struct Eyes
{
  explicit Eyes(const DrawnIrises & drawn)
  : resting(drawn) {}

  std::mutex mutex;
  RestingEyes resting;
};

// travel_m, rest_m, view_m, noise_m and person_m of `DrawnIrises`, one after the other.
using Drawn = std::array<double, 9>;

DrawnIrises drawn_of(const Drawn & n)
{
  return {{n[0], n[1]}, n[2], n[3], n[4], {n[5], n[6]}, {n[7], n[8]}};
}

// N posed faces.
struct Faces
{
  Array<double> rotations, positions_m, shapes_m, rays, eyeballs_m;

  py::ssize_t require() const
  {
    require_shape(rotations, "rotations", {kAny, 3, 3});
    const auto count = rotations.shape(0);
    require_shape(positions_m, "positions_m", {count, 3});
    require_shape(shapes_m, "shapes_m", {count, kMeshLandmarks, 3});
    require_shape(rays, "rays", {count, kMeshLandmarks + kIrisLandmarks, 3});
    require_shape(eyeballs_m, "eyeballs_m", {count, 2, 3});
    return count;
  }
  FaceWithEyes at(py::ssize_t index) const
  {
    FaceWithEyes face{};
    std::copy_n(rotations.data() + 9 * index, 9, face.pose.rotation.data()->data());
    std::copy_n(positions_m.data() + 3 * index, 3, face.pose.position_m.data());
    std::copy_n(eyeballs_m.data() + 6 * index, 6, face.eyeballs_m.data()->data());
    face.shape_m = shapes_m.data() + 3 * kMeshLandmarks * index;
    face.rays = rays.data() + 3 * (kMeshLandmarks + kIrisLandmarks) * index;
    return face;
  }
};

py::tuple estimate_gazes(
  const std::vector<std::shared_ptr<Eyes>> & eyes, const Array<float> & landmarks,
  const Array<double> & rotations, const Array<double> & positions_m,
  const Array<double> & shapes_m, const Array<double> & rays, const Array<double> & eyeballs_m,
  const Drawn & drawn, std::int64_t stamp_ns)
{
  const Faces faces{rotations, positions_m, shapes_m, rays, eyeballs_m};
  const auto count = faces.require();
  require_shape(landmarks, "landmarks", {count, kMeshLandmarks + kIrisLandmarks, 3});
  if (static_cast<py::ssize_t>(eyes.size()) != count) {
    throw py::value_error("eyes are of another number of faces");
  }
  for (const auto & each : eyes) {
    if (each == nullptr) {throw py::value_error("eyes has none in it");}
  }
  auto directions = new_array<double>({count, 2, 3}), sigmas = new_array<double>({count});
  const float * seen = landmarks.data();
  double * direction = directions.mutable_data(), * sigma = sigmas.mutable_data();
  {
    const py::gil_scoped_release released;
    for (py::ssize_t index = 0; index < count; ++index) {
      const std::lock_guard<std::mutex> locked(eyes[index]->mutex);
      const Gaze gaze = estimate_gaze(
        faces.at(index), seen, drawn_of(drawn), eyes[index]->resting, stamp_ns);
      for (const bool is_known : gaze.is_known) {
        for (const double part : gaze.direction) {*direction++ = is_known ? part : std::nan("");}
      }
      *sigma++ = gaze.sigma_rad;
      seen += 3 * (kMeshLandmarks + kIrisLandmarks);
    }
  }
  return py::make_tuple(directions, sigmas);
}

py::tuple iris_displacements(
  const Array<double> & rotations, const Array<double> & positions_m,
  const Array<double> & shapes_m, const Array<double> & rays, const Array<double> & eyeballs_m,
  const Drawn & drawn)
{
  const Faces faces{rotations, positions_m, shapes_m, rays, eyeballs_m};
  const auto count = faces.require();
  auto towards = new_array<double>({count, 2, 3}), displacements = new_array<double>({count, 2, 2});
  for (py::ssize_t index = 0; index < count; ++index) {
    const SeenIrises seen = see_irises(faces.at(index), drawn_of(drawn));
    std::copy_n(seen.towards.data()->data(), 6, towards.mutable_data(index));
    std::copy_n(seen.displacements_m.data()->data(), 4, displacements.mutable_data(index));
  }
  return py::make_tuple(towards, displacements);
}

}  // namespace

void bind_gazes(py::module_ & module)
{
  py::class_<Eyes, std::shared_ptr<Eyes>>(module, "RestingEyes", "See facemesh_ros.attributes.resting_eyes.")
  .def(
    py::init([](const Drawn & drawn) {return std::make_shared<Eyes>(drawn_of(drawn));}),
    py::arg("drawn"));
  module.def(
    "estimate_gazes", &estimate_gazes, py::arg("eyes"), py::arg("landmarks"),
    py::arg("rotations"), py::arg("positions_m"), py::arg("shapes_m"), py::arg("rays"),
    py::arg("eyeballs_m"), py::arg("drawn"), py::arg("stamp_ns"),
    "See facemesh_ros.attributes.gaze.estimate_gazes.");
  module.def(
    "iris_displacements", &iris_displacements, py::arg("rotations"), py::arg("positions_m"),
    py::arg("shapes_m"), py::arg("rays"), py::arg("eyeballs_m"), py::arg("drawn"),
    "See facemesh_ros.attributes.gaze.iris_displacements.");
}

}  // namespace facemesh
