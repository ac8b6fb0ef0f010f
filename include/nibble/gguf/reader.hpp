// SPDX-License-Identifier: Apache-2.0
// The only code that turns raw bytes of a GGUF file into numbers and text: a bounded cursor that knows where it is.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

static_assert(std::endian::native == std::endian::little, "GGUF files are little-endian and are used where they lie");

/// The number stored at `at`, aligned or not; sizeof(T) bytes must be readable.
template <class T>
requires std::is_arithmetic_v<T>
[[nodiscard]] inline T load(const std::byte* at) noexcept {
    if constexpr (std::is_same_v<T, bool>) {
        return *at != std::byte{0};
    } else {
        T number;
        std::memcpy(&number, at, sizeof number);
        return number;
    }
}

[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// Takes a string (u64 length, then its bytes) off the front of bytes that a reader has already accepted. Never
/// leaves them: where the file was changed since, the string ends with the bytes.
[[nodiscard]] inline std::string_view take_string(std::span<const std::byte>& rest) noexcept {
    if (rest.size() < sizeof(std::uint64_t)) return {};
    const auto length = load<std::uint64_t>(rest.data());
    rest = rest.subspan(sizeof length);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(length, rest.size()));
    const std::string_view text = as_text(rest.first(size));
    rest = rest.subspan(size);
    return text;
}

/// What a read is for, as it appears in an error: "value type", or "element 17".
struct field {
    std::string_view name;
    std::optional<std::uint64_t> index = {};

    constexpr field(const char* what) noexcept : name(what) {}
    constexpr field(const char* what, std::uint64_t number) noexcept : name(what), index(number) {}
};

/// Reads forward through the bytes of a file. No read passes the end, every read names its field, and whatever is
/// wrong becomes an `error` that names the entry, the field and the byte offset.
class reader {
public:
    explicit reader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] std::uint64_t left() const noexcept { return bytes_.size() - offset_; }

    /// From here on, errors are about entry `index` of this kind ("key", "tensor"), until its name is known.
    void begin_entry(std::string_view kind, std::uint64_t index) noexcept;
    void name_entry(std::string_view name) noexcept { name_ = name; }

    /// The next `count` bytes; errc::gguf_truncated if there are fewer.
    [[nodiscard]] std::span<const std::byte> take(std::uint64_t count, field what);

    template <class T>
    [[nodiscard]] T read(field what) {
        return load<T>(take(sizeof(T), what).data());
    }

    /// A string of at most `most` bytes, else the error `too_long`; errc::gguf_string_too_long if it would pass
    /// the end of the file.
    [[nodiscard]] std::string_view read_string(field what, std::uint64_t most, errc too_long);

    /// The bytes of `count` consecutive strings, each as read_string() would accept it. A vocabulary has 400,000 of
    /// them: one length and one comparison each, 3 ms less for the load than by read_string().
    [[nodiscard]] std::span<const std::byte> take_strings(std::uint64_t count, std::uint64_t most);

    /// Throws about the field read last.
    [[noreturn]] void fail(errc code, field what, std::string expected, std::string got) const;

private:
    [[nodiscard]] std::span<const std::byte> advance(std::size_t count) noexcept;

    std::span<const std::byte> bytes_;
    std::size_t offset_ = 0;       // at most bytes_.size()
    std::size_t field_start_ = 0;  // of the field read last
    std::string_view kind_ = "header", name_;
    std::optional<std::uint64_t> index_;
};

}  // namespace gguf
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/gguf/reader_impl.hpp>
#endif
