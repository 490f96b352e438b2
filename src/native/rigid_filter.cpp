#include "rigid_filter.hpp"

#include <algorithm>
#include <utility>

namespace facemesh
{
namespace
{

// Height and width of a face in distances between outer eye corners.
constexpr double kFacePerEyeDistance = 1.8;

// Map landmarks, px, to head coordinates, x = A⁻¹ (y − b), in place.
void to_head(std::vector<double> & planes, const HeadAlignment & head)
{
  const std::size_t count = planes.size() / 3;
  double * xs = planes.data(), * ys = xs + count, * zs = ys + count;
  const auto & [a, b, c] = head.inverse;
  const double bx = head.affine[0][3], by = head.affine[1][3], bz = head.affine[2][3];
  for (std::size_t index = 0; index < count; ++index) {
    const double x = xs[index] - bx, y = ys[index] - by, z = zs[index] - bz;
    xs[index] = a[0] * x + a[1] * y + a[2] * z;
    ys[index] = b[0] * x + b[1] * y + b[2] * z;
    zs[index] = c[0] * x + c[1] * y + c[2] * z;
  }
}

// Write a shape in head coordinates as landmarks, y = A x + b, L x 3 px.
void write_landmarks(const std::vector<double> & shape, const Affine & affine, float * landmarks)
{
  const std::size_t count = shape.size() / 3;
  const double * xs = shape.data(), * ys = xs + count, * zs = ys + count;
  for (std::size_t index = 0; index < count; ++index) {
    for (const auto & row : affine) {
      *landmarks++ = static_cast<float>(
        row[0] * xs[index] + row[1] * ys[index] + row[2] * zs[index] + row[3]);
    }
  }
}

std::vector<double> chosen(const std::vector<double> & planes, const std::vector<int> & indices)
{
  const std::size_t count = planes.size() / 3;
  std::vector<double> values(3 * indices.size());
  double * value = values.data();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double * plane = planes.data() + axis * count;
    for (const int index : indices) {*value++ = plane[index];}
  }
  return values;
}

Motion scaled(Motion motion, double factor)
{
  for (double & value : motion) {value *= factor;}
  return motion;
}

}  // namespace

RigidFilter::RigidFilter(CanonicalFit canonical, LandmarkGroups groups, RigidSettings settings)
: canonical_(std::move(canonical)), groups_(std::move(groups)), settings_(settings),
  planes_(3 * groups_.group_of_landmark.size())
{
}

void RigidFilter::update(
  const std::int64_t * ids, const float * landmarks, std::int64_t count, std::int64_t stamp_ns,
  float * filtered)
{
  const std::size_t numbers = planes_.size();
  for (std::int64_t face = 0; face < count; ++face) {
    if (!update_one(ids[face], landmarks, stamp_ns, filtered)) {
      std::copy_n(landmarks, numbers, filtered);
    }
    landmarks += numbers;
    filtered += numbers;
  }
  tracks_.end_old(stamp_ns);
}

bool RigidFilter::update_one(
  std::int64_t id, const float * landmarks, std::int64_t stamp_ns, float * filtered)
{
  const std::size_t count = groups_.group_of_landmark.size();
  // Coordinate by coordinate, so that all that follows runs along contiguous landmarks.
  for (std::size_t index = 0; index < count; ++index, landmarks += 3) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      planes_[axis * count + index] = landmarks[axis];
    }
  }
  const HeadAlignment head = align_head(canonical_, planes_.data(), static_cast<int>(count));
  if (!head.is_solid) {return false;}
  to_head(planes_, head);
  std::vector<double> skin = chosen(planes_, groups_.skin);
  const double size = head.eye_distance_px, margin = settings_.noise_margin;
  const FacePosition position{head.affine[0][3], head.affine[1][3], kFacePerEyeDistance * size};
  const auto [face, starts, elapsed_s] = tracks_.resume(id, position, stamp_ns);
  if (starts) {
    face.noise.start(skin, size);
    face.motion.start(head, scaled(face.noise.of_head(), margin));
    face.shape.start(planes_, groups_.counts.size());
  }
  face.noise.update(std::move(skin), head, elapsed_s);
  face.motion.update(head, scaled(face.noise.of_head(), margin), elapsed_s);
  face.shape.update(
    planes_, head, margin * face.noise.deviation * size, groups_, elapsed_s,
    settings_.rest_time_s, face.motion.has_stopped);
  write_landmarks(face.shape.means, face.motion.affine, filtered);
  return true;
}

}  // namespace facemesh
