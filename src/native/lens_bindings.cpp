#include <cmath>
#include <complex>

#include "arrays.hpp"
#include "bindings.hpp"

#include <pybind11/complex.h>

namespace facemesh
{
namespace
{

using Complex = std::complex<double>;

// The axes of an array but the last one, which has `last` numbers; and others after them.
std::vector<py::ssize_t> points_of(const Array<double> & array, py::ssize_t last)
{
  if (array.ndim() == 0 || array.shape(array.ndim() - 1) != last) {
    throw py::value_error("pixels has another shape than this takes");
  }
  return {array.shape(), array.shape() + array.ndim() - 1};
}

py::array_t<Complex> plane_from_pixels(
  const Array<double> & pixels, double fx, double fy, double cx, double cy)
{
  auto plane = new_array<Complex>(points_of(pixels, 2));
  const double * pixel = pixels.data();
  Complex * point = plane.mutable_data();
  const double across = 1 / fx, down = 1 / fy;
  for (py::ssize_t index = 0; index < plane.size(); ++index, pixel += 2) {
    point[index] = {(pixel[0] - cx) * across, (pixel[1] - cy) * down};
  }
  return plane;
}

py::array_t<double> pinhole_rays(const Array<Complex> & plane)
{
  std::vector<py::ssize_t> shape(plane.shape(), plane.shape() + plane.ndim());
  shape.push_back(3);
  auto rays = new_array<double>(shape);
  const Complex * point = plane.data();
  double * ray = rays.mutable_data();
  for (py::ssize_t index = 0; index < plane.size(); ++index) {
    const double x = point[index].real(), y = point[index].imag();
    const double norm = 1 / std::sqrt(1 + (x * x + y * y));
    *ray++ = x * norm;
    *ray++ = y * norm;
    *ray++ = norm;
  }
  return rays;
}

}  // namespace

void bind_lenses(py::module_ & module)
{
  module.def(
    "plane_from_pixels", &plane_from_pixels, py::arg("pixels"), py::arg("fx"), py::arg("fy"),
    py::arg("cx"), py::arg("cy"),
    "See facemesh_ros.geometry.camera.CalibratedCamera.rays_from_pixels.");
  module.def(
    "pinhole_rays", &pinhole_rays, py::arg("plane"),
    "See facemesh_ros.geometry.lens.PinholeLens.");
}

}  // namespace facemesh
