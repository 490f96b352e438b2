#include "face_view.hpp"

#include <cmath>

namespace facemesh
{
namespace
{

// What px of landmarks are less than this from their mean, root mean square, is no face.
constexpr double kMinSpreadPx = 1e-3;

// Sum of squares about the mean.
struct Spread
{
  double sum = 0, squares = 0;

  void add(double value)
  {
    sum += value;
    squares += value * value;
  }
  double about_mean(double count) const {return squares - sum * sum / count;}
};

}  // namespace

std::optional<FaceView> FaceView::along_rays(
  const float * landmarks, const double * rays, int count)
{
  Vector3 middle{};
  for (int index = 0; index < count; ++index) {
    for (int axis = 0; axis < 3; ++axis) {middle[axis] += rays[3 * index + axis];}
  }
  const double norm = length(middle);
  const Vector3 ahead = {0, 0, 1};
  FaceView view{
    rotation_between(ahead, (1 / (norm > 0 ? norm : 1)) * middle),
    std::vector<double>(3 * count), rays, count, 0};
  const Matrix3 turn = transposed(view.rotation);
  double * xs = view.points.data(), * ys = xs + count, * zs = ys + count;
  Spread left, down, z, u, v;
  for (int index = 0; index < count; ++index, rays += 3, landmarks += 3) {
    const Vector3 turned = turn * Vector3{rays[0], rays[1], rays[2]};
    left.add(xs[index] = turned[0] / turned[2]);
    down.add(ys[index] = turned[1] / turned[2]);
    u.add(landmarks[0]);
    v.add(landmarks[1]);
    z.add(zs[index] = landmarks[2]);
  }
  const double in_image = u.about_mean(count) + v.about_mean(count);
  if (!(in_image > kMinSpreadPx * kMinSpreadPx * count) ||
    !std::isfinite(z.about_mean(count) + in_image))
  {
    return std::nullopt;
  }
  view.plane_per_px = std::sqrt((left.about_mean(count) + down.about_mean(count)) / in_image);
  for (int index = 0; index < count; ++index) {zs[index] *= view.plane_per_px;}
  return view;
}

}  // namespace facemesh
