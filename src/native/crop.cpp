#include "crop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define FACEMESH_SIMD __attribute__((target("ssse3")))
#elif defined(__aarch64__)
#include <arm_neon.h>
#define FACEMESH_SIMD
#endif

namespace facemesh
{
namespace
{

constexpr int kLevels = 256;
// Products of both weights of a pixel add up to this.
constexpr int kWhole = kStepsPerPx * kStepsPerPx;
// Steps from one pixel of a crop to the next, and offsets, px: farther out lies no image.
constexpr double kFarthestStep = 1024, kFarthestOffset = 262144;
// Beyond that no image lies either, and below it adding this number rounds to the even integer.
constexpr float kFarthest = 4194303, kRounder = 12582912;

struct Weights
{
  int left_top, right_top, left_bottom, right_bottom;
};

// NaN is some number: an invalid region must not spoil a batch.
double within(double value, double farthest)
{
  return std::fmax(std::fmin(value, farthest), -farthest);
}

std::int32_t rounded(float steps)
{
  const float shifted = std::min(std::max(steps, -kFarthest), kFarthest) + kRounder;
  std::int32_t bits, base;
  std::memcpy(&bits, &shifted, sizeof bits);
  std::memcpy(&base, &kRounder, sizeof base);
  return bits - base;
}

#if defined(FACEMESH_SIMD) && defined(__x86_64__)
// Blends four pixels, all colours at once; eight bytes are read of two and four numbers written.
template<int kChannels>
class Blend
{
public:
  FACEMESH_SIMD Blend(bool is_blue_first, float scale, float low)
  : scale_(_mm_set1_ps(scale)), low_(_mm_set1_ps(low))
  {
    // Which byte of two pixels, above and below, goes where: a colour of both in turn.
    constexpr char k = kChannels;
    const __m128i red_first = _mm_setr_epi8(
      0, k, 1, k + 1, 2, k + 2, -1, -1, 8, 8 + k, 9, 9 + k, 10, 10 + k, -1, -1);
    const __m128i blue_first = _mm_setr_epi8(
      2, k + 2, 1, k + 1, 0, k, -1, -1, 10, 10 + k, 9, 9 + k, 8, 8 + k, -1, -1);
    colours_ = is_blue_first ? blue_first : red_first;
  }

  FACEMESH_SIMD void write(
    const std::uint8_t * top, const std::uint8_t * below, int right, int bottom,
    float * target) const
  {
    const __m128i pixels = _mm_unpacklo_epi64(
      _mm_loadl_epi64(reinterpret_cast<const __m128i *>(top)),
      _mm_loadl_epi64(reinterpret_cast<const __m128i *>(below)));
    const __m128i sides = _mm_maddubs_epi16(
      _mm_shuffle_epi8(pixels, colours_),
      _mm_set1_epi32((kStepsPerPx - right + (right << 8)) * 0x10001));
    const __m128i sums = _mm_madd_epi16(
      _mm_unpacklo_epi16(sides, _mm_srli_si128(sides, 8)),
      _mm_set1_epi32(kStepsPerPx - bottom + (bottom << 16)));
    const __m128i levels = _mm_srli_epi32(_mm_add_epi32(sums, _mm_set1_epi32(kWhole / 2)), 10);
    _mm_storeu_ps(target, _mm_add_ps(_mm_mul_ps(_mm_cvtepi32_ps(levels), scale_), low_));
  }

private:
  __m128i colours_;
  __m128 scale_, low_;
};
#elif defined(FACEMESH_SIMD)
// Blends four pixels, all colours at once; eight bytes are read of two and four numbers written.
template<int kChannels>
class Blend
{
public:
  Blend(bool is_blue_first, float scale, float low)
  : scale_(scale), low_(vdupq_n_f32(low))
  {
    const std::uint8_t red = is_blue_first ? 2 : 0, blue = 2 - red;
    for (std::uint8_t row = 0; row < 2; ++row) {
      const std::uint8_t colours[4] = {red, 1, blue, red};
      for (int index = 0; index < 4; ++index) {
        left_[4 * row + index] = colours[index] + 8 * row;
        right_[4 * row + index] = colours[index] + 8 * row + kChannels;
      }
    }
  }

