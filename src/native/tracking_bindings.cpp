#include "arrays.hpp"
#include "bindings.hpp"
#include "track_motion.hpp"
#include "track_traits.hpp"

#include <pybind11/stl.h>

namespace facemesh
{
namespace
{

using Pixels = py::array_t<std::uint8_t>;
using Model = std::array<double, 4>;

StridedImage strided_image(const Pixels & image, const std::array<int, 3> & order)
{
  if ((image.ndim() != 2 && image.ndim() != 3) || image.size() == 0) {
    throw py::value_error("an image has two or three axes, and pixels");
  }
  const auto channels = image.ndim() == 3 ? image.shape(2) : 1;
  for (const int index : order) {
    if (index < 0 || index >= channels) {throw py::value_error("order is of another image");}
  }
  return {
    image.data(), image.strides(0), image.strides(1), image.ndim() == 3 ? image.strides(2) : 0,
    static_cast<int>(image.shape(1)), static_cast<int>(image.shape(0)), order};
}

py::tuple face_traits(
  const Pixels & image, const std::array<int, 3> & order, const Array<float> & points,
  const Array<int> & parts)
{
  require_shape(points, "points", {kAny, kAny, 3});
  require_shape(parts, "parts", {kAny, kAny});
  const auto count = points.shape(0), landmarks = points.shape(1);
  for (py::ssize_t index = 0; index < parts.size(); ++index) {
    if (parts.data()[index] < 0 || parts.data()[index] >= landmarks) {
      throw py::value_error("parts has a landmark that points has not");
    }
  }
  if (parts.size() == 0) {throw py::value_error("parts has no landmarks");}
  const StridedImage pixels = strided_image(image, order);
  const FaceParts chosen{
    parts.data(), static_cast<int>(parts.shape(0)), static_cast<int>(parts.shape(1))};
  auto centroids = new_array<double>({count, 2});
  auto boxes = new_array<float>({count, 4});
  auto appearances = new_array<float>({count, parts.shape(0), 3});
  auto shapes = new_array<float>({count, 2, parts.size()});
  FaceTraits traits{
    centroids.mutable_data(), boxes.mutable_data(), appearances.mutable_data(),
    shapes.mutable_data()};
  const float * landmark = points.data();
  {
    const py::gil_scoped_release released;
    for (py::ssize_t face = 0; face < count; ++face) {
      traits.measure(pixels, chosen, landmark, static_cast<int>(landmarks));
      landmark += 3 * landmarks;
      traits.centroid += 2;
      traits.box += 4;
      traits.appearance += 3 * chosen.parts;
      traits.shape += 2 * chosen.parts * chosen.each;
    }
  }
  return py::make_tuple(centroids, boxes, appearances, shapes);
}

py::array_t<float> moved_boxes(const Array<float> & boxes, const Array<double> & offsets)
{
  require_shape(boxes, "boxes", {kAny, 4});
  require_shape(offsets, "offsets", {boxes.shape(0), 2});
  auto moved = new_array<float>({boxes.shape(0), 4});
  for (py::ssize_t row = 0; row < boxes.shape(0); ++row) {
    for (py::ssize_t side = 0; side < 4; ++side) {
      moved.mutable_at(row, side) =
        boxes.at(row, side) + static_cast<float>(offsets.at(row, side % 2));
    }
  }
  return moved;
}

using Counts = Array<std::uint32_t>;

py::tuple advance_ages(
  const Counts & ages, const Counts & look_ages, const Array<double> & unseen_s, double interval_s)
{
  const auto count = ages.ndim() ? ages.shape(0) : 0;
  require_shape(ages, "ages", {count});
  require_shape(look_ages, "look_ages", {count});
  require_shape(unseen_s, "unseen_s", {count});
  auto older = new_array<std::uint32_t>({count}), look_older = new_array<std::uint32_t>({count});
  auto longer_s = new_array<double>({count});
  for (py::ssize_t row = 0; row < count; ++row) {
    older.mutable_at(row) = ages.at(row) + 1;
    look_older.mutable_at(row) = look_ages.at(row) + 1;
    longer_s.mutable_at(row) = unseen_s.at(row) + interval_s;
  }
  return py::make_tuple(older, look_older, longer_s);
}

py::array_t<float> average(const Array<float> & mean, const Array<float> & now, float weight)
{
  require_shape(mean, "mean", {kAny, kAny, 3});
  require_shape(now, "now", {mean.shape(0), mean.shape(1), 3});
  auto next = new_array<float>({mean.shape(0), mean.shape(1), 3});
  for (py::ssize_t at = 0; at < mean.size(); ++at) {
    const float before = mean.data()[at];
    next.mutable_data()[at] = before + weight * (now.data()[at] - before);
  }
  return next;
}

bool py_are_unambiguous(
  const Array<float> & expected, const Array<float> & observed, double gate, double containment)
{
  require_shape(expected, "expected", {kAny, 4});
  require_shape(observed, "observed", {expected.shape(0), 4});
  return are_unambiguous(
    reinterpret_cast<const Box *>(expected.data()), reinterpret_cast<const Box *>(observed.data()),
    static_cast<std::size_t>(expected.shape(0)), {gate, containment});
}

py::tuple appearance_changes(const Array<float> & before, const Array<float> & now)
{
  require_shape(before, "before", {kAny, kAny, 3});
  require_shape(now, "now", {before.shape(0), before.shape(1), 3});
  if (before.shape(1) == 0) {throw py::value_error("an appearance has parts");}
  const auto count = before.shape(0), parts = before.shape(1);
  auto differences = new_array<float>({count}), relative = new_array<float>({count});
  for (py::ssize_t pair = 0; pair < count; ++pair) {
    const auto change = appearance_change(
      before.data() + 3 * parts * pair, now.data() + 3 * parts * pair, static_cast<int>(parts));
    differences.mutable_data()[pair] = change.difference;
    relative.mutable_data()[pair] = change.relative_difference;
  }
  return py::make_tuple(differences, relative);
}

// The motion of N tracks, to be changed.
struct Motions
{
  Motions(
    const Array<double> & before_velocities, const Array<double> & before_mean_velocities,
    const Array<double> & before_variances)
  : count(before_velocities.ndim() ? before_velocities.shape(0) : 0),
    velocities(new_array<double>({count, 2})), mean_velocities(new_array<double>({count, 2})),
    variances(new_array<double>({count, 3}))
  {
    require_shape(before_velocities, "velocities", {kAny, 2});
    require_shape(before_mean_velocities, "mean_velocities", {count, 2});
    require_shape(before_variances, "variances", {count, 3});
    std::copy_n(before_velocities.data(), 2 * count, velocities.mutable_data());
    std::copy_n(before_mean_velocities.data(), 2 * count, mean_velocities.mutable_data());
    std::copy_n(before_variances.data(), 3 * count, variances.mutable_data());
  }

