#include "face_identity.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace facemesh
{
namespace
{

constexpr double kDegree = 3.14159265358979323846 / 180;
// A landmark is 3 mm off, and so are the 100 about it: a view counts as few points, not as 468.
constexpr double kLandmarkSigmaM = 0.003, kCorrelatedLandmarks = 100;
// Views from about the same direction show the same errors, so they are one view, averaged.
constexpr double kCellRad = 15 * kDegree;
constexpr int kCellMemory = 30;  // views; older ones fade
// What a cell says fades while others are seen, so that a mistaken face is forgotten.
constexpr double kKeptPerView = 0.998;
// Views of a turned head show the landmark model's guess of the far side.
constexpr double kMaxViewAngleRad = 60 * kDegree;
// Rays do not tell a large face from a near one: size is held at the mean, and is a scale's affair.
constexpr double kSizeHeld = 1e6;
constexpr std::size_t kPose = 6;

std::pair<int, int> direction_of(const HeadPose & pose)
{
  const Vector3 sight = pose.sight();
  return {
    static_cast<int>(std::nearbyint(std::atan2(sight[1], sight[0]) / kCellRad)),
    static_cast<int>(std::nearbyint(std::asin(std::clamp(sight[2], -1.0, 1.0)) / kCellRad))};
}

// The information of the prior: variance 1, but size held at the mean.
std::vector<double> prior_of(const ShapeTables & shapes, std::size_t modes)
{
  std::vector<double> sizes(modes), prior(modes * modes);
  double square = 0;
  for (std::size_t mode = 0; mode < modes; ++mode) {
    const double * shape = shapes.modes_m.data() + 3 * kMeshLandmarks * mode;
    for (std::size_t at = 0; at < shapes.rigid.count(); ++at) {
      const int landmark = shapes.rigid.indices[at];
      for (int axis = 0; axis < 3; ++axis) {
        const int index = 3 * landmark + axis;
        sizes[mode] += shapes.rigid.weights[at] * shape[index] * shapes.mean_m[index];
      }
    }
    square += sizes[mode] * sizes[mode];
  }
  for (std::size_t row = 0; row < modes; ++row) {
    for (std::size_t column = 0; column < modes; ++column) {
      const double along = square > 0 ? sizes[row] * sizes[column] / square : 0;
      prior[row * modes + column] = (row == column) + kSizeHeld * along;
    }
  }
  return prior;
}

}  // namespace

FaceIdentity::FaceIdentity(std::shared_ptr<const ShapeTables> shapes)
: shapes_(std::move(shapes)), modes_(shapes_->eyeball_modes_m.size()),
  prior_(prior_of(*shapes_, modes_)),
  precision_(
    static_cast<double>(shapes_->rigid.count()) /
    (kCorrelatedLandmarks * kLandmarkSigmaM * kLandmarkSigmaM)),
  coefficients_(modes_), shape_m_(shapes_->mean_m), head_(shape_m_.data(), shapes_->rigid),
  eyeballs_m_(shapes_->eyeballs_m)
{
}

void FaceIdentity::learn(const FaceView & view, const HeadFit & fit)
{
  if (modes_ == 0 || fit.pose.view_angle_rad() > kMaxViewAngleRad) {return;}
  for (auto & entry : cells_) {entry.second.weight *= kKeptPerView;}
  cells_[direction_of(fit.pose)].add(seen(view, fit));
  estimate();
  shape_m_ = shapes_->mean_m;
  eyeballs_m_ = shapes_->eyeballs_m;
  for (std::size_t mode = 0; mode < modes_; ++mode) {
    const double coefficient = coefficients_[mode];
    const double * shape = shapes_->modes_m.data() + 3 * kMeshLandmarks * mode;
    for (std::size_t index = 0; index < shape_m_.size(); ++index) {
      shape_m_[index] += coefficient * shape[index];
    }
    for (std::size_t eye = 0; eye < 2; ++eye) {
      eyeballs_m_[eye] = eyeballs_m_[eye] + coefficient * shapes_->eyeball_modes_m[mode][eye];
    }
  }
  head_ = HeadShape(shape_m_.data(), shapes_->rigid);
}

void FaceIdentity::Cell::add(const std::vector<double> & seen)
{
  information.resize(seen.size());
  views = std::min(views + 1, kCellMemory);
  for (std::size_t index = 0; index < seen.size(); ++index) {
    information[index] += (seen[index] - information[index]) / views;
  }
  weight = 1;
}

// From one direction alone a person's shape looks like the landmark model's own error there. So of
// n directions n - 1 count.
void FaceIdentity::estimate()
{
  double total = 0;
  for (const auto & entry : cells_) {total += entry.second.weight;}
  const double trust = std::max(0.0, 1 - 1 / total);
  const std::size_t width = modes_ + 1;
  std::vector<double> equations(modes_ * width);
  for (const auto & entry : cells_) {
    for (std::size_t index = 0; index < equations.size(); ++index) {
      equations[index] += trust * entry.second.weight * entry.second.information[index];
    }
  }
  for (std::size_t row = 0; row < modes_; ++row) {
    for (std::size_t column = 0; column < modes_; ++column) {
      equations[row * width + column] += prior_[row * modes_ + column];
    }
  }
  solve(equations.data(), static_cast<int>(modes_), 1);
  for (std::size_t row = 0; row < modes_; ++row) {
    coefficients_[row] = equations[row * width + modes_];
  }
}

// What one view says of the coefficients, the pose eliminated.
std::vector<double> FaceIdentity::seen(const FaceView & view, const HeadFit & fit) const
{
  const RigidLandmarks & rigid = shapes_->rigid;
  const std::size_t unknowns = kPose + modes_, width = unknowns + 1;
  std::vector<double> weights, residuals(2 * rigid.count());
  rigid.seen_from(fit.pose.sight(), weights);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    for (std::size_t at = 0; at < rigid.count(); ++at) {
      residuals[axis * rigid.count() + at] =
        fit.residuals_m[axis * kMeshLandmarks + rigid.indices[at]];
    }
  }
  weigh_robustly(weights, residuals.data());
  // The normal equations of pose and modes, and the gradient in one column more.
  std::vector<double> normal(unknowns * width), row(width);
  std::vector<Vector3> moves(unknowns);
  moves[0] = {1, 0, 0};
  moves[1] = {0, 1, 0};
  moves[2] = {0, 0, 1};
  for (std::size_t at = 0; at < rigid.count(); ++at) {
    const int landmark = rigid.indices[at];
    const auto [x, y, z] = fit.pose.rotation * head_.point(landmark);
    moves[3] = {0, -z, y};
    moves[4] = {z, 0, -x};
    moves[5] = {-y, x, 0};
    for (std::size_t mode = 0; mode < modes_; ++mode) {
      const double * shape = shapes_->modes_m.data() + 3 * (kMeshLandmarks * mode + landmark);
      moves[kPose + mode] = fit.pose.rotation * Vector3{shape[0], shape[1], shape[2]};
    }
    for (int axis = 0; axis < 2; ++axis) {
      const double seen_at = view.points[axis * view.count + landmark];
      for (std::size_t k = 0; k < unknowns; ++k) {row[k] = moves[k][axis] - seen_at * moves[k][2];}
      row[unknowns] = residuals[axis * rigid.count() + at];
      for (std::size_t k = 0; k < unknowns; ++k) {
        const double weighed = weights[at] * precision_ * row[k];
        for (std::size_t l = k; l < width; ++l) {normal[k * width + l] += weighed * row[l];}
      }
    }
  }
  for (std::size_t k = 0; k < unknowns; ++k) {
    for (std::size_t l = 0; l < k; ++l) {normal[k * width + l] = normal[l * width + k];}
    for (std::size_t mode = 0; mode < modes_; ++mode) {
      normal[k * width + unknowns] -= normal[k * width + kPose + mode] * coefficients_[mode];
    }
  }
  std::vector<double> pose(normal.begin(), normal.begin() + kPose * width);
  solve(pose.data(), kPose, static_cast<int>(modes_ + 1));
  std::vector<double> information(modes_ * (modes_ + 1));
  for (std::size_t mode = 0; mode < modes_; ++mode) {
    const double * own = normal.data() + (kPose + mode) * width;
    for (std::size_t other = 0; other <= modes_; ++other) {
      double value = own[kPose + other];
      for (std::size_t k = 0; k < kPose; ++k) {value -= own[k] * pose[k * width + kPose + other];}
      information[mode * (modes_ + 1) + other] = other < modes_ ? value : -value;
    }
  }
  return information;
}

}  // namespace facemesh