  void write(
    const std::uint8_t * top, const std::uint8_t * below, int right, int bottom,
    float * target) const
  {
    const uint8x16_t pixels = vcombine_u8(vld1_u8(top), vld1_u8(below));
    const uint8x8_t lefts = vqtbl1_u8(pixels, vld1_u8(left_));
    const uint8x8_t rights = vqtbl1_u8(pixels, vld1_u8(right_));
    const uint16x8_t sides = vmlal_u8(
      vmull_u8(lefts, vdup_n_u8(static_cast<std::uint8_t>(kStepsPerPx - right))), rights,
      vdup_n_u8(static_cast<std::uint8_t>(right)));
    const uint32x4_t sums = vmlal_n_u16(
      vmull_n_u16(vget_low_u16(sides), static_cast<std::uint16_t>(kStepsPerPx - bottom)),
      vget_high_u16(sides), static_cast<std::uint16_t>(bottom));
    const float32x4_t levels = vcvtq_f32_u32(vrshrq_n_u32(sums, 10));
    vst1q_f32(target, vaddq_f32(vmulq_n_f32(levels, scale_), low_));
  }

private:
  float scale_;
  float32x4_t low_;
  std::uint8_t left_[8], right_[8];
};
#endif

class Sampler
{
public:
  Sampler(const Image & image, const CropStyle & style)
  : image_(image), scale_(style.scale), low_(style.low),
    is_black_outside_(style.is_black_outside), last_x_(image.width - 1),
    last_y_(image.height - 1)
  {
    for (int level = 0; level < kLevels; ++level) {
      values_[level] = static_cast<float>(level) * style.scale + style.low;
    }
  }

  // Sample one row of a crop at positions in 32nds of a px.
  template<int kChannels>
  void row(const std::int32_t * xs, const std::int32_t * ys, int size, float * target) const
  {
    for (int column = 0; column < size; ++column) {
      sample<kChannels>(xs[column], ys[column], target + 3 * column);
    }
  }

#ifdef FACEMESH_SIMD
  // The same, the colours of a pixel side by side.
  template<int kChannels>
  FACEMESH_SIMD void row_by_simd(
    const std::int32_t * xs, const std::int32_t * ys, int size, float * target) const
  {
    // Of each pixel where it starts, and the weights of the right and of the lower one.
    std::int32_t starts[kMaxSize], rights[kMaxSize], bottoms[kMaxSize];
    prepare<kChannels>(xs, ys, size, starts, rights, bottoms);
    const Blend<kChannels> blend(image_.is_blue_first, scale_, low_);
    // Four numbers are written of three: the last pixel goes the other way.
    starts[size - 1] = kElsewhere;
    for (int column = 0; column < size; ++column, target += 3) {
      if (starts[column] == kElsewhere) {
        sample<kChannels>(xs[column], ys[column], target);
        continue;
      }
      const std::uint8_t * top = image_.pixels + starts[column];
      blend.write(top, top + image_.row_stride, rights[column], bottoms[column], target);
    }
  }

  bool fits_simd(int size) const
  {
#ifdef __x86_64__
    if (!__builtin_cpu_supports("ssse3")) {return false;}
#endif
    return last_x_ > 1 && last_y_ > 0 && size <= kMaxSize &&
           image_.row_stride * image_.height <= INT32_MAX;
  }
#endif

private:
  template<int kChannels>
  void sample(int x_steps, int y_steps, float * target) const
  {
    const int x = x_steps >> 5, y = y_steps >> 5;
    if (is_black_outside_ && (x < -1 || y < -1 || x > last_x_ || y > last_y_)) {
      target[0] = target[1] = target[2] = values_[0];
      return;
    }
    const int right = x_steps & 31, bottom = y_steps & 31;
    const Weights weights{
      (kStepsPerPx - right) * (kStepsPerPx - bottom), right * (kStepsPerPx - bottom),
      (kStepsPerPx - right) * bottom, right * bottom};
    if (x >= 0 && y >= 0 && x < last_x_ && y < last_y_) {
      const std::uint8_t * top = image_.pixels + y * image_.row_stride + x * kChannels;
      const std::uint8_t * below = top + image_.row_stride;
      put<kChannels>(target, weights, top, top + kChannels, below, below + kChannels);
    } else {
      put<kChannels>(
        target, weights, pixel<kChannels>(x, y), pixel<kChannels>(x + 1, y),
        pixel<kChannels>(x, y + 1), pixel<kChannels>(x + 1, y + 1));
    }
  }

#ifdef FACEMESH_SIMD
  static constexpr int kMaxSize = 512;
  static constexpr std::int32_t kElsewhere = -1;