  template<typename Change>
  void each(const Change & change)
  {
    for (py::ssize_t row = 0; row < count; ++row) {
      double * velocity = velocities.mutable_data() + 2 * row;
      double * mean = mean_velocities.mutable_data() + 2 * row;
      double * variance = variances.mutable_data() + 3 * row;
      TrackMotion motion{
        {velocity[0], velocity[1]}, {mean[0], mean[1]}, {variance[0], variance[1], variance[2]}};
      change(motion, row);
      std::copy_n(motion.velocity, 2, velocity);
      std::copy_n(motion.mean_velocity, 2, mean);
      std::copy_n(motion.variances, 3, variance);
    }
  }

  py::ssize_t count;
  py::array_t<double> velocities, mean_velocities, variances;
};

MotionModel model_of(const Model & numbers)
{
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

py::tuple predict_motion(
  const Array<double> & velocities, const Array<double> & mean_velocities,
  const Array<double> & variances, const Array<double> & offsets,
  const Array<std::int64_t> & misses, double interval_s, const Model & model)
{
  Motions motions(velocities, mean_velocities, variances);
  require_shape(offsets, "offsets", {motions.count, 2});
  require_shape(misses, "misses", {motions.count});
  auto moved = new_array<double>({motions.count, 2});
  motions.each([&](TrackMotion & motion, py::ssize_t row) {
      motion.predict(model_of(model), interval_s, misses.data()[row] > 0);
      for (py::ssize_t at = 2 * row; at < 2 * row + 2; ++at) {
        moved.mutable_data()[at] = offsets.data()[at] + motion.velocity[at % 2] * interval_s;
      }
    });
  return py::make_tuple(motions.velocities, motions.mean_velocities, motions.variances, moved);
}

py::tuple correct_motion(
  const Array<double> & velocities, const Array<double> & mean_velocities,
  const Array<double> & variances, const Array<double> & before, const Array<double> & offsets,
  const Array<double> & now, const Model & model)
{
  Motions motions(velocities, mean_velocities, variances);
  require_shape(before, "before", {motions.count, 2});
  require_shape(offsets, "offsets", {motions.count, 2});
  require_shape(now, "now", {motions.count, 2});
  motions.each([&](TrackMotion & motion, py::ssize_t row) {
      double innovation[2];
      for (py::ssize_t at = 2 * row; at < 2 * row + 2; ++at) {
        innovation[at % 2] = now.data()[at] - (before.data()[at] + offsets.data()[at]);
      }
      motion.correct(model_of(model), innovation);
    });
  return py::make_tuple(motions.velocities, motions.mean_velocities, motions.variances);
}

}  // namespace

void bind_tracking(py::module_ & module)
{
  module.def(
    "face_traits", &face_traits, py::arg("image"), py::arg("order"), py::arg("points"),
    py::arg("parts"), "See facemesh_ros.tracking.face_traits.FaceTraits.");
  module.def(
    "moved_boxes", &moved_boxes, py::arg("boxes"), py::arg("offsets"),
    "See facemesh_ros.tracking.tracks.Tracks.expected_xyxy.");
  module.def(
    "advance_ages", &advance_ages, py::arg("ages"), py::arg("look_ages"), py::arg("unseen_s"),
    py::arg("interval_s"), "See facemesh_ros.tracking.tracks.Tracks.predict.");
  module.def(
    "average_appearances", &average, py::arg("mean"), py::arg("now"), py::arg("weight"),
    "See facemesh_ros.tracking.tracker.Tracker.");
  module.def(
    "are_unambiguous", &py_are_unambiguous, py::arg("expected"), py::arg("observed"),
    py::arg("gate"), py::arg("containment"),
    "See facemesh_ros.tracking.face_traits.PairwiseOverlaps.is_unambiguous.");
  module.def(
    "appearance_changes", &appearance_changes, py::arg("before"), py::arg("now"),
    "See facemesh_ros.tracking.face_traits.");
  module.def(
    "predict_motion", &predict_motion, py::arg("velocities"), py::arg("mean_velocities"),
    py::arg("variances"), py::arg("offsets"), py::arg("misses"), py::arg("interval_s"),
    py::arg("model"),
    "See facemesh_ros.tracking.kalman.TrackMotion.predict.");
  module.def(
    "correct_motion", &correct_motion, py::arg("velocities"), py::arg("mean_velocities"),
    py::arg("variances"), py::arg("before"), py::arg("offsets"), py::arg("now"),
    py::arg("model"),
    "See facemesh_ros.tracking.kalman.TrackMotion.correct.");
}

}  // namespace facemesh
