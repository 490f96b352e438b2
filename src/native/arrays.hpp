// numpy arrays as the kernels take them.

#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace facemesh
{

namespace py = pybind11;

// Contiguous and of this type; another array is converted.
template<typename Number>
using Array = py::array_t<Number, py::array::c_style | py::array::forcecast>;

constexpr py::ssize_t kAny = -1;

// Throw ValueError unless an array has this shape.
inline void require_shape(
  const py::array & array, const char * name, const std::vector<py::ssize_t> & shape)
{
  bool is_same = array.ndim() == static_cast<py::ssize_t>(shape.size());
  for (std::size_t axis = 0; is_same && axis < shape.size(); ++axis) {
    is_same = shape[axis] == kAny || array.shape(static_cast<py::ssize_t>(axis)) == shape[axis];
  }
  if (!is_same) {
    throw py::value_error(
      std::string(name) + " has another shape than this takes: " +
      std::string(py::str(array.attr("shape"))));
  }
}

template<typename Number>
py::array_t<Number> new_array(std::vector<py::ssize_t> shape)
{
  return py::array_t<Number>(std::move(shape));
}

}  // namespace facemesh
