#include <memory>
#include <mutex>

#include "arrays.hpp"
#include "bindings.hpp"
#include "posed_face.hpp"

#include <pybind11/stl.h>

namespace facemesh
{
namespace
{

// What is known of one person; threads that pose the same one take turns.
struct Person
{
  explicit Person(std::shared_ptr<const ShapeTables> shapes)
  : identity(std::move(shapes)) {}

  std::mutex mutex;
  FaceIdentity identity;
};

using Correction = std::array<double, 4>;

ViewAngleCorrection correction_of(const Correction & numbers)
{
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::vector<double> numbers_of(const Array<double> & array)
{
  return {array.data(), array.data() + array.size()};
}

std::shared_ptr<ShapeTables> shape_tables(
  const Array<int> & rigid, const Array<double> & weights, const Array<double> & normals,
  const Array<double> & mean_m, const Array<double> & modes_m, const Array<double> & eyeballs_m,
  const Array<double> & eyeball_modes_m)
{
  require_shape(rigid, "rigid", {kAny});
  const auto count = rigid.shape(0);
  require_shape(weights, "weights", {count});
  require_shape(normals, "normals", {count, 3});
  require_shape(mean_m, "mean_m", {kMeshLandmarks, 3});
  require_shape(modes_m, "modes_m", {kAny, kMeshLandmarks, 3});
  require_shape(eyeballs_m, "eyeballs_m", {2, 3});
  require_shape(eyeball_modes_m, "eyeball_modes_m", {modes_m.shape(0), 2, 3});
  auto tables = std::make_shared<ShapeTables>();
  tables->rigid.indices.assign(rigid.data(), rigid.data() + count);
  for (const int landmark : tables->rigid.indices) {
    if (landmark < 0 || landmark >= kMeshLandmarks) {
      throw py::value_error("rigid has a landmark that there is not");
    }
  }
  tables->rigid.weights = numbers_of(weights);
  tables->rigid.normals.resize(count);
  std::copy_n(normals.data(), 3 * count, tables->rigid.normals.data()->data());
  tables->mean_m = numbers_of(mean_m);
  tables->modes_m = numbers_of(modes_m);
  std::copy_n(eyeballs_m.data(), 6, tables->eyeballs_m.data()->data());
  tables->eyeball_modes_m.resize(modes_m.shape(0));
  const double * mode = eyeball_modes_m.data();
  for (auto & eyeballs : tables->eyeball_modes_m) {
    std::copy_n(mode, 6, eyeballs.data()->data());
    mode += 6;
  }
  return tables;
}

// The arrays of N posed faces; NaN where is no face.
struct PosedFaces
{
  explicit PosedFaces(py::ssize_t count, py::ssize_t landmarks)
  : are_faces(new_array<bool>({count})), rotations(new_array<double>({count, 3, 3})),
    positions_m(new_array<double>({count, 3})),
    shapes_m(new_array<double>({count, kMeshLandmarks, 3})),
    landmarks_m(new_array<double>({count, landmarks, 3})),
    view_angles_rad(new_array<double>({count})), eyeballs_m(new_array<double>({count, 2, 3})),
    errors_px(new_array<double>({count})) {}

  py::tuple as_tuple() const
  {
    return py::make_tuple(
      are_faces, rotations, positions_m, shapes_m, landmarks_m, view_angles_rad, eyeballs_m,
      errors_px);
  }

  py::array_t<bool> are_faces;
  py::array_t<double> rotations, positions_m, shapes_m, landmarks_m, view_angles_rad, eyeballs_m,
    errors_px;
};

// Where the numbers of the next face go.
struct Targets
{
  bool * is_face;
  double * rotation, * position_m, * shape_m, * landmarks_m, * view_angle_rad, * eyeballs_m,
    * error_px;

  explicit Targets(PosedFaces & faces)
  : is_face(faces.are_faces.mutable_data()), rotation(faces.rotations.mutable_data()),
    position_m(faces.positions_m.mutable_data()), shape_m(faces.shapes_m.mutable_data()),
    landmarks_m(faces.landmarks_m.mutable_data()),
    view_angle_rad(faces.view_angles_rad.mutable_data()),
    eyeballs_m(faces.eyeballs_m.mutable_data()), error_px(faces.errors_px.mutable_data()) {}

  void put(const std::optional<PosedFace> & face, int landmarks)
  {
    *is_face++ = face.has_value();
    if (!face) {std::fill_n(landmarks_m, 3 * landmarks, std::nan(""));}
    const double unknown = std::nan("");
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 3; ++column) {
        *rotation++ = face ? face->pose.rotation[row][column] : unknown;
      }
      *position_m++ = face ? face->pose.position_m[row] : unknown;
    }
    *view_angle_rad++ = face ? face->view_angle_rad : unknown;
    *error_px++ = face ? face->reprojection_error_px : unknown;
    landmarks_m += 3 * landmarks;
  }
  void put_head(const FaceIdentity & head)
  {
    shape_m = std::copy_n(head.shape_m().data(), 3 * kMeshLandmarks, shape_m);
    eyeballs_m = std::copy_n(head.eyeballs_m().data()->data(), 6, eyeballs_m);
  }
};

py::tuple pose_faces(
  const std::vector<std::shared_ptr<Person>> & people, const Array<float> & landmarks, const Array<double> & rays,
  const Array<bool> & learn, const Correction & correction, double settled, double last_step,
  int max_passes)
{
  const auto count = static_cast<py::ssize_t>(people.size());
  require_shape(landmarks, "landmarks", {count, kAny, 3});
  require_shape(rays, "rays", {count, landmarks.shape(1), 3});
  require_shape(learn, "learn", {count});
  const int each = static_cast<int>(landmarks.shape(1));
  if (each != kMeshLandmarks && each != kMeshLandmarks + kIrisLandmarks) {
    throw py::value_error("a face has 468 or 478 landmarks");
  }
  for (const auto & person : people) {
    if (person == nullptr) {throw py::value_error("people has none in it");}
  }
  PosedFaces faces(count, each);
  Targets targets(faces);
  const float * seen = landmarks.data();
  const double * ray = rays.data();
  const bool * learns = learn.data();
  {
    const py::gil_scoped_release released;
    for (const auto & person : people) {
      const std::lock_guard<std::mutex> locked(person->mutex);
      targets.put_head(person->identity);
      targets.put(
        pose_face(
          person->identity, seen, ray, each, correction_of(correction), *learns++,
          {settled, last_step, max_passes}, targets.landmarks_m),
        each);
      seen += 3 * each;
      ray += 3 * each;
    }
  }
  return faces.as_tuple();
}

HeadPose pose_of(const double * rotation, const double * position_m)
{
  HeadPose pose;
  std::copy_n(rotation, 9, pose.rotation.data()->data());
  std::copy_n(position_m, 3, pose.position_m.data());
  return pose;
}

py::tuple turn_back(
  const Array<double> & rotation, const Array<double> & position_m, const Correction & correction)
{
  require_shape(rotation, "rotation", {3, 3});
  require_shape(position_m, "position_m", {3});
  const HeadPose pose =
    correction_of(correction).apply(pose_of(rotation.data(), position_m.data()));
  auto turned = new_array<double>({3, 3}), moved = new_array<double>({3});
  std::copy_n(pose.rotation.data()->data(), 9, turned.mutable_data());
  std::copy_n(pose.position_m.data(), 3, moved.mutable_data());
  return py::make_tuple(turned, moved);
}

py::array_t<double> pose_covariances(
  const Array<double> & rotations, const Array<double> & positions_m,
  const Array<double> & range_sigmas)
{
  require_shape(rotations, "rotations", {kAny, 3, 3});
  const auto count = rotations.shape(0);
  require_shape(positions_m, "positions_m", {count, 3});
  require_shape(range_sigmas, "range_sigmas", {count});
  auto covariances = new_array<double>({count, 6, 6});
  double * target = covariances.mutable_data();
  for (py::ssize_t index = 0; index < count; ++index) {
    const auto covariance = pose_covariance(
      pose_of(rotations.data(index), positions_m.data(index)), range_sigmas.data()[index]);
    target = std::copy(covariance.begin(), covariance.end(), target);
  }
  return covariances;
}

// Rows of an array times a number each, as another kind of number; NaN times it is NaN.
template<typename Number>
py::array_t<Number> scaled(const Array<double> & rows, const Array<double> & factors)
{
  std::vector<py::ssize_t> shape(rows.shape(), rows.shape() + rows.ndim());
  auto result = new_array<Number>(shape);
  const auto each = factors.size() ? rows.size() / factors.size() : 0;
  const double * from = rows.data();
  Number * to = result.mutable_data();
  for (py::ssize_t row = 0; row < factors.size(); ++row) {
    const double factor = factors.data()[row];
    for (py::ssize_t index = 0; index < each; ++index) {
      *to++ = static_cast<Number>(*from++ * factor);
    }
  }
  return result;
}

py::tuple place_faces(
  const Array<double> & rotations, const Array<double> & positions_m,
  const Array<double> & landmarks_m, const Array<double> & factors,
  const Array<double> & position_factors, const Array<double> & range_sigmas)
{
  require_shape(factors, "factors", {kAny});
  const auto count = factors.shape(0);
  require_shape(positions_m, "positions_m", {count, 3});
  require_shape(landmarks_m, "landmarks_m", {count, kAny, 3});
  require_shape(position_factors, "position_factors", {count});
  const auto positions = scaled<double>(positions_m, position_factors);
  return py::make_tuple(
    scaled<float>(landmarks_m, factors), positions,
    pose_covariances(rotations, positions, range_sigmas));
}

template<typename Numbers>
py::array_t<double> copy_of(const Numbers & numbers, std::vector<py::ssize_t> shape)
{
  auto array = new_array<double>(std::move(shape));
  std::copy_n(numbers, array.size(), array.mutable_data());
  return array;
}

}  // namespace

