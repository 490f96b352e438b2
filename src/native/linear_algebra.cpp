#include "linear_algebra.hpp"

#include <algorithm>

namespace facemesh
{
namespace
{

constexpr double kTiny = 1e-12;
// Jacobi's rotations converge quadratically; three columns take five or six sweeps.
constexpr int kMaxSweeps = 30;
constexpr double kOrthogonal = 1e-15;

// Turn two columns, given as rows, in their plane until they are at right angles; the same turn is
// made of `along`. Returns whether they were not.
bool turn_apart(Matrix3 & columns, Matrix3 & along, int p, int q)
{
  const double pp = dot(columns[p], columns[p]), qq = dot(columns[q], columns[q]);
  const double pq = dot(columns[p], columns[q]);
  if (!(std::abs(pq) > kOrthogonal * std::sqrt(pp * qq))) {return false;}
  const double zeta = (qq - pp) / (2 * pq);
  const double tangent = std::copysign(1.0, zeta) / (std::abs(zeta) + std::hypot(1.0, zeta));
  const double cosine = 1 / std::hypot(1.0, tangent), sine = cosine * tangent;
  for (Matrix3 * matrix : {&columns, &along}) {
    const Vector3 before = (*matrix)[p];
    (*matrix)[p] = cosine * before - sine * (*matrix)[q];
    (*matrix)[q] = sine * before + cosine * (*matrix)[q];
  }
  return true;
}

Vector3 cross(const Vector3 & a, const Vector3 & b)
{
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}  // namespace

Matrix3 rotation_from_vector(const Vector3 & vector)
{
  const auto [x, y, z] = vector;
  const double square = x * x + y * y + z * z, angle = std::sqrt(square);
  const bool turns = square > kTiny;
  const double s = turns ? std::sin(angle) / angle : 1;
  const double c = turns ? (1 - std::cos(angle)) / square : 0.5;
  return {{
    {1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y},
    {c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x},
    {c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)}}};
}

Matrix3 rotation_between(const Vector3 & one, const Vector3 & other)
{
  const auto [x, y, z] = cross(one, other);
  const double k = 1 / (1 + dot(one, other));
  return {{
    {1 - k * (y * y + z * z), k * x * y - z, k * x * z + y},
    {k * x * y + z, 1 - k * (x * x + z * z), k * y * z - x},
    {k * x * z - y, k * y * z + x, 1 - k * (x * x + y * y)}}};
}

std::pair<Matrix3, double> rotation_by_moments(const Matrix3 & moments)
{
  // M = U S Vᵀ by one-sided Jacobi rotations: M V has columns at right angles.
  Matrix3 columns = transposed(moments);
  Matrix3 right = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  // rows are the columns of V
  bool is_turned = true;
  for (int sweep = 0; is_turned && sweep < kMaxSweeps; ++sweep) {
    is_turned = turn_apart(columns, right, 0, 1);
    is_turned = turn_apart(columns, right, 0, 2) || is_turned;
    is_turned = turn_apart(columns, right, 1, 2) || is_turned;
  }
  Vector3 stretches{};
  int least = 0;
  for (int k = 0; k < 3; ++k) {
    stretches[k] = length(columns[k]);
    if (stretches[k] < stretches[least]) {least = k;}
  }
  // The direction of the least may be unknown: the others tell it, without mirroring.
  const int first = (least + 1) % 3, second = (least + 2) % 3;
  columns[first] = (1 / stretches[first]) * columns[first];
  columns[second] = (1 / stretches[second]) * columns[second];
  const bool is_mirrored = dot(cross(right[first], right[second]), right[least]) < 0;
  const Vector3 third = cross(columns[first], columns[second]);
  const Vector3 kept = (is_mirrored ? -1.0 : 1.0) * third;
  const double sign = dot(kept, columns[least]) < 0 ? -1 : 1;
  columns[least] = kept;
  return {transposed(columns) * right,
    stretches[first] + stretches[second] + sign * stretches[least]};
}

void solve(double * rows, int count, int columns)
{
  const int width = count + columns;
  for (int pivot = 0; pivot < count; ++pivot) {
    int best = pivot;
    for (int row = pivot + 1; row < count; ++row) {
      if (std::abs(rows[row * width + pivot]) > std::abs(rows[best * width + pivot])) {best = row;}
    }
    if (best != pivot) {
      std::swap_ranges(rows + best * width, rows + (best + 1) * width, rows + pivot * width);
    }
    for (int row = pivot + 1; row < count; ++row) {
      const double factor = rows[row * width + pivot] / rows[pivot * width + pivot];
      for (int at = pivot; at < width; ++at) {
        rows[row * width + at] -= factor * rows[pivot * width + at];
      }
    }
  }
  for (int row = count - 1; row >= 0; --row) {
    for (int at = count; at < width; ++at) {
      double value = rows[row * width + at];
      for (int k = row + 1; k < count; ++k) {value -= rows[row * width + k] * rows[k * width + at];}
      rows[row * width + at] = value / rows[row * width + row];
    }
  }
}

}  // namespace facemesh
