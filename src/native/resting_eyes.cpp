#include <algorithm>

#include "gaze.hpp"

namespace facemesh
{
namespace
{

constexpr double kNsPerS = 1e9, kDegree = 3.14159265358979323846 / 180;
// How long one look lasts: images within it say the same.
constexpr double kLookS = 2;
// Eyes in the head: from look to look, and what somebody looks at for minutes.
constexpr LeftUp kLooksRad = {13 * kDegree, 9 * kDegree}, kLastingRad = {5 * kDegree, 4 * kDegree};
// Lids that are closer than this share of what is usual cover and drag down the irises of the
// mesh: a blink, not a look. A look 15° down closes them to two thirds.
constexpr double kBlink = 0.55, kOpeningS = 10;

}  // namespace

RestingEyes::RestingEyes(const DrawnIrises & drawn)
{
  for (int axis = 0; axis < 2; ++axis) {
    const double look = drawn.travel_m[axis] * kLooksRad[axis];
    const double lasting = drawn.travel_m[axis] * kLastingRad[axis];
    people_m2_[axis] = drawn.person_m[axis] * drawn.person_m[axis];
    looks_m2_[axis] = look * look;
    lasting_m2_[axis] = lasting * lasting;
  }
  variance_m2_ = people_m2_;
}

double RestingEyes::looks_since(std::int64_t stamp_ns)
{
  const auto before_ns = stamp_ns_;
  stamp_ns_ = stamp_ns;
  if (!before_ns) {return 0;}
  const double elapsed_s = static_cast<double>(stamp_ns - *before_ns) / kNsPerS;
  return std::clamp(elapsed_s / kLookS, 0.0, 1.0);
}

std::array<bool, 2> RestingEyes::see_lids(const std::array<double, 2> & openings, double looks)
{
  const double share = looks * kLookS / (kOpeningS + looks * kLookS);
  std::array<bool, 2> are_open;
  for (int eye = 0; eye < 2; ++eye) {
    const double usual = openings_[eye] != 0 ? openings_[eye] : openings[eye];
    openings_[eye] = usual + share * (openings[eye] - usual);
    are_open[eye] = openings[eye] > kBlink * openings_[eye];
  }
  return are_open;
}

void RestingEyes::see_irises(const LeftUp & seen_m, const LeftUp & noise_m2, double looks)
{
  for (int axis = 0; axis < 2; ++axis) {
    const double information = looks / (looks_m2_[axis] + noise_m2[axis]);
    information_[axis] += information;
    sums_[axis] += information * seen_m[axis];
    if (information_[axis] == 0) {continue;}
    const double variance = 1 / information_[axis] + lasting_m2_[axis];
    const double share = people_m2_[axis] / (people_m2_[axis] + variance);
    offset_m_[axis] = share * sums_[axis] / information_[axis];
    variance_m2_[axis] = share * variance;
  }
}

}  // namespace facemesh
