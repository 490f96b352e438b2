// Vectors and matrices of numbers.
#ifndef FACEMESH_ROS__CONSUMER__VECTORS_HPP_
#define FACEMESH_ROS__CONSUMER__VECTORS_HPP_

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace facemesh_ros::consumer
{
using Vector = std::array<double, 3>;
using Matrix4 = std::array<std::array<double, 4>, 4>;  // row by row
using Matrix6 = std::array<std::array<double, 6>, 6>;
using Indices = std::vector<std::size_t>;

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

namespace detail
{
inline Vector minus(const Vector & a, const Vector & b)
{
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

inline Vector over(const Vector & a, double by) {return {a[0] / by, a[1] / by, a[2] / by};}

inline double dot(const Vector & a, const Vector & b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

inline Vector cross(const Vector & a, const Vector & b)
{
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

inline double length(const Vector & a) {return std::sqrt(dot(a, a));}
}  // namespace detail
}  // namespace facemesh_ros::consumer

#endif  // FACEMESH_ROS__CONSUMER__VECTORS_HPP_