  // Beyond an edge that is repeated lies what lies on the edge.
  template<int kChannels>
  void prepare(
    const std::int32_t * xs, const std::int32_t * ys, int size, std::int32_t * starts,
    std::int32_t * rights, std::int32_t * bottoms) const
  {
    const int stride = static_cast<int>(image_.row_stride), last_x = last_x_, last_y = last_y_;
    // Eight bytes are read of two pixels: behind the very last ones there may be none.
    const int last_start = (last_y - 1) * stride + (last_x - 2) * kChannels;
    for (int column = 0; column < size; ++column) {
      const int in_x = std::min(std::max(xs[column], 0), last_x * kStepsPerPx);
      const int in_y = std::min(std::max(ys[column], 0), last_y * kStepsPerPx);
      const int x = std::min(in_x >> 5, last_x - 1), y = std::min(in_y >> 5, last_y - 1);
      const int start = y * stride + x * kChannels;
      const bool is_outside = is_black_outside_ & ((in_x != xs[column]) | (in_y != ys[column]));
      starts[column] = (is_outside | (start > last_start)) ? kElsewhere : start;
      rights[column] = in_x - x * kStepsPerPx;
      bottoms[column] = in_y - y * kStepsPerPx;
    }
  }
#endif

  template<int kChannels>
  const std::uint8_t * pixel(int x, int y) const
  {
    const int inner_x = std::min(std::max(x, 0), last_x_);
    const int inner_y = std::min(std::max(y, 0), last_y_);
    if (is_black_outside_ && (x != inner_x || y != inner_y)) {return black_.data();}
    return image_.pixels + inner_y * image_.row_stride + inner_x * kChannels;
  }

  template<int kChannels>
  void put(
    float * target, const Weights & weights, const std::uint8_t * left_top,
    const std::uint8_t * right_top, const std::uint8_t * left_bottom,
    const std::uint8_t * right_bottom) const
  {
    const auto level = [&](int channel) {
        const int sum = left_top[channel] * weights.left_top +
          right_top[channel] * weights.right_top + left_bottom[channel] * weights.left_bottom +
          right_bottom[channel] * weights.right_bottom;
        return values_[(sum + kWhole / 2) / kWhole];
      };
    if constexpr (kChannels == 1) {
      target[0] = target[1] = target[2] = level(0);
    } else {
      const int red = image_.is_blue_first ? 2 : 0;
      target[0] = level(red);
      target[1] = level(1);
      target[2] = level(2 - red);
    }
  }

  Image image_;
  float scale_, low_;
  bool is_black_outside_;
  int last_x_, last_y_;
  std::array<std::uint8_t, 4> black_{};
  std::array<float, kLevels> values_{};
};

using Row = void (Sampler::*)(const std::int32_t *, const std::int32_t *, int, float *) const;

Row row_for(
  [[maybe_unused]] const Sampler & sampler, int channels, [[maybe_unused]] int size)
{
  if (channels == 1) {return &Sampler::row<1>;}
#ifdef FACEMESH_SIMD
  if (sampler.fits_simd(size)) {
    return channels == 3 ? &Sampler::row_by_simd<3> : &Sampler::row_by_simd<4>;
  }
#endif
  return channels == 3 ? &Sampler::row<3> : &Sampler::row<4>;
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
  const Sampler sampler(image, style);
  const Row row = row_for(sampler, image.channels, style.size);
  std::vector<std::int32_t> xs(style.size), ys(style.size);
  for (int line = 0; line < style.size; ++line) {
    const float x = rows[2 * line], y = rows[2 * line + 1];
    for (int column = 0; column < style.size; ++column) {
      xs[column] = rounded(columns[2 * column] + x);
      ys[column] = rounded(columns[2 * column + 1] + y);
    }
    (sampler.*row)(xs.data(), ys.data(), style.size, crop + 3 * style.size * line);
  }
}

void sample_grid(
  const Image & image, const CropStyle & style, const std::int32_t * grid, float * crop)
{
  const Sampler sampler(image, style);
  const Row row = row_for(sampler, image.channels, style.size);
  std::vector<std::int32_t> xs(style.size), ys(style.size);
  for (int line = 0; line < style.size; ++line) {
    for (int column = 0; column < style.size; ++column, grid += 2) {
      xs[column] = grid[0];
      ys[column] = grid[1];
    }
    (sampler.*row)(xs.data(), ys.data(), style.size, crop + 3 * style.size * line);
  }
}

}  // namespace facemesh
