// SPDX-License-Identifier: Apache-2.0
// What a call was refused with, in a form that a CHECK can compare and print.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include <nibble/core/error.hpp>

namespace nibble::test {

/// Code, place and byte offset of an error. `text`, the whole message, is printed but not compared.
struct refusal {
    errc code{};
    std::string where;
    std::optional<std::uint64_t> offset = {};
    std::string text = {};

    [[nodiscard]] friend bool operator==(const refusal& a, const refusal& b) {
        return a.code == b.code && a.where == b.where && a.offset == b.offset;
    }
    friend std::ostream& operator<<(std::ostream& out, const refusal& r) {
        out << "{code " << static_cast<int>(r.code) << ", " << r.where;
        if (r.offset) out << ", byte " << *r.offset;
        if (!r.text.empty()) out << ", \"" << r.text << '"';
        return out << '}';
    }
};

/// The error that `call` throws; a refusal at "accepted" if it throws none. Other exceptions pass through.
template <std::invocable Call>
[[nodiscard]] refusal refusal_of(Call&& call) {
    try {
        (void)std::forward<Call>(call)();
    } catch (const error& e) {
        return {e.code(), e.where(), e.offset(), e.what()};
    }
    return {{}, "accepted"};
}

}  // namespace nibble::test
