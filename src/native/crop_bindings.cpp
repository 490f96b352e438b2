#include "arrays.hpp"
#include "bindings.hpp"
#include "crop.hpp"

namespace facemesh
{
namespace
{

using Pixels = py::array_t<std::uint8_t>;

bool has_packed_rows(const Pixels & pixels)
{
  const auto channels = pixels.ndim() == 3 ? pixels.shape(2) : 1;
  return pixels.strides(1) == channels && (pixels.ndim() == 2 || pixels.strides(2) == 1);
}

Pixels with_packed_rows(const Pixels & pixels)
{
  if (pixels.ndim() != 2 && pixels.ndim() != 3) {
    throw py::value_error("an image has two or three axes");
  }
  return has_packed_rows(pixels) ? pixels : Pixels(Array<std::uint8_t>(pixels));
}

Image image_of(const Pixels & pixels, bool is_blue_first)
{
  const auto channels = pixels.ndim() == 3 ? pixels.shape(2) : 1;
  if (channels != 1 && channels != 3 && channels != 4) {
    throw py::value_error("an image has one, three or four channels");
  }
  if (pixels.size() == 0) {
    throw py::value_error("an image has pixels");
  }
  return {
    pixels.data(), pixels.strides(0), static_cast<int>(pixels.shape(1)),
    static_cast<int>(pixels.shape(0)), static_cast<int>(channels), is_blue_first};
}

py::array_t<float> crops_of(py::ssize_t count, py::ssize_t size)
{
  return new_array<float>({count, size, size, 3});
}

py::tuple py_affine_samples(const Array<double> & maps, int size)
{
  require_shape(maps, "maps", {kAny, 2, 3});
  const auto count = maps.shape(0);
  auto columns = new_array<float>({count, 1, size, 2}), rows = new_array<float>({count, size, 1, 2});
  for (py::ssize_t index = 0; index < count; ++index) {
    affine_samples(
      maps.data(index), size, columns.mutable_data(index), rows.mutable_data(index));
  }
  return py::make_tuple(columns, rows);
}

py::array_t<float> sample_maps(
  const Pixels & given, const Array<double> & maps, int size, float scale, float low,
  bool is_black_outside, bool is_blue_first)
{
  require_shape(maps, "maps", {kAny, 2, 3});
  const Pixels pixels = with_packed_rows(given);
  const Image image = image_of(pixels, is_blue_first);
  const CropStyle style{size, scale, low, is_black_outside};
  const auto count = maps.shape(0);
  auto crops = crops_of(count, size);
  const double * map = maps.data();
  float * crop = crops.mutable_data();
  const py::gil_scoped_release released;
  std::vector<float> columns(2 * size), rows(2 * size);
  for (py::ssize_t index = 0; index < count; ++index, map += 6, crop += 3 * size * size) {
    affine_samples(map, size, columns.data(), rows.data());
    sample_affine(image, style, columns.data(), rows.data(), crop);
  }
  return crops;
}

py::array_t<float> sample_positions(
  const Pixels & given, const Array<std::int32_t> & grid, float scale, float low,
  bool is_black_outside, bool is_blue_first)
{
  require_shape(grid, "grid", {kAny, grid.ndim() ? grid.shape(0) : 0, 2});
  const int size = static_cast<int>(grid.shape(0));
  const Pixels pixels = with_packed_rows(given);
  const Image image = image_of(pixels, is_blue_first);
  auto crops = crops_of(1, size);
  const std::int32_t * positions = grid.data();
  float * crop = crops.mutable_data();
  const py::gil_scoped_release released;
  sample_grid(image, {size, scale, low, is_black_outside}, positions, crop);
  return crops;
}

// How many values of any layout exceed a level.
std::int64_t count_above(const py::array_t<std::uint8_t> & values, int level)
{
  if (values.ndim() != 2 && values.ndim() != 3) {
    throw py::value_error("an image has two or three axes");
  }
  const bool has_channels = values.ndim() == 3;
  const auto channels = has_channels ? values.shape(2) : 1;
  const auto channel_stride = has_channels ? values.strides(2) : 0;
  std::int64_t count = 0;
  for (py::ssize_t row = 0; row < values.shape(0); ++row) {
    const std::uint8_t * pixel = values.data() + row * values.strides(0);
    for (py::ssize_t column = 0; column < values.shape(1); ++column) {
      for (py::ssize_t channel = 0; channel < channels; ++channel) {
        count += pixel[channel * channel_stride] > level;
      }
      pixel += values.strides(1);
    }
  }
  return count;
}

}  // namespace

void bind_crops(py::module_ & module)
{
  module.def(
    "affine_samples", &py_affine_samples, py::arg("maps"), py::arg("size"),
    "See facemesh_ros.image.crop.affine_samples.");
  module.def(
    "count_above", &count_above, py::arg("values"), py::arg("level"),
    "See facemesh_ros.image.crop.brightened.");
  module.def(
    "sample_maps", &sample_maps, py::arg("image"), py::arg("maps"), py::arg("size"),
    py::arg("scale"), py::arg("low"), py::arg("is_black_outside"), py::arg("is_blue_first"),
    "See facemesh_ros.image.crop.crop_maps.");
  module.def(
    "sample_positions", &sample_positions, py::arg("image"), py::arg("grid"), py::arg("scale"),
    py::arg("low"), py::arg("is_black_outside"), py::arg("is_blue_first"),
    "See facemesh_ros.image.crop.crop_whole.");
}

}  // namespace facemesh
