#include "gaze.hpp"

#include <algorithm>
#include <cmath>

namespace facemesh
{
namespace
{

constexpr double kDegree = 3.14159265358979323846 / 180;
// Of the right and the left eye: centre and ring of the iris, two across and two down,
// alternating; outer and inner corner; middle of the upper and of the lower lid.
constexpr int kEyes[2][9] = {
  {468, 469, 470, 471, 472, 33, 133, 159, 145}, {473, 474, 475, 476, 477, 263, 362, 386, 374}};
constexpr int kIris = 5, kOuter = 5, kInner = 6;
// From an eyeball's centre of rotation to the rim of the iris; see geometry/shape_model.py.
constexpr double kIrisDistanceM = 0.0105;
constexpr double kEyeInHeadRad = 13 * kDegree;  // for more, people turn the head
// An iris of this diameter counts half of a large one, a smaller one less by the sixth power: 8 px
// through a real lens and a video's compression say little.
constexpr double kSmallIrisPx = 11;
// Variance by the square of the tangent of the view: how deep eyeballs lie differs by 1.1 mm.
constexpr double kOblique = 2;
// Of the head's direction and the eyes' common errors; more of it at right angles to the sight.
constexpr double kHeadRad = 2 * kDegree, kObliqueHeadRad = 4 * kDegree;
constexpr double kMinIrisPx = 6;
constexpr double kMinOpening = 0.1;  // between the lids, of the distance of the corners
constexpr double kMinFacing = 0.3420201433256687;  // cos 70°: beyond, nose and temple hide an eye
constexpr double kMaxSine = 0.9;
// An eye's opening faces outward by 20°.
constexpr Vector3 kOutward[2] = {{0.94, -0.34, 0.0}, {0.94, 0.34, 0.0}};

Vector3 row_of(const double * rows, int index)
{
  return {rows[3 * index], rows[3 * index + 1], rows[3 * index + 2]};
}

double distance_px(const float * landmarks, int one, int other)
{
  const double x = static_cast<double>(landmarks[3 * one]) - landmarks[3 * other];
  const double y = static_cast<double>(landmarks[3 * one + 1]) - landmarks[3 * other + 1];
  return std::hypot(x, y);
}

// Of an eye, px: the iris across, between the lids, between the corners.
struct Spans
{
  double diameter, opening, width;
};

Spans spans_of(const float * landmarks, const int * eye)
{
  return {
    std::max(
      distance_px(landmarks, eye[1], eye[3]), distance_px(landmarks, eye[2], eye[4])),
    distance_px(landmarks, eye[7], eye[8]),
    std::max(distance_px(landmarks, eye[kOuter], eye[kInner]), 1e-9)};
}

// What an eye counts, 1 for a large iris; 0 if it cannot be seen.
double weight_of(const Spans & spans, double facing, double frontal)
{
  if (spans.diameter < kMinIrisPx || spans.opening < kMinOpening * spans.width ||
    facing < kMinFacing)
  {
    return 0;
  }
  const double inner = std::max(frontal, kMinFacing), oblique = 1 / (inner * inner) - 1;
  const double cube = std::pow(kSmallIrisPx / spans.diameter, 3);
  return 1 / ((1 + cube * cube) / (facing * facing) + kOblique * oblique);
}

// The unit vector in face axes of an eye turned by these sines.
Vector3 direction_of(double left, double up)
{
  const double shorter = std::min(1.0, kMaxSine / std::max(std::hypot(left, up), 1e-9));
  left *= shorter;
  up *= shorter;
  return {std::sqrt(1 - left * left - up * up), left, up};
}

}  // namespace

SeenIrises see_irises(const FaceWithEyes & face, const DrawnIrises & drawn)
{
  const Matrix3 face_from_optical = transposed(face.pose.rotation);
  const Vector3 position = face_from_optical * face.pose.position_m;
  SeenIrises seen{};
  for (int eye = 0; eye < 2; ++eye) {
    Vector3 moved{}, towards{};
    for (const int corner : {kOuter, kInner}) {
      const int landmark = kEyes[eye][corner];
      const Vector3 at = row_of(face.shape_m, landmark) + position;
      const Vector3 ray = face_from_optical * row_of(face.rays, landmark);
      moved = moved + 0.5 * (dot(ray, at) * ray - at);
    }
    for (int k = 0; k < kIris; ++k) {towards = towards + row_of(face.rays, kEyes[eye][k]);}
    towards = face_from_optical * towards;
    towards = (1 / length(towards)) * towards;
    const Vector3 rest = {drawn.rest_forward_m, 0, drawn.rest_up_m};
    const Vector3 centre = face.eyeballs_m[eye] + position + rest + moved;
    const Vector3 across = dot(towards, centre) * towards - centre;
    const double depth =
      std::sqrt(std::max(kIrisDistanceM * kIrisDistanceM - dot(across, across), 0.0));
    const Vector3 iris = across - depth * towards;
    seen.towards[eye] = towards;
    // The view from above is minus that.
    seen.displacements_m[eye] = {iris[1], iris[2] + drawn.view_m * towards[2]};
  }
  return seen;
}

// With m the mean displacement of both irises, of variance v = noise² / Σ w, t their travel by the
// sine of the eyes' turn in the head, b with variance u where they rest, and prior variance p
// about straight ahead: s = t (m - b) / (t² + (v + u) / p), each to the left and up.
Gaze estimate_gaze(
  const FaceWithEyes & face, const float * landmarks, const DrawnIrises & drawn,
  RestingEyes & resting, std::int64_t stamp_ns)
{
  const double looks = resting.looks_since(stamp_ns);
  const SeenIrises seen = see_irises(face, drawn);
  const Spans spans[2] = {spans_of(landmarks, kEyes[0]), spans_of(landmarks, kEyes[1])};
  const auto are_open = resting.see_lids(
    {spans[0].opening / spans[0].width, spans[1].opening / spans[1].width}, looks);
  double weights[2], total = 0;
  for (int eye = 0; eye < 2; ++eye) {
    const Vector3 & towards = seen.towards[eye];
    weights[eye] = are_open[eye] ?
      weight_of(spans[eye], -dot(towards, kOutward[eye]), -towards[0]) : 0;
    total += weights[eye];
  }
  if (total == 0) {return {{}, {false, false}, std::nan("")};}
  LeftUp mean_m, noise_m2, sines;
  double variance = 0;
  for (int axis = 0; axis < 2; ++axis) {
    mean_m[axis] = (weights[0] * seen.displacements_m[0][axis] +
      weights[1] * seen.displacements_m[1][axis]) / total;
    noise_m2[axis] = drawn.noise_m[axis] * drawn.noise_m[axis] / total;
    const double travel = drawn.travel_m[axis];
    const double own = noise_m2[axis] + resting.variance_m2()[axis];
    const double information = 1 / (kEyeInHeadRad * kEyeInHeadRad) + travel * travel / own;
    sines[axis] = (mean_m[axis] - resting.offset_m()[axis]) * travel / own / information;
    variance += 0.5 / information;
  }
  resting.see_irises(mean_m, noise_m2, looks);
  const double head_rad = kHeadRad + kObliqueHeadRad * std::sin(face.pose.view_angle_rad());
  return {
    face.pose.rotation * direction_of(sines[0], sines[1]), {weights[0] > 0, weights[1] > 0},
    std::sqrt(variance + head_rad * head_rad)};
}

}  // namespace facemesh
