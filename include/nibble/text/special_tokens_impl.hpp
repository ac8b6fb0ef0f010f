// SPDX-License-Identifier: Apache-2.0
// Definitions of text/special_tokens.hpp: the automaton.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/text/special_tokens.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION void special_tokens::add(std::string_view text, token id, bool always) {
    if (text.empty()) return;
    if (text.size() > max_bytes - n_bytes_)
        throw error(errc::limit_exceeded, "special tokens", "at most 4 MiB of text", "more");
    n_bytes_ += text.size();
    std::uint32_t at = 0;
    for (std::size_t i = text.size(); i-- > 0;) at = child_or_new(at, static_cast<std::uint8_t>(text[i]));
    node& end = nodes_[at];
    const found whole{id, static_cast<std::uint32_t>(text.size())};
    if (end.any.id == no_token) end.any = whole;
    if (always && end.always.id == no_token) end.always = whole;
    has_always_ = has_always_ || always;
}

NIBBLE_FUNCTION void special_tokens::build() {
    std::vector<std::uint32_t> order;
    order.reserve(nodes_.size());
    for (std::uint32_t c = nodes_[0].first_child; c != 0; c = nodes_[c].next_sibling) {
        from_root_[nodes_[c].byte] = c;
        order.push_back(c);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {  // breadth first: a shorter suffix is complete before
        const std::uint32_t parent = order[i];
        for (std::uint32_t c = nodes_[parent].first_child; c != 0; c = nodes_[c].next_sibling) {
            const std::uint32_t fail = step(nodes_[parent].fail, nodes_[c].byte);
            nodes_[c].fail = fail;
            if (nodes_[c].any.id == no_token) nodes_[c].any = nodes_[fail].any;
            if (nodes_[c].always.id == no_token) nodes_[c].always = nodes_[fail].always;
            order.push_back(c);
        }
    }
}

NIBBLE_FUNCTION void special_tokens::find_all(std::string_view text, array_view<std::size_t> seams, bool all,
                                              std::vector<match>& matches) const {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= seams.size(); ++i) {
        const std::size_t end = i < seams.size() ? seams[i] : text.size();
        const bool barred = i >= 2 && seams[i - 1] == seams[i - 2];
        find_in_part(text.substr(begin, end - begin), begin, begin + (barred ? 1 : 0), all, matches);
        begin = end;
    }
}

NIBBLE_FUNCTION token special_tokens::find(std::string_view text) const noexcept {
    std::uint32_t at = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
        at = child(at, static_cast<std::uint8_t>(text[i]));
        if (at == 0) return no_token;
    }
    const found longest = nodes_[at].any;  // perhaps a shorter token that ends the text
    return longest.length == text.size() ? longest.id : no_token;
}

NIBBLE_FUNCTION std::uint32_t special_tokens::child_or_new(std::uint32_t at, std::uint8_t byte) {
    if (const std::uint32_t c = child(at, byte)) return c;
    const auto c = static_cast<std::uint32_t>(nodes_.size());  // at most max_bytes + 1
    nodes_.push_back({});
    nodes_[c].byte = byte;
    nodes_[c].next_sibling = nodes_[at].first_child;
    nodes_[at].first_child = c;
    return c;
}

NIBBLE_FUNCTION std::uint32_t special_tokens::step(std::uint32_t state, std::uint8_t byte) const noexcept {
    for (; state != 0; state = nodes_[state].fail)
        if (const std::uint32_t c = child(state, byte)) return c;
    return from_root_[byte];
}

NIBBLE_FUNCTION void special_tokens::find_in_part(std::string_view part, std::size_t offset, std::size_t free, bool all,
                                                  std::vector<match>& matches) const {
    const std::size_t first = matches.size();
    for_each_start(part, all, [&](const match& m) { matches.push_back({offset + m.begin, m.length, m.id}); });
    std::reverse(matches.begin() + static_cast<std::ptrdiff_t>(first), matches.end());
    std::size_t kept = first;
    for (std::size_t i = first; i < matches.size(); ++i) {
        const match m = matches[i];
        if (m.begin < free) continue;
        free = m.begin + m.length;
        matches[kept++] = m;
    }
    matches.resize(kept);
}

NIBBLE_NAMESPACE_END
