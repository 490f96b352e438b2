#include "track_traits.hpp"

#include <algorithm>
#include <cmath>

namespace facemesh
{
namespace
{

float area(const Box & box)
{
  return std::max(box[2] - box[0], 0.0f) * std::max(box[3] - box[1], 0.0f);
}

// √area, a pixel at least.
double size_of(const Box & box) {return std::sqrt(static_cast<double>(std::max(area(box), 1.0f)));}

// Intersection over the smaller box; 0 where that is empty.
float containment(const Box & one, const Box & other)
{
  const float width = std::max(std::min(one[2], other[2]) - std::max(one[0], other[0]), 0.0f);
  const float height = std::max(std::min(one[3], other[3]) - std::max(one[1], other[1]), 0.0f);
  const float smaller = std::min(area(one), area(other));
  return smaller > 0 ? width * height / smaller : 0;
}

// Half a pixel more and cut off is rounded; what lies outside is at the border.
int nearest(float position, int count)
{
  return static_cast<int>(
    std::min(std::max(position + 0.5f, 0.0f), static_cast<float>(count - 1)));
}

bool is_where_expected(const Box & expected, const Box & observed, double gate)
{
  const auto middle = [](const Box & box, int axis) {
      return (static_cast<double>(box[axis]) + box[axis + 2]) / 2;
    };
  const double size = size_of(expected);
  const double way = std::hypot(
    middle(observed, 0) - middle(expected, 0), middle(observed, 1) - middle(expected, 1));
  return way / size + std::abs(std::log(size_of(observed) / size)) <= gate;
}

float upper_median(std::vector<float> & values)
{
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void FaceTraits::measure(
  const StridedImage & image, const FaceParts & parts, const float * landmarks, int count) const
{
  double sums[2] = {};
  Box around = {landmarks[0], landmarks[1], landmarks[0], landmarks[1]};
  for (int index = 0; index < count; ++index) {
    for (int axis = 0; axis < 2; ++axis) {
      const float value = landmarks[3 * index + axis];
      sums[axis] += value;
      around[axis] = std::min(around[axis], value);
      around[axis + 2] = std::max(around[axis + 2], value);
    }
  }
  for (int axis = 0; axis < 2; ++axis) {centroid[axis] = sums[axis] / count;}
  std::copy(around.begin(), around.end(), box);
  const double size = size_of(around);
  const int chosen = parts.parts * parts.each;
  float * colours = appearance;
  for (int part = 0; part < parts.parts; ++part) {
    float levels[3] = {};
    for (int member = 0; member < parts.each; ++member) {
      const int at = part * parts.each + member;
      const float * xy = landmarks + 3 * parts.landmarks[at];
      for (int axis = 0; axis < 2; ++axis) {
        shape[axis * chosen + at] = static_cast<float>((xy[axis] - centroid[axis]) / size);
      }
      const std::uint8_t * pixel = image.pixels + nearest(xy[1], image.height) * image.row_stride +
        nearest(xy[0], image.width) * image.pixel_stride;
      for (int colour = 0; colour < 3; ++colour) {
        levels[colour] += pixel[image.order[colour] * image.channel_stride];
      }
    }
    for (const float level : levels) {
      *colours++ = std::log1p(level / static_cast<float>(parts.each));
    }
  }
}

bool are_unambiguous(
  const Box * expected, const Box * observed, std::size_t count, const AmbiguityLimits & limits)
{
  for (std::size_t one = 0; one < count; ++one) {
    if (!is_where_expected(expected[one], observed[one], limits.gate)) {return false;}
    for (std::size_t other = 0; other < count; ++other) {
      if (other == one) {continue;}
      const float nearness = std::max(
        {containment(expected[one], expected[other]), containment(expected[one], observed[other]),
          containment(observed[one], observed[other])});
      if (nearness > limits.containment) {return false;}
    }
  }
  return true;
}

AppearanceChange appearance_change(const float * before, const float * now, int parts)
{
  std::vector<float> largest(parts), relative(parts);
  float means[3] = {};
  for (int at = 0; at < 3 * parts; ++at) {means[at % 3] += now[at] - before[at];}
  for (float & mean : means) {mean /= static_cast<float>(parts);}
  for (int part = 0; part < parts; ++part) {
    for (int colour = 0; colour < 3; ++colour) {
      const float change = now[3 * part + colour] - before[3 * part + colour];
      largest[part] = std::max(largest[part], std::abs(change));
      relative[part] = std::max(relative[part], std::abs(change - means[colour]));
    }
  }
  return {upper_median(largest), upper_median(relative)};
}

}  // namespace facemesh
