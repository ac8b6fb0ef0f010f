// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/parse.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "support/gguf_files.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;

namespace {

/// A heap block of exactly this size, so that a sanitizer sees one byte too many.
bytes exactly(std::span<const std::byte> view) { return {view.begin(), view.end()}; }

}  // namespace

TEST_CASE("every prefix of a valid file is refused at a byte it has, or lacks only padding") {
    for (const bytes& seed : seed_files()) {
        const auto whole = gguf::file::parse(seed);
        const std::uint64_t needed =
            whole.tensors().empty() ? whole.data_offset() - (whole.alignment() - 1) : whole.data_end();
        for (std::size_t size = 0; size < seed.size(); ++size) {
            const bytes prefix = exactly(std::span{seed}.first(size));
            const auto refused = refusal_of(prefix);
            INFO("the first " << size << " of " << seed.size() << " bytes: " << refused);
            if (refused.where == "accepted") {
                REQUIRE(size >= needed);
                touch_everything(gguf::file::parse(prefix));
            } else {
                REQUIRE(refused.offset);
                REQUIRE(*refused.offset <= size);
                REQUIRE(size < whole.data_end());
            }
        }
    }
}

TEST_CASE("a valid file with any one byte changed is accepted or refused, and never read outside") {
    std::size_t accepted = 0, refused = 0;
    for (const bytes& seed : seed_files()) {
        bytes file = exactly(seed);
        for (std::size_t at = 0; at < file.size(); ++at) {
            const auto before = std::to_integer<unsigned>(file[at]);
            std::vector<unsigned> values{0x00, 0xff, 0x7f, 0x80, before + 1, before - 1};
            for (unsigned bit = 0; bit < 8; ++bit) values.push_back(before ^ (1u << bit));
            for (const unsigned changed : values) {
                file[at] = static_cast<std::byte>(changed);
                const auto outcome = refusal_of(file);
                if (outcome.where == "accepted") {
                    ++accepted;
                    touch_everything(gguf::file::parse(file));
                } else {
                    ++refused;
                    if (!outcome.offset || *outcome.offset > file.size()) FAIL("byte " << at << ": " << outcome);
                }
            }
            file[at] = static_cast<std::byte>(before);
        }
    }
    CHECK(accepted > 10'000);
    CHECK(refused > 5'000);
}

TEST_CASE("every integer of a valid file replaced by boundary values") {
    for (const bytes& seed : seed_files()) {
        bytes file = exactly(seed);
        for (std::size_t at = 4; at + 8 <= file.size(); ++at)
            for (unsigned exponent = 0; exponent < 64; exponent += 3)
                for (const std::uint64_t around : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1}}) {
                    patch(file, at, (std::uint64_t{1} << exponent) + around);
                    const auto outcome = refusal_of(file);
                    if (outcome.where == "accepted") {
                        touch_everything(gguf::file::parse(file));
                    } else if (!outcome.offset || *outcome.offset > file.size()) {
                        FAIL("byte " << at << ": " << outcome);
                    }
                    std::memcpy(file.data() + at, seed.data() + at, 8);
                }
    }
}

TEST_CASE("the same bytes are refused in the same way") {
    bytes file = seed_files().at(2);
    file.resize(file.size() - 200);
    const auto first = refusal_of(file);
    CHECK(first.where != "accepted");
    CHECK(refusal_of(exactly(file)) == first);
    CHECK(refusal_of(exactly(file)).text == first.text);
}

TEST_CASE("version 2 holds the same things as version 3") {
    for (bytes seed : seed_files()) {
        patch(seed, 4, std::uint32_t{2});
        const bytes other = seed;
        patch(seed, 4, std::uint32_t{3});
        const auto two = gguf::file::parse(other), three = gguf::file::parse(seed);
        CHECK(two.version() == 2);
        CHECK(three.version() == 3);
        CHECK(touch_everything(two) == touch_everything(three));
    }
}
