#include "posed_face.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace facemesh
{
namespace
{

constexpr double kDegree = 3.14159265358979323846 / 180;
constexpr double kYawOnsetRad = 30 * kDegree;
// Beyond, little was measured, and a pose that is wrong must not be turned farther.
constexpr double kYawFadeRad = 80 * kDegree, kPitchFadeRad = 50 * kDegree;
// From an eyeball's centre of rotation to the rim of the iris; see geometry/shape_model.py.
constexpr double kIrisDistanceM = 0.0105;
// Calibrated on poses that are known (docs/geometry.md); the growth is by the view angle, rad.
constexpr double kTurnSigmaRad = 2.1 * kDegree, kTurnSigmaGrowth = 0.045;
constexpr double kRollSigmaRad = 1.2 * kDegree;
constexpr double kAcrossSigmaM = 0.0018, kAcrossSigmaGrowth = 0.0013;

double fading(double angle, double scale)
{
  const double ratio = angle / scale;
  return std::exp(-(ratio * ratio) * (ratio * ratio));
}

// How far along a ray the near side of an eyeball is, or the nearest to it.
double range_of_iris(const Vector3 & ray, const Vector3 & centre_m)
{
  const double along = dot(ray, centre_m);
  const double near = along * along + (kIrisDistanceM * kIrisDistanceM - dot(centre_m, centre_m));
  return along - std::sqrt(std::max(near, 0.0));
}

// Write the observed landmarks, each on its own ray. How far along it is the mesh's z, as
// expressions move it, once the mesh is turned as the head is and put where the head is: the
// landmark model sees a turned head too frontal in z, too.
//
// pose: in the optical frame of the view. eyeballs_m: in that of the camera.
void write_landmarks_on_rays(
  const FaceView & view, const HeadPose & pose, const HeadShape & head,
  const RigidLandmarks & landmarks, const std::array<Vector3, 2> & eyeballs_m, double * points_m)
{
  const Vector3 along = pose.rotation[2];
  const double middle = dot(along, head.middle_m) + pose.position_m[2];
  const double * xs = view.points.data(), * ys = xs + view.count, * zs = ys + view.count;
  std::vector<Vector3> mesh(kMeshLandmarks);
  for (int k = 0; k < kMeshLandmarks; ++k) {
    const double perspective = (dot(along, head.point(k)) + pose.position_m[2]) / middle;
    mesh[k] = {xs[k] * middle * perspective, ys[k] * middle * perspective, zs[k] * middle};
  }
  Matrix3 moments{};
  Vector3 mean{};
  for (std::size_t at = 0; at < landmarks.count(); ++at) {
    const Vector3 & q = mesh[landmarks.indices[at]];
    mean = mean + landmarks.weights[at] * q;
    for (int row = 0; row < 3; ++row) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        moments[row][axis] += q[row] * head.weighed_m[axis * landmarks.count() + at];
      }
    }
  }
  const Vector3 toward = rotation_by_moments(moments).first * along;
  const double offset = middle - dot(toward, mean);
  const Vector3 ahead = column(view.rotation, 2);
  for (int k = 0; k < view.count; ++k) {
    const Vector3 ray = {view.rays[3 * k], view.rays[3 * k + 1], view.rays[3 * k + 2]};
    const double range = k < kMeshLandmarks ?
      (dot(toward, mesh[k]) + offset) / dot(ray, ahead) :
      range_of_iris(ray, eyeballs_m[k < kMeshLandmarks + kIrisLandmarks / 2 ? 0 : 1]);
    for (int axis = 0; axis < 3; ++axis) {*points_m++ = ray[axis] * range;}
  }
}

}  // namespace

HeadPose ViewAngleCorrection::apply(const HeadPose & pose) const
{
  const Vector3 seen = pose.sight();
  double azimuth = std::atan2(seen[1], seen[0]);
  double elevation = std::asin(std::clamp(seen[2], -1.0, 1.0));
  const double square = azimuth * azimuth;
  const double turning = square / (square + kYawOnsetRad * kYawOnsetRad);
  azimuth *= 1 + yaw_gain * turning * fading(azimuth, kYawFadeRad);
  elevation *= 1 + pitch_gain * fading(elevation, kPitchFadeRad);
  const double level = std::cos(elevation);
  const Vector3 corrected = {
    level * std::cos(azimuth), level * std::sin(azimuth), std::sin(elevation)};
  const Matrix3 rotation = pose.rotation * rotation_between(corrected, seen);
  const Vector3 forward = column(rotation, 0);
  const Vector3 position =
    pose.position_m + pivot_depth_m * (forward - column(pose.rotation, 0));
  const double cosine = -dot(position, forward) / length(position);
  return {rotation, (1 + distance_gain * (1 - cosine)) * position};
}

std::optional<PosedFace> pose_face(
  FaceIdentity & person, const float * landmarks, const double * rays, int count,
  const ViewAngleCorrection & correction, bool learns, const FitLimits & limits,
  double * landmarks_m)
{
  const auto view = FaceView::along_rays(landmarks, rays, count);
  if (!view) {return std::nullopt;}
  const RigidLandmarks & rigid = person.landmarks();
  const HeadFit fit = fit_head(*view, person.head(), rigid, limits);
  const HeadPose in_view = correction.apply(fit.pose_at_sellion());
  const HeadPose pose = in_view.turned(view->rotation);
  const auto & eyeballs_m = person.eyeballs_m();
  write_landmarks_on_rays(
    *view, in_view, person.head(), rigid,
    {pose.in_optical_frame(eyeballs_m[0]), pose.in_optical_frame(eyeballs_m[1])}, landmarks_m);
  const double error_px = fit.reprojection_error_px(*view);
  if (learns) {person.learn(*view, fit);}
  return PosedFace{pose, pose.view_angle_rad(), error_px};
}

std::array<double, 36> pose_covariance(const HeadPose & pose, double range_sigma)
{
  const Vector3 & p = pose.position_m;
  const double square = dot(p, p), angle = pose.view_angle_rad();
  const double turn = kTurnSigmaRad + kTurnSigmaGrowth * angle;
  const double shift = kAcrossSigmaM + kAcrossSigmaGrowth * angle;
  const double along_position = range_sigma * range_sigma * square - shift * shift;
  const double along_rotation = kRollSigmaRad * kRollSigmaRad - turn * turn;
  std::array<double, 36> covariance{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      const double along = p[row] * (p[column] / square);
      covariance[6 * row + column] = along_position * along;
      covariance[6 * (row + 3) + column + 3] = along_rotation * along;
    }
    covariance[7 * row] += shift * shift;
    covariance[7 * (row + 3)] += turn * turn;
  }
  return covariance;
}

}  // namespace facemesh
