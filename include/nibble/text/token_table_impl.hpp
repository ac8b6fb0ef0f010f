// SPDX-License-Identifier: Apache-2.0
// Definitions of text/token_table.hpp: how it is filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/text/token_table.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION void token_table::reserve(std::size_t n_tokens, std::size_t n_bytes) {
    if (n_bytes > 0xffffffffu)  // ends are 32 bits wide
        throw error(errc::limit_exceeded, "token texts", "at most 2^32 - 1 bytes", std::to_string(n_bytes));
    bytes_.resize(n_bytes + slack);
    ends_.reserve(n_tokens);
    keys_.reserve(n_tokens);
    index_ = id_index(n_tokens);
    indexed_.assign(n_tokens, false);
}

NIBBLE_FUNCTION void token_table::end_token(std::size_t size) {
    const std::size_t begin = ends_.empty() ? 0 : ends_.back();
    ends_.push_back(static_cast<std::uint32_t>(begin + size));  // within the bytes reserved
    keys_.push_back(key_of({bytes_.data() + begin, size}));
}

NIBBLE_FUNCTION void token_table::add_token(std::string_view text) {
    text.copy(next_bytes(), text.size());
    end_token(text.size());
}

NIBBLE_FUNCTION void token_table::index(const std::vector<token>& ids) {
    constexpr std::size_t ahead = 16;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i + ahead < ids.size()) prefetch(keys_[static_cast<std::size_t>(ids[i + ahead])]);
        const key k = keys_[static_cast<std::size_t>(ids[i])];
        const std::string_view text = operator[](ids[i]);
        if (text.empty() || find(text, k) != no_token) continue;
        index_.add(k.hash(), static_cast<std::uint32_t>(ids[i]), "token texts");
        indexed_[static_cast<std::size_t>(ids[i])] = true;
    }
}

NIBBLE_NAMESPACE_END
