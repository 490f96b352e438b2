#include "head_alignment.hpp"

#include <cmath>

namespace facemesh
{
namespace
{

// Volume of the fitted axes below which a face is flat, relative to that of a face of its size.
constexpr double kMinVolume = 1e-3;
const double kRoot = std::sqrt(0.5);

// Return the determinant, and the inverse times it.
double adjugate(const Affine & a, Matrix3 & result)
{
  for (int row = 0; row < 3; ++row) {
    const int i = (row + 1) % 3, j = (row + 2) % 3;
    for (int column = 0; column < 3; ++column) {
      const int k = (column + 1) % 3, l = (column + 2) % 3;
      result[column][row] = a[i][k] * a[j][l] - a[i][l] * a[j][k];
    }
  }
  return a[0][0] * result[0][0] + a[0][1] * result[1][0] + a[0][2] * result[2][0];
}

}  // namespace

HeadAlignment align_head(const CanonicalFit & canonical, const double * planes, int count)
{
  HeadAlignment head{};
  double total = 0;
  for (int axis = 0; axis < 3; ++axis) {
    const double * plane = planes + axis * count;
    const double * weights = canonical.fit.data();
    double sums[4] = {};
    for (int index = 0; index < kMeshLandmarks; ++index, weights += 4) {
      for (int column = 0; column < 4; ++column) {sums[column] += weights[column] * plane[index];}
    }
    for (int column = 0; column < 4; ++column) {head.affine[axis][column] = sums[column];}
    for (int index = 0; index < count; ++index) {total += plane[index];}
  }
  double squares = 0, extents = 1;
  for (int column = 0; column < 3; ++column) {
    const double extent = canonical.extents_m[column];
    for (int axis = 0; axis < 2; ++axis) {
      const double length = head.affine[axis][column] / extent;
      squares += length * length;
    }
    extents *= extent;
  }
  // For axes at right angles this is the scale of the projection, however they are rotated.
  const double scale = std::sqrt(0.5 * squares);
  head.eye_distance_px = scale * canonical.eye_distance_m;
  const double volume = adjugate(head.affine, head.inverse);
  head.is_solid =
    std::isfinite(total) && std::abs(volume) > kMinVolume * extents * scale * scale * scale;
  for (auto & row : head.inverse) {
    for (double & element : row) {element /= volume;}
  }
  return head;
}

Motion coordinates_of_change(const Affine & change, const HeadAlignment & head)
{
  Affine e{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      for (int k = 0; k < 3; ++k) {e[row][column] += change[row][k] * head.inverse[k][column];}
    }
    e[row][3] = change[row][3] / head.eye_distance_px;
  }
  return {
    e[0][3], e[1][3], e[2][3], kRoot * (e[0][0] + e[1][1]), kRoot * (e[1][0] - e[0][1]),
    kRoot * (e[0][0] - e[1][1]), kRoot * (e[0][1] + e[1][0]), e[0][2], e[1][2], e[2][0], e[2][1],
    e[2][2]};
}

Affine change_of_coordinates(const Motion & m, const HeadAlignment & head)
{
  const Affine e = {{
    {kRoot * (m[3] + m[5]), kRoot * (m[6] - m[4]), m[7], m[0]},
    {kRoot * (m[6] + m[4]), kRoot * (m[3] - m[5]), m[8], m[1]},
    {m[9], m[10], m[11], m[2]}}};
  Affine change{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      for (int k = 0; k < 3; ++k) {change[row][column] += e[row][k] * head.affine[k][column];}
    }
    change[row][3] = e[row][3] * head.eye_distance_px;
  }
  return change;
}

}  // namespace facemesh
