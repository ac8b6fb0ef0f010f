// SPDX-License-Identifier: Apache-2.0
// The handles of the C interface: how one that is null, was freed or is of another kind is told from a good one.
#pragma once

#include <cstdint>

#include <nibble/c/refusal.hpp>
#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace c {

/// The base of every handle. Its mark says of which kind the handle is, until it is freed. The look at a freed one is a
/// look at memory that nobody owns: it helps to find a mistake, and nothing rests on it.
class handle {
public:
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    [[nodiscard]] std::uint64_t mark() const noexcept { return mark_; }

protected:
    explicit handle(std::uint64_t mark) noexcept : mark_(mark) {}
    ~handle() { mark_ = 0; }

private:
    [[maybe_unused]] void* links_[2] = {};  // allocators keep their lists in the first words of what was freed
    volatile std::uint64_t mark_;           // else a compiler leaves out what the destructor does with it
};

/// A handle of the kind that Derived names as `kind_name`, whose letters make its mark.
template <class Derived>
class handle_of : public handle {
public:
    [[nodiscard]] static constexpr std::uint64_t own_mark() noexcept {
        std::uint64_t mark = 0x6e69'6262'6c65'0000;  // "nibble"
        for (const char letter : Derived::kind_name) mark = mark * 31 + static_cast<unsigned char>(letter);
        return mark;
    }

protected:
    handle_of() noexcept : handle(own_mark()) {}
    ~handle_of() = default;
};

/// What a handle stands for. Throws NIBBLE_ERROR_HANDLE.
template <class Handle>
[[nodiscard]] Handle& checked(Handle* given) {
    if (!given) throw refusal(NIBBLE_ERROR_HANDLE, std::string{Handle::kind_name}, "a handle", "null");
    if (given->mark() != Handle::own_mark())
        throw refusal(NIBBLE_ERROR_HANDLE, std::string{Handle::kind_name}, "a handle of that kind",
                      "one that was freed, or of another kind");
    return *given;
}

}  // namespace c
NIBBLE_NAMESPACE_END
