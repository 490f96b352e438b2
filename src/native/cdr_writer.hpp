// Serialised messages (plain CDR) in this machine's byte order; see messages/cdr_writer.py.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace facemesh
{

// Appends numbers, aligned to their size, to a message that has begun.
class CdrWriter
{
public:
  static constexpr std::size_t kEncapsulationBytes = 4;

  // `begun` is the encapsulation header, behind which offsets are counted, and what follows it;
  // `more` bytes are expected to come.
  CdrWriter(std::string_view begun, std::size_t more)
  {
    bytes_.reserve(begun.size() + more);
    bytes_.append(begun);
  }

  template<typename Number>
  void number(Number value) {numbers(&value, 1);}

  // An array of a fixed length.
  template<typename Number>
  void numbers(const Number * values, std::size_t count)
  {
    const std::size_t offset = bytes_.size() - kEncapsulationBytes;
    bytes_.append((sizeof(Number) - offset % sizeof(Number)) % sizeof(Number), '\0');
    bytes_.append(reinterpret_cast<const char *>(values), count * sizeof(Number));
  }

  template<typename Number>
  void sequence(const Number * values, std::size_t count)
  {
    number(static_cast<std::uint32_t>(count));
    if (count) {numbers(values, count);}  // without elements nothing is aligned
  }

  void text(std::string_view text)
  {
    number(static_cast<std::uint32_t>(text.size() + 1));
    bytes_.append(text);
    bytes_.push_back('\0');
  }

  const std::string & bytes() const {return bytes_;}

private:
  std::string bytes_;
};

}  // namespace facemesh
