// Rows of a crop: samples of an image at positions in 32nds of a pixel.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "blend.hpp"
#include "crop.hpp"

namespace facemesh
{

constexpr int kLevels = 256;
// So many rows ahead the image is asked for. A tilted face crosses a line of the cache with each
// pixel, which no processor foresees: half of the time of a crop was waiting for memory.
constexpr int kRowsAhead = 4, kColumnsPerPrefetch = 2;

// `Line` says where the samples of a row lie: place(size, xs, ys) writes it.
template<int kChannels, class Line>
class Sampler
{
public:
  // `row_step_x` and `row_step_y` are from one row of the crop to the next, in 32nds of a px.
  Sampler(const Image & image, const CropStyle & style, float row_step_x, float row_step_y)
  : image_(image), scale_(style.scale), low_(style.low),
    is_black_outside_(style.is_black_outside), last_x_(image.width - 1),
    last_y_(image.height - 1),
    ahead_(px_ahead(row_step_y) * image.row_stride + px_ahead(row_step_x) * kChannels)
  {
    for (int level = 0; level < kLevels; ++level) {
      values_[level] = static_cast<float>(level) * style.scale + style.low;
    }
  }

  using Row = void (Sampler::*)(const Line &, int, float *) const;

  // Return what samples a row of `size` here, the quickest last; all write the same numbers.
  std::vector<Row> ways([[maybe_unused]] int size) const
  {
    std::vector<Row> known{&Sampler::row};
    if constexpr (kChannels > 1) {
      const bool fits = last_x_ > 1 && last_y_ > 0 && size <= kMaxSize &&
        image_.row_stride * image_.height <= INT32_MAX;
#if defined(FACEMESH_AVX2)
      if (fits && __builtin_cpu_supports("ssse3")) {known.push_back(&Sampler::row_by_ssse3);}
      if (fits && __builtin_cpu_supports("avx2")) {known.push_back(&Sampler::row_by_avx2);}
#elif defined(__aarch64__)
      if (fits) {known.push_back(&Sampler::row_by_neon);}
#endif
    }
    return known;
  }

private:
  static constexpr int kMaxSize = 512;
  static constexpr std::int32_t kElsewhere = -1;

  // Where each sample of a row starts in the image, and its weights.
  struct Prepared
  {
    std::int32_t xs[kMaxSize], ys[kMaxSize];
    std::int32_t starts[kMaxSize], rights[kMaxSize], bottoms[kMaxSize];
  };

  // The image, as loops that write numbers can keep it in registers.
  struct Rows
  {
    const std::uint8_t * pixels;
    std::ptrdiff_t stride, ahead;

    [[gnu::always_inline]] Taps taps(const Prepared & at, int column) const
    {
      const std::uint8_t * top = pixels + at.starts[column];
      return {top, top + stride, at.rights[column], at.bottoms[column]};
    }

    [[gnu::always_inline]] void ask_ahead(std::int32_t start) const
    {
      __builtin_prefetch(pixels + start + ahead);
      __builtin_prefetch(pixels + start + ahead + stride);
    }
  };

  static std::ptrdiff_t px_ahead(float row_step)
  {
    return static_cast<std::ptrdiff_t>(kRowsAhead * row_step / kStepsPerPx);
  }

  void row(const Line & line, int size, float * target) const
  {
    std::vector<std::int32_t> xs(size), ys(size);
    line.place(size, xs.data(), ys.data());
    for (int column = 0; column < size; ++column) {
      sample(xs[column], ys[column], target + 3 * column);
    }
  }

#if defined(FACEMESH_AVX2)
  FACEMESH_AVX2 void row_by_avx2(const Line & line, int size, float * target) const
  {
    Prepared at;
    if (prepare(line, size, at)) {
      blend_row(Blend<kChannels>(image_.is_blue_first, scale_, low_), at, 0, size, target);
      return;
    }
    std::int32_t across[kMaxSize], down[kMaxSize];
    for (int column = 0; column < size; ++column) {
      across[column] = Blend<kChannels>::weights_across(at.rights[column]);
      down[column] = Blend<kChannels>::weights_down(at.bottoms[column]);
    }
    const BlendTwo<kChannels> blend(image_.is_blue_first, scale_, low_);
    const Rows rows{image_.pixels, image_.row_stride, ahead_};
    int column = 0;
    for (; column < size - 3; column += 2) {
      rows.ask_ahead(at.starts[column]);
      blend.write(
        rows.taps(at, column), rows.taps(at, column + 1), across + column, down + column,
        target + 3 * column);
    }
    blend_row(
      Blend<kChannels>(image_.is_blue_first, scale_, low_), at, column, size, target);
  }

