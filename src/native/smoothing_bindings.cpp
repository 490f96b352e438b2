#include <memory>
#include <mutex>
#include <utility>

#include "arrays.hpp"
#include "bindings.hpp"
#include "jitter.hpp"
#include "one_euro.hpp"
#include "rigid_filter.hpp"

namespace facemesh
{
namespace
{

using Ids = Array<std::int64_t>;

// One image's faces; threads that share a filter take turns.
template<typename Filter>
class Shared
{
public:
  template<typename ... Arguments>
  explicit Shared(Arguments && ... arguments)
  : filter_(std::forward<Arguments>(arguments)...) {}

  template<typename Action>
  void with(const Action & action)
  {
    const py::gil_scoped_release released;
    const std::lock_guard<std::mutex> locked(mutex_);
    action(filter_);
  }

  void reset()
  {
    with([](Filter & filter) {filter.reset();});
  }

private:
  std::mutex mutex_;
  Filter filter_;
};

template<typename Number>
std::vector<Number> vector_of(const Array<Number> & array)
{
  return {array.data(), array.data() + array.size()};
}

void require_faces(const Ids & ids, const Array<float> & landmarks, py::ssize_t points)
{
  require_shape(ids, "ids", {kAny});
  require_shape(landmarks, "landmarks", {ids.shape(0), points, 3});
  if (landmarks.shape(1) == 0) {throw py::value_error("a face has landmarks");}
}

py::array_t<float> like(const Array<float> & landmarks)
{
  return new_array<float>({landmarks.shape(0), landmarks.shape(1), 3});
}

class SharedRigidFilter : public Shared<RigidFilter>
{
public:
  SharedRigidFilter(CanonicalFit canonical, LandmarkGroups groups, RigidSettings settings)
  : Shared(std::move(canonical), groups, settings),
    landmarks_(static_cast<py::ssize_t>(groups.group_of_landmark.size())) {}

  py::array_t<float> update(const Ids & ids, const Array<float> & landmarks, std::int64_t stamp_ns)
  {
    require_faces(ids, landmarks, landmarks_);
    auto filtered = like(landmarks);
    const auto * names = ids.data();
    const float * from = landmarks.data();
    float * to = filtered.mutable_data();
    const auto count = ids.shape(0);
    with([&](RigidFilter & filter) {filter.update(names, from, count, stamp_ns, to);});
    return filtered;
  }

private:
  py::ssize_t landmarks_;
};

LandmarkGroups groups_of(
  const Array<std::uint8_t> & group_of_landmark, const Array<double> & noise,
  const Array<double> & at_rest)
{
  require_shape(noise, "noise", {kAny});
  require_shape(at_rest, "at_rest", {noise.shape(0)});
  LandmarkGroups groups{
    vector_of(group_of_landmark), std::vector<int>(noise.size()), {}, vector_of(noise),
    vector_of(at_rest)};
  for (std::size_t index = 0; index < groups.group_of_landmark.size(); ++index) {
    const std::uint8_t group = groups.group_of_landmark[index];
    if (group >= groups.counts.size()) {throw py::value_error("a landmark is of no group");}
    ++groups.counts[group];
    if (group == 0) {groups.skin.push_back(static_cast<int>(index));}
  }
  if (groups.skin.empty()) {throw py::value_error("a face has skin");}
  return groups;
}

std::unique_ptr<SharedRigidFilter> rigid_filter(
  const Array<double> & fit, const Array<double> & extents_m, double eye_distance_m,
  const Array<std::uint8_t> & group_of_landmark, const Array<double> & noise,
  const Array<double> & at_rest, double noise_margin, double rest_time_s)
{
  require_shape(fit, "fit", {kMeshLandmarks, 4});
  require_shape(extents_m, "extents_m", {3});
  require_shape(group_of_landmark, "group_of_landmark", {kAny});
  if (group_of_landmark.size() < kMeshLandmarks) {
    throw py::value_error("a face has 468 landmarks and more");
  }
  const double * extents = extents_m.data();
  return std::make_unique<SharedRigidFilter>(
    CanonicalFit{vector_of(fit), {extents[0], extents[1], extents[2]}, eye_distance_m},
    groups_of(group_of_landmark, noise, at_rest), RigidSettings{noise_margin, rest_time_s});
}

py::array_t<float> update_one_euro(
  Shared<OneEuroFilter> & shared, const Ids & ids, const Array<float> & landmarks,
  std::int64_t stamp_ns)
{
  require_faces(ids, landmarks, kAny);
  auto filtered = like(landmarks);
  const auto * names = ids.data();
  const float * from = landmarks.data();
  float * to = filtered.mutable_data();
  const auto count = landmarks.shape(0), points = landmarks.shape(1);
  shared.with([&](OneEuroFilter & filter) {
      filter.update(names, from, count, points, stamp_ns, to);
    });
  return filtered;
}

py::array_t<float> update_jitter(
  Shared<JitterMeter> & shared, const Ids & ids, const Array<float> & raw,
  const Array<float> & filtered, std::int64_t stamp_ns)
{
  require_faces(ids, raw, kAny);
  require_shape(filtered, "filtered", {raw.shape(0), raw.shape(1), 3});
  auto jitters = new_array<float>({raw.shape(0)});
  const auto * names = ids.data();
  const float * from = raw.data(), * to = filtered.data();
  float * found = jitters.mutable_data();
  const auto count = raw.shape(0), points = raw.shape(1);
  shared.with([&](JitterMeter & meter) {
      meter.update(names, from, to, count, points, stamp_ns, found);
    });
  return jitters;
}

}  // namespace

void bind_smoothing(py::module_ & module)
{
  py::class_<SharedRigidFilter>(module, "RigidFilter", "See facemesh_ros.smoothing.rigid.")
  .def(
    py::init(&rigid_filter), py::arg("fit"), py::arg("extents_m"), py::arg("eye_distance_m"),
    py::arg("group_of_landmark"), py::arg("noise"), py::arg("at_rest"), py::arg("noise_margin"),
    py::arg("rest_time_s"))
  .def("reset", &SharedRigidFilter::reset)
  .def(
    "update", &SharedRigidFilter::update, py::arg("ids"), py::arg("landmarks"),
    py::arg("stamp_ns"));
  py::class_<Shared<OneEuroFilter>>(
    module, "OneEuroFilter", "See facemesh_ros.smoothing.one_euro.")
  .def(
    py::init([](double min_cutoff_hz, double beta, double derivative_cutoff_hz) {
      return std::make_unique<Shared<OneEuroFilter>>(
        OneEuroSettings{min_cutoff_hz, beta, derivative_cutoff_hz});
    }),
    py::arg("min_cutoff_hz"), py::arg("beta"), py::arg("derivative_cutoff_hz"))
  .def("reset", &Shared<OneEuroFilter>::reset)
  .def("update", &update_one_euro, py::arg("ids"), py::arg("landmarks"), py::arg("stamp_ns"));
  py::class_<Shared<JitterMeter>>(module, "JitterMeter", "See facemesh_ros.smoothing.jitter.")
  .def(py::init<>())
  .def("reset", &Shared<JitterMeter>::reset)
  .def(
    "update", &update_jitter, py::arg("ids"), py::arg("raw"), py::arg("filtered"),
    py::arg("stamp_ns"));
}

}  // namespace facemesh
