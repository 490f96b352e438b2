#include <algorithm>
#include <cstdlib>
#include <limits>

#include "arrays.hpp"
#include "bindings.hpp"

namespace facemesh
{
namespace
{

// Whether a cell's middle lies in one of the boxes.
bool is_within(const Array<float> & boxes, double x, double y)
{
  for (py::ssize_t index = 0; index < boxes.shape(0); ++index) {
    const float * box = boxes.data(index);
    if (x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]) {return true;}
  }
  return false;
}

// Width times height.
float area(float width, float height) {return std::max(width, 0.0f) * std::max(height, 0.0f);}

float area(const float * box) {return area(box[2] - box[0], box[3] - box[1]);}

py::tuple overlaps(const Array<float> & boxes, const Array<float> & others)
{
  require_shape(boxes, "boxes", {kAny, 4});
  require_shape(others, "others", {kAny, 4});
  const auto count = boxes.shape(0), columns = others.shape(0);
  auto ious = new_array<float>({count, columns}), parts = new_array<float>({count, columns});
  float * iou = ious.mutable_data(), * part = parts.mutable_data();
  // Where a divisor is 0 nothing is shared; any other will do.
  constexpr float kSmallest = std::numeric_limits<float>::denorm_min();
  for (py::ssize_t row = 0; row < count; ++row) {
    const float * one = boxes.data(row);
    for (py::ssize_t column = 0; column < columns; ++column) {
      const float * other = others.data(column);
      const float shared = area(
        std::min(one[2], other[2]) - std::max(one[0], other[0]),
        std::min(one[3], other[3]) - std::max(one[1], other[1]));
      const float areas[2] = {area(one), area(other)};
      *iou++ = shared / std::max(areas[0] + areas[1] - shared, kSmallest);
      *part++ = shared / std::max(std::min(areas[0], areas[1]), kSmallest);
    }
  }
  return py::make_tuple(ious, parts);
}

// Whether cells, the first of which begins at x, y px, differ outside of the boxes.
bool cells_differ(
  const Array<std::uint8_t> & cells, const Array<std::uint8_t> & others,
  const Array<float> & boxes, double x, double y, double cell, int max_change)
{
  if (cells.ndim() != 2 && cells.ndim() != 3) {
    throw py::value_error("cells have two or three axes");
  }
  require_shape(others, "others", {cells.shape(), cells.shape() + cells.ndim()});
  require_shape(boxes, "boxes", {kAny, 4});
  const py::ssize_t columns = cells.shape(1), channels = cells.ndim() == 3 ? cells.shape(2) : 1;
  const std::uint8_t * now = cells.data(), * before = others.data();
  for (py::ssize_t row = 0; row < cells.shape(0); ++row) {
    for (py::ssize_t column = 0; column < columns; ++column) {
      int change = 0;
      for (py::ssize_t channel = 0; channel < channels; ++channel) {
        change = std::max(change, std::abs(int{*now++} - int{*before++}));
      }
      if (change > max_change &&
        !is_within(
          boxes, x + cell * (static_cast<double>(column) + 0.5),
          y + cell * (static_cast<double>(row) + 0.5)))
      {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

void bind_detection(py::module_ & module)
{
  module.def(
    "overlaps", &overlaps, py::arg("boxes"), py::arg("others"),
    "See facemesh_ros.geometry.boxes.overlaps.");
  module.def(
    "cells_differ", &cells_differ, py::arg("cells"), py::arg("others"), py::arg("boxes"),
    py::arg("x"), py::arg("y"), py::arg("cell"), py::arg("max_change"),
    "See facemesh_ros.detection.seen_windows.");
}

}  // namespace facemesh
