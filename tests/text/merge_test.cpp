// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/merge.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "test.hpp"

using namespace nibble;

namespace {

using rules = std::map<std::pair<token, token>, merged_pair>;

/// The definition: look for the best pair, merge it, start again.
std::vector<token> by_definition(std::vector<token> ids, const rules& merges) {
    for (;;) {
        std::size_t best = ids.size();
        merged_pair best_pair;
        for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
            const auto found = merges.find({ids[i], ids[i + 1]});
            if (found != merges.end() && found->second.word < best_pair.word) {
                best = i;
                best_pair = found->second;
            }
        }
        if (best == ids.size()) return ids;
        ids[best] = best_pair.result();
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
}

struct counted {
    std::vector<token> ids;
    std::size_t look_ups = 0;
};

counted by_heap(const std::vector<token>& ids, const rules& merges) {
    merge_scratch scratch;
    for (std::uint32_t i = 0; i < ids.size(); ++i) scratch.symbols.push_back({ids[i], i - 1, i + 1, {}});
    scratch.symbols.back().next = merge_end;
    counted out;
    merge_symbols(scratch, [&](std::uint32_t left, std::uint32_t right) {
        ++out.look_ups;
        const auto found = merges.find({scratch.symbols[left].id, scratch.symbols[right].id});
        return found == merges.end() ? merged_pair{} : found->second;
    });
    for (std::uint32_t i = 0; i != merge_end; i = scratch.symbols[i].next) out.ids.push_back(scratch.symbols[i].id);
    return out;
}

}  // namespace

TEST_CASE("merge: rank goes before place, place decides between equals") {
    CHECK(merged_pair::of(1, 9).word < merged_pair::of(2, 0).word);
    CHECK(merged_pair::of(0, 0).exists());
    CHECK_FALSE(merged_pair{}.exists());
    CHECK(merged_pair::of(7, 8).rank() == 7);
    CHECK(merged_pair::of(7, 8).result() == 8);
    const rules merges{{{1, 1}, merged_pair::of(0, 2)}, {{2, 2}, merged_pair::of(1, 3)}};
    CHECK(by_heap({1, 1, 1}, merges).ids == std::vector<token>{2, 1});
    CHECK(by_heap({1, 1, 1, 1, 1}, merges).ids == std::vector<token>{3, 1});
}

TEST_CASE("merge: the heap does what the definition says") {
    std::mt19937 random(11);
    std::size_t wrong = 0;
    for (int round = 0; round < 400; ++round) {
        rules merges;  // cycles and rules of equal rank included
        for (std::uint32_t rank = 0; rank < 12; ++rank) {
            const auto id = [&] { return static_cast<token>(random() % 8); };
            const std::pair<token, token> pair{id(), id()};
            merges.emplace(pair, merged_pair::of(rank, id()));
        }
        for (int i = 0; i < 50; ++i) {
            std::vector<token> ids(1 + random() % 24);
            for (token& t : ids) t = static_cast<token>(random() % 8);
            wrong += by_heap(ids, merges).ids != by_definition(ids, merges);
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("merge: look-ups grow with the word, not with its square") {
    rules merges;
    for (std::uint32_t rank = 0; rank < 20; ++rank) {
        const auto id = static_cast<token>(rank);
        merges.emplace(std::pair{id, id}, merged_pair::of(rank, id + 1));
    }
    for (const std::size_t n : {1'000u, 30'000u}) {
        const counted equal = by_heap(std::vector<token>(n, 0), merges);
        CHECK(equal.look_ups <= 3 * n);  // one for each pair at the start, two for each of at most n merges
        std::vector<token> alternating(n);
        for (std::size_t i = 0; i < n; ++i) alternating[i] = static_cast<token>(i % 2);
        merges.emplace(std::pair{0, 1}, merged_pair::of(30, 0));
        CHECK(by_heap(alternating, merges).look_ups <= 3 * n);
    }
}
