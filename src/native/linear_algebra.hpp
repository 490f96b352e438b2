// Vectors and matrices of a few numbers.

#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace facemesh
{

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;  // rows

inline double dot(const Vector3 & a, const Vector3 & b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

inline double length(const Vector3 & a) {return std::sqrt(dot(a, a));}

inline Vector3 operator*(const Matrix3 & m, const Vector3 & v)
{
  return {dot(m[0], v), dot(m[1], v), dot(m[2], v)};
}

inline Vector3 operator*(double factor, const Vector3 & v)
{
  return {factor * v[0], factor * v[1], factor * v[2]};
}

inline Vector3 operator+(const Vector3 & a, const Vector3 & b)
{
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}

inline Vector3 operator-(const Vector3 & a, const Vector3 & b)
{
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

inline Matrix3 transposed(const Matrix3 & m)
{
  return {{{m[0][0], m[1][0], m[2][0]}, {m[0][1], m[1][1], m[2][1]}, {m[0][2], m[1][2], m[2][2]}}};
}

inline Vector3 column(const Matrix3 & m, int index)
{
  return {m[0][index], m[1][index], m[2][index]};
}

inline Matrix3 operator*(const Matrix3 & a, const Matrix3 & b)
{
  const Matrix3 columns = transposed(b);
  return {{columns * a[0], columns * a[1], columns * a[2]}};
}

// The rotation about a vector by its length, rad (Rodrigues).
Matrix3 rotation_from_vector(const Vector3 & vector);

// The smallest rotation that takes one unit vector to another, not its opposite:
// R = 1 + C + C² / (1 + one · other), with C the matrix of their cross product.
Matrix3 rotation_between(const Vector3 & one, const Vector3 & other);

// The rotation R that makes Σ qᵀ R p largest for moments M = Σ q pᵀ, and that sum.
//
// Source: Kabsch, Acta Cryst. A32, 1976, p. 922.
std::pair<Matrix3, double> rotation_by_moments(const Matrix3 & moments);

// Solve A X = B for `columns` right-hand sides by elimination with pivots, in place: rows holds
// [A | B], `count` rows of count + columns numbers, and X afterwards in the place of B.
void solve(double * rows, int count, int columns);

}  // namespace facemesh