  FACEMESH_SSSE3 void row_by_ssse3(const Line & line, int size, float * target) const
  {
    Prepared at;
    prepare(line, size, at);
    blend_row(Blend<kChannels>(image_.is_blue_first, scale_, low_), at, 0, size, target);
  }
#elif defined(__aarch64__)
  void row_by_neon(const Line & line, int size, float * target) const
  {
    Prepared at;
    prepare(line, size, at);
    blend_row(Blend<kChannels>(image_.is_blue_first, scale_, low_), at, 0, size, target);
  }
#endif

  // Return whether there are samples that are not blended from four pixels of the image.
  [[gnu::always_inline]] bool prepare(const Line & line, int size, Prepared & at) const
  {
    const int stride = static_cast<int>(image_.row_stride), last_x = last_x_, last_y = last_y_;
    // Eight bytes are read of two pixels: behind the very last ones there may be none.
    const int last_start = (last_y - 1) * stride + (last_x - 2) * kChannels;
    const bool is_black_outside = is_black_outside_;
    line.place(size, at.xs, at.ys);
    int elsewhere = 0;
    for (int column = 0; column < size; ++column) {
      const int wanted_x = at.xs[column], wanted_y = at.ys[column];
      // Beyond an edge that is repeated lies what lies on the edge.
      const int in_x = std::min(std::max(wanted_x, 0), last_x * kStepsPerPx);
      const int in_y = std::min(std::max(wanted_y, 0), last_y * kStepsPerPx);
      const int x = std::min(in_x >> 5, last_x - 1), y = std::min(in_y >> 5, last_y - 1);
      const int start = y * stride + x * kChannels;
      const int is_outside = is_black_outside & ((in_x != wanted_x) | (in_y != wanted_y));
      const int is_elsewhere = is_outside | (start > last_start);
      elsewhere |= is_elsewhere;
      at.starts[column] = is_elsewhere ? kElsewhere : start;
      at.rights[column] = in_x - x * kStepsPerPx;
      at.bottoms[column] = in_y - y * kStepsPerPx;
    }
    return elsewhere != 0;
  }

  // Blend samples one by one. Four numbers are written of three, so the last one goes another way.
  template<class PixelBlend>
  [[gnu::always_inline]] void blend_row(
    const PixelBlend & blend, const Prepared & at, int column, int size,
    float * target) const
  {
    const Rows rows{image_.pixels, image_.row_stride, ahead_};
    for (; column < size; ++column) {
      if (column == size - 1 || at.starts[column] == kElsewhere) {
        sample(at.xs[column], at.ys[column], target + 3 * column);
        continue;
      }
      if (column % kColumnsPerPrefetch == 0) {rows.ask_ahead(at.starts[column]);}
      blend.write(rows.taps(at, column), target + 3 * column);
    }
  }

  void sample(int x_steps, int y_steps, float * target) const
  {
    const int x = x_steps >> 5, y = y_steps >> 5;
    if (is_black_outside_ && (x < -1 || y < -1 || x > last_x_ || y > last_y_)) {
      target[0] = target[1] = target[2] = values_[0];
      return;
    }
    const int right = x_steps & 31, bottom = y_steps & 31;
    const std::array<int, 4> weights{
      (kStepsPerPx - right) * (kStepsPerPx - bottom), right * (kStepsPerPx - bottom),
      (kStepsPerPx - right) * bottom, right * bottom};
    if (x >= 0 && y >= 0 && x < last_x_ && y < last_y_) {
      const std::uint8_t * top = image_.pixels + y * image_.row_stride + x * kChannels;
      const std::uint8_t * below = top + image_.row_stride;
      put(target, weights, {top, top + kChannels, below, below + kChannels});
    } else {
      put(
        target, weights, {pixel(x, y), pixel(x + 1, y), pixel(x, y + 1), pixel(x + 1, y + 1)});
    }
  }

  const std::uint8_t * pixel(int x, int y) const
  {
    const int inner_x = std::min(std::max(x, 0), last_x_);
    const int inner_y = std::min(std::max(y, 0), last_y_);
    if (is_black_outside_ && (x != inner_x || y != inner_y)) {return black_.data();}
    return image_.pixels + inner_y * image_.row_stride + inner_x * kChannels;
  }

  void put(
    float * target, const std::array<int, 4> & weights,
    const std::array<const std::uint8_t *, 4> & pixels) const
  {
    const auto level = [&](int channel) {
        int sum = kWhole / 2;
        for (int place = 0; place < 4; ++place) {sum += pixels[place][channel] * weights[place];}
        return values_[sum / kWhole];
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
  std::ptrdiff_t ahead_;  // bytes
  std::array<std::uint8_t, 4> black_{};
  std::array<float, kLevels> values_{};
};

}  // namespace facemesh
