// The canonical face fitted to landmarks: it splits them into a head pose and a face shape.

#pragma once

#include <array>
#include <vector>

namespace facemesh
{

constexpr int kMeshLandmarks = 468;
// Of a head's motion, see `coordinates_of_change`.
constexpr int kCoordinates = 12;

using Affine = std::array<std::array<double, 4>, 3>;  // [A | b], px
using Matrix3 = std::array<std::array<double, 3>, 3>;
using Motion = std::array<double, kCoordinates>;

// The least squares against the canonical face, prepared.
struct CanonicalFit
{
  std::vector<double> fit;  // 468 x 4, maps the landmarks of a face to its affine map
  std::array<double, 3> extents_m;  // root mean square of the face along each axis
  double eye_distance_m;  // between the outer eye corners
};

// Affine map y = A x + b of a head, from head coordinates x to the image y.
struct HeadAlignment
{
  // The columns of A are the images of the head's axes (x to the subject's left, y up, z out of
  // the face), each as long as the face extends along it; b is the head's centre.
  Affine affine;
  Matrix3 inverse;  // of A
  double eye_distance_px;  // between the outer corners, that the head would have frontally
  bool is_solid;  // A has an inverse: not if all landmarks lie in a plane, or are not finite
};

// Fit the canonical face C to landmarks y by weighted least squares, Σ wᵢ |A Cᵢ + b − yᵢ|².
//
// planes: x, y and z of `count` landmarks, px, one after the other.
HeadAlignment align_head(const CanonicalFit & canonical, const double * planes, int count);

// The components of a head's motion, as coordinates of the change D of its affine map. With F = A,
// and the eye distance for shifts, they are sums of elements of D F⁻¹: shift x, y; depth shift;
// zoom; roll; stretch (2); tilt (2); depth tilt (2); depth stretch. A real motion has few of them,
// noise has all. The map is orthonormal.
Motion coordinates_of_change(const Affine & change, const HeadAlignment & head);
Affine change_of_coordinates(const Motion & motion, const HeadAlignment & head);

// The coordinates of each component: from its first one up to that of the next.
constexpr std::array<int, 9> kComponents = {0, 2, 3, 4, 5, 7, 9, 11, kCoordinates};
constexpr int kZoom = 3;

}  // namespace facemesh