void bind_heads(py::module_ & module)
{
  py::class_<ShapeTables, std::shared_ptr<ShapeTables>>(
    module, "ShapeTables", "See facemesh_ros.attributes.identity.")
  .def(
    py::init(&shape_tables), py::arg("rigid"), py::arg("weights"), py::arg("normals"),
    py::arg("mean_m"), py::arg("modes_m"), py::arg("eyeballs_m"), py::arg("eyeball_modes_m"));
  py::class_<Person, std::shared_ptr<Person>>(module, "FaceIdentity", "See facemesh_ros.attributes.identity.")
  .def(
    py::init([](const std::shared_ptr<ShapeTables> & shapes) {
      if (!shapes) {throw py::value_error("shapes is None");}
      return std::make_shared<Person>(shapes);
    }),
    py::arg("shapes"))
  .def_property_readonly("coefficients", [](Person & person) {
      const std::lock_guard<std::mutex> locked(person.mutex);
      const auto & numbers = person.identity.coefficients();
      return copy_of(numbers.data(), {static_cast<py::ssize_t>(numbers.size())});
    })
  .def_property_readonly("shape_m", [](Person & person) {
      const std::lock_guard<std::mutex> locked(person.mutex);
      return copy_of(person.identity.shape_m().data(), {kMeshLandmarks, 3});
    });
  module.def(
    "pose_faces", &pose_faces, py::arg("people"), py::arg("landmarks"), py::arg("rays"),
    py::arg("learn"), py::arg("correction"), py::arg("settled") = FitLimits().settled,
    py::arg("last_step") = FitLimits().last_step, py::arg("max_passes") = FitLimits().max_passes,
    "See facemesh_ros.attributes.posed_face.pose_faces.");
  module.def(
    "turn_back", &turn_back, py::arg("rotation"), py::arg("position_m"), py::arg("correction"),
    "See facemesh_ros.attributes.view_angle.");
  module.def(
    "pose_covariances", &pose_covariances, py::arg("rotations"), py::arg("positions_m"),
    py::arg("range_sigmas"), "See facemesh_ros.attributes.pose_covariance.");
  module.def(
    "place_faces", &place_faces, py::arg("rotations"), py::arg("positions_m"),
    py::arg("landmarks_m"), py::arg("factors"), py::arg("position_factors"),
    py::arg("range_sigmas"), "See facemesh_ros.attributes.head_estimator.");
}

}  // namespace facemesh
