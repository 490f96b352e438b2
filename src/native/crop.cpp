#include "crop.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "sampler.hpp"

namespace facemesh
{
namespace
{

// Steps from one pixel of a crop to the next, and offsets, px: farther out lies no image.
constexpr double kFarthestStep = 1024, kFarthestOffset = 262144;
// Beyond that no image lies either, and below it adding this number rounds to the even integer.
constexpr float kFarthest = 4194303, kRounder = 12582912;

// NaN is some number: an invalid region must not spoil a batch.
double within(double value, double farthest)
{
  return std::fmax(std::fmin(value, farthest), -farthest);
}

// Halves to the even integer, for steps that are no farther than kFarthest.
[[gnu::always_inline]] inline std::int32_t rounded(float steps)
{
  const float shifted = steps + kRounder;
  std::int32_t bits, base;
  std::memcpy(&bits, &shifted, sizeof bits);
  std::memcpy(&base, &kRounder, sizeof base);
  return bits - base;
}

// Positions of one axis, each the sum of a column's and the row's, in even steps.
[[gnu::always_inline]] inline void place_sums(
  const float * columns, float row, int size, std::int32_t * positions)
{
  const float first = columns[0] + row, last = columns[size - 1] + row;
  if (std::fabs(first) <= kFarthest && std::fabs(last) <= kFarthest) {
    for (int column = 0; column < size; ++column) {
      positions[column] = rounded(columns[column] + row);
    }
    return;
  }
  for (int column = 0; column < size; ++column) {
    positions[column] = rounded(
      std::min(std::max(columns[column] + row, -kFarthest), kFarthest));
  }
}

// A row at the sums of each column and one row.
struct AffineLine
{
  const float * xs, * ys;
  float x, y;
  [[gnu::always_inline]] void place(int size, std::int32_t * to_xs, std::int32_t * to_ys) const
  {
    place_sums(xs, x, size, to_xs);
    place_sums(ys, y, size, to_ys);
  }
};

// A row at given positions, x and y in turn.
struct GridLine
{
  const std::int32_t * grid;
  [[gnu::always_inline]] void place(int size, std::int32_t * to_xs, std::int32_t * to_ys) const
  {
    for (int column = 0; column < size; ++column) {
      to_xs[column] = grid[2 * column];
      to_ys[column] = grid[2 * column + 1];
    }
  }
};

// Sample rows, of which line_of(index) says where they lie; the steps are from row to row.
template<int kChannels, class Line, class LineOf>
void sample_rows(
  const Image & image, const CropStyle & style, float step_x, float step_y,
  const LineOf & line_of, float * crop)
{
  const Sampler<kChannels, Line> sampler(image, style, step_x, step_y);
  const auto row = sampler.ways(style.size).back();
  for (int index = 0; index < style.size; ++index) {
    (sampler.*row)(line_of(index), style.size, crop + 3 * style.size * index);
  }
}

template<class Line, class LineOf>
void sample_lines(
  const Image & image, const CropStyle & style, float step_x, float step_y,
  const LineOf & line_of, float * crop)
{
  const auto sample = image.channels == 1 ? &sample_rows<1, Line, LineOf> :
    image.channels == 3 ? &sample_rows<3, Line, LineOf> : &sample_rows<4, Line, LineOf>;
  sample(image, style, step_x, step_y, line_of, crop);
}

}  // namespace

void affine_samples(const double * map, int size, float * columns, float * rows)
{
  for (int axis = 0; axis < 2; ++axis) {
    const double * line = map + 3 * axis;
    const double across = within(line[0], kFarthestStep) * kStepsPerPx;
    const double down = within(line[1], kFarthestStep) * kStepsPerPx;
    const double offset = within(line[2], kFarthestOffset) * kStepsPerPx;
    for (int index = 0; index < size; ++index) {
      columns[2 * index + axis] = static_cast<float>(across * index);
      rows[2 * index + axis] = static_cast<float>(down * index + offset);
    }
  }
}

void sample_affine(
  const Image & image, const CropStyle & style, const float * columns, const float * rows,
  float * crop)
{
  std::vector<float> xs(style.size), ys(style.size);
  for (int column = 0; column < style.size; ++column) {
    xs[column] = columns[2 * column];
    ys[column] = columns[2 * column + 1];
  }
  const bool has_rows = style.size > 1;
  sample_lines<AffineLine>(
    image, style, has_rows ? rows[2] - rows[0] : 0, has_rows ? rows[3] - rows[1] : 0,
    [&](int index) {
      return AffineLine{xs.data(), ys.data(), rows[2 * index], rows[2 * index + 1]};
    },
    crop);
}

void sample_grid(
  const Image & image, const CropStyle & style, const std::int32_t * grid, float * crop)
{
  const std::int32_t * next = grid + (style.size > 1 ? 2 * style.size : 0);
  sample_lines<GridLine>(
    image, style, static_cast<float>(next[0] - grid[0]), static_cast<float>(next[1] - grid[1]),
    [&](int index) {return GridLine{grid + 2 * style.size * index};}, crop);
}

}  // namespace facemesh
