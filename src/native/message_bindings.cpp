#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "cdr_writer.hpp"

namespace facemesh
{
namespace
{

using Floats = Array<float>;

// The fields of a FaceMesh between its name and its landmarks, and behind them, in their order.
py::bytes faces_cdr(
  const std::string & begun, const std::vector<std::string> & names,
  const Array<std::uint8_t> & states, const Array<std::uint32_t> & ages, const Floats & scores,
  const Floats & look_scores, const Array<std::uint32_t> & look_ages, const Floats & presences,
  const Floats & boxes, const Floats & centres, const Floats & sizes_wh,
  const Floats & rotations_rad, const Floats & landmarks, const Array<std::uint8_t> & sources,
  const Floats & landmarks_m, const Array<double> & poses, const Floats & gazes_left,
  const Floats & gazes_right, const Floats & gaze_sigmas_rad, const Floats & errors_px,
  const Floats & jitters_px, const Floats & blendshapes)
{
  if (begun.size() < CdrWriter::kEncapsulationBytes) {
    throw py::value_error("a message begins with its encapsulation");
  }
  const auto count = static_cast<py::ssize_t>(names.size());
  const auto require_column = [&](const py::array & column, const char * name) {
      require_shape(column, name, {count});
    };
  require_column(states, "states");
  require_column(ages, "ages");
  require_column(scores, "scores");
  require_column(look_scores, "look_scores");
  require_column(look_ages, "look_ages");
  require_column(presences, "presences");
  require_shape(boxes, "boxes", {count, 4});
  require_shape(centres, "centres", {count, 2});
  require_shape(sizes_wh, "sizes_wh", {count, 2});
  require_column(rotations_rad, "rotations_rad");
  require_shape(landmarks, "landmarks", {count, kAny, 3});
  require_column(sources, "sources");
  require_shape(landmarks_m, "landmarks_m", {count, landmarks.shape(1), 3});
  require_shape(poses, "poses", {count, kAny});
  require_shape(gazes_left, "gazes_left", {count, 3});
  require_shape(gazes_right, "gazes_right", {count, 3});
  require_column(gaze_sigmas_rad, "gaze_sigmas_rad");
  require_column(errors_px, "errors_px");
  require_column(jitters_px, "jitters_px");
  require_shape(blendshapes, "blendshapes", {count, kAny});
  const auto numbers = static_cast<std::size_t>(3 * landmarks.shape(1));
  const auto pose_numbers = static_cast<std::size_t>(poses.shape(1));
  const auto expressions = static_cast<std::size_t>(blendshapes.shape(1));
  constexpr std::size_t kOthers = 256;  // bytes of a face: all else
  CdrWriter writer(
    begun, names.size() * (8 * numbers + 8 * pose_numbers + 4 * expressions + kOthers));
  for (py::ssize_t face = 0; face < count; ++face) {
    writer.text(names[static_cast<std::size_t>(face)]);
    writer.number(states.at(face));
    writer.number(ages.at(face));
    writer.number(scores.at(face));
    writer.number(look_scores.at(face));
    writer.number(look_ages.at(face));
    writer.number(presences.at(face));
    writer.numbers(boxes.data(face), 4);
    writer.numbers(centres.data(face), 2);
    writer.numbers(sizes_wh.data(face), 2);
    writer.number(rotations_rad.at(face));
    writer.number(static_cast<std::uint16_t>(landmarks.shape(1)));
    writer.sequence(landmarks.data(face), numbers);
    writer.number(sources.at(face));
    writer.sequence(landmarks_m.data(face), sources.at(face) ? numbers : 0);
    writer.numbers(poses.data(face), pose_numbers);
    writer.numbers(gazes_left.data(face), 3);
    writer.numbers(gazes_right.data(face), 3);
    writer.number(gaze_sigmas_rad.at(face));
    writer.number(errors_px.at(face));
    writer.number(jitters_px.at(face));
    writer.sequence(blendshapes.data(face), expressions);
  }
  return py::bytes(writer.bytes());
}

}  // namespace

void bind_messages(py::module_ & module)
{
  module.def(
    "faces_cdr", &faces_cdr, py::arg("begun"), py::arg("names"), py::arg("states"),
    py::arg("ages"), py::arg("scores"), py::arg("look_scores"), py::arg("look_ages"),
    py::arg("presences"), py::arg("boxes"), py::arg("centres"), py::arg("sizes_wh"),
    py::arg("rotations_rad"), py::arg("landmarks"), py::arg("sources"), py::arg("landmarks_m"),
    py::arg("poses"), py::arg("gazes_left"), py::arg("gazes_right"), py::arg("gaze_sigmas_rad"),
    py::arg("errors_px"), py::arg("jitters_px"), py::arg("blendshapes"),
    "See facemesh_ros.messages.face_messages.faces_cdr.");
}

}  // namespace facemesh
