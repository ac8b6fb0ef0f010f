// SPDX-License-Identifier: Apache-2.0
// A saved session goes on bit for bit; what is no session of this model is refused.
#include <nibble/generate/session_file.hpp>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/saved_session.hpp"
#include "test.hpp"

using nibble::errc;
using nibble::model;
using nibble::session;
using nibble::session_options;
using nibble::token;

using nibble::test::edited;
using nibble::test::restored;
using nibble::test::saved;

namespace {

model open(const std::string& name) { return model::load(nibble::test::data_dir() / (name + ".gguf")); }

std::vector<token> some_tokens(std::size_t n) {
    std::vector<token> out(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<token>((i * 37 + i / 5) % 100);
    return out;
}

std::vector<float> logits_of(const session& s) { return {s.logits().begin(), s.logits().end()}; }

}  // namespace

TEST_CASE("a saved session goes on bit for bit", "[session_file]") {
    for (const auto* name : {"smollm3-q4_k", "gemma2-f32", "lfm2-f32", "phi3-longrope-f32"}) {
        const model m = open(name);
        for (const auto type : {nibble::cache_type::q16, nibble::cache_type::f16, nibble::cache_type::q8})
            for (const std::size_t n : {0u, 1u, 128u, 200u}) {
                CAPTURE(name, static_cast<int>(type), n);
                const session_options options{.context = 512, .threads = 1, .batch = 16, .kv_type = type};
                session s{m, options};
                if (n > 0) s.prefill(some_tokens(n));
                session back = restored(m, saved(s), options);
                REQUIRE(back.position() == n);
                if (n > 0) CHECK_THAT(logits_of(back), nibble::test::same_bits_as(logits_of(s)));
                CHECK(saved(back) == saved(s));
                s.prefill(some_tokens(30));
                back.prefill(some_tokens(30));
                CHECK_THAT(logits_of(back), nibble::test::same_bits_as(logits_of(s)));
                CHECK(std::equal(s.tokens().begin(), s.tokens().end(), back.tokens().begin(), back.tokens().end()));
            }
    }
}

TEST_CASE("a session without windows goes on with another context, batch and number of threads", "[session_file]") {
    const model m = open("smollm3-q4_k");
    session s{m, {.context = 200, .threads = 1, .batch = 16}};
    s.prefill(some_tokens(150));
    s.rewind(140);  // without logits
    session back = restored(m, saved(s), {.context = 400, .threads = 2, .batch = 100});
    CHECK(nibble::test::refusal_of([&] { return back.logits(); }).code == errc::ctx_bad_range);
    s.prefill(some_tokens(20));
    back.prefill(some_tokens(20));
    CHECK_THAT(logits_of(back), nibble::test::same_bits_as(logits_of(s)));
    s.rewind(0);
    s.prefill(some_tokens(150));
    CHECK(nibble::test::refusal_of([&] { return restored(m, saved(s), {.context = 100}); }).code == errc::ctx_full);
}

TEST_CASE("what cannot go on is refused", "[session_file]") {
    const model m = open("gemma2-f32"), other = open("gemma3-f32"), plain = open("smollm3-q4_k");
    const session_options options{.context = 512, .threads = 1, .batch = 16};
    session s{m, options};
    s.prefill(some_tokens(200));
    const auto bytes = saved(s);
    const auto why = [](const model& with, std::span<const std::byte> file, const session_options& chosen) {
        return nibble::test::refusal_of([&] { return restored(with, file, chosen); });
    };
    CHECK(why(m, bytes, options).where == "accepted");
    CHECK(why(other, bytes, options).where == "session.model");
    CHECK(why(plain, bytes, options).where == "session.model");
    CHECK(why(m, bytes, {.context = 512, .batch = 16, .kv_type = nibble::cache_type::q8}).where ==
          "session.cache_type");
    CHECK(why(m, bytes, {.context = 511, .batch = 16}).where == "session.context");
    CHECK(why(m, bytes, {.context = 512, .batch = 17}).where == "session.batch");

    const edited file{bytes};
    const auto without = [&](const char* key) { return why(m, file.with(key, [](auto&) {}), options).where; };
    for (const char* key :
         {"general.architecture", "session.version", "session.model", "session.context", "session.batch",
          "session.cache_type", "session.tokens", "session.first_blocks", "blocks.0", "blocks.1"})
        CHECK(without(key) == key);
    CHECK(without("logits") == "accepted");
    const auto with = [&](const char* key, const auto& value) {
        return why(m,
                   file.with(key,
                             [&](auto& out) {
                                 if constexpr (requires { value.size(); } &&
                                               !std::is_convertible_v<decltype(value), std::string_view>)
                                     out.add_array(key, value);
                                 else
                                     out.add(key, value);
                             }),
                   options);
    };
    CHECK(with("session.version", 2u).where == "session.version");
    CHECK(with("general.architecture", std::string_view{"gemma2"}).where == "general.architecture");
    CHECK(with("session.model", std::string_view{"one"}).where == "session.model");
    CHECK(with("session.tokens", 7u).where == "session.tokens");
    CHECK(with("session.tokens", std::vector<std::int32_t>{1, -1}).code == errc::ctx_bad_token);
    CHECK(with("session.tokens", std::vector<std::int32_t>(513, 1)).code == errc::ctx_full);
    CHECK(with("session.tokens", std::vector<std::int32_t>(10, 1)).code == errc::gguf_layout);
    CHECK(with("session.tokens", std::vector<std::int32_t>{}).code == errc::gguf_layout);
    for (const std::vector<std::uint64_t>& first : {std::vector<std::uint64_t>{},
                                                    {0, 0},
                                                    {1, 1},
                                                    {0, 1},
                                                    {2, 0},
                                                    {~std::uint64_t{0}, ~std::uint64_t{0}},
                                                    {0, 1, 0}})
        CHECK(with("session.first_blocks", first).code == errc::gguf_layout);
}

TEST_CASE("a saved session that was cut or damaged is refused or is still one", "[session_file]") {
    const model m = open("lfm2-f32");
    const session_options options{.context = 256, .threads = 1, .batch = 16};
    session s{m, options};
    s.prefill(some_tokens(20));
    const auto bytes = saved(s);
    const auto n_head = static_cast<std::size_t>(nibble::gguf::file::parse(bytes).data_offset());
    const auto try_out = [&](std::span<const std::byte> file) {
        try {
            session back = restored(m, file, options);
            back.prefill(some_tokens(3));  // whatever it holds
            return true;
        } catch (const nibble::error&) {
            return false;
        }
    };
    for (std::size_t size = 0; size < bytes.size(); size += size < n_head ? 1 : 997)
        REQUIRE_FALSE(try_out({bytes.data(), size}));
    for (std::size_t i = 0; i < n_head; ++i) {
        auto damaged = bytes;
        damaged[i] ^= std::byte{static_cast<unsigned char>(1u << i % 8)};
        (void)try_out(damaged);
    }
    CHECK(try_out(bytes));
}

TEST_CASE("a sink that fails ends the saving and nothing else", "[session_file]") {
    const model m = open("smollm3-q4_k");
    session s{m, {.context = 256, .threads = 1}};
    s.prefill(some_tokens(140));
    const auto logits = logits_of(s);
    std::size_t n_left = 3;
    const auto full = [&](std::span<const std::byte>) {
        if (n_left-- == 0) throw std::runtime_error{"no space left on device"};
    };
    CHECK_THROWS_WITH(s.save(full), "no space left on device");
    CHECK_THAT(logits_of(s), nibble::test::same_bits_as(logits));
    CHECK(saved(s).size() > 0);
}
