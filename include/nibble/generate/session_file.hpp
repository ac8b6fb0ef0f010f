// SPDX-License-Identifier: Apache-2.0
// What a session has read, as a file: to go on from it later, elsewhere, bit for bit.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/hex.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/generate/session_state.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/writer.hpp>
#include <nibble/model/fingerprint.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

// The format, version 1, is GGUF with these keys and tensors. Blocks hold 128 positions of the layers of a group (see
// kv_pool) as they lie in memory, which is the same on all machines.
namespace session_key {
inline constexpr std::string_view architecture = "general.architecture";  // "nibble-session"
inline constexpr std::string_view version = "session.version";            // u32
inline constexpr std::string_view model = "session.model";                // u64  fingerprint()
inline constexpr std::string_view context = "session.context";            // u64
inline constexpr std::string_view batch = "session.batch";                // u64
inline constexpr std::string_view cache_type = "session.cache_type";      // string  f16, q16, q8
inline constexpr std::string_view tokens = "session.tokens";              // i32[]   all that was read
inline constexpr std::string_view first_blocks =
    "session.first_blocks";                            // u64[]   by group; those before are forgotten
inline constexpr std::string_view logits = "logits";   // f32 [n_vocab], or not there
inline constexpr std::string_view blocks = "blocks.";  // + group: i8 [bytes of a block, blocks]
// With a reply in the making:
inline constexpr std::string_view reply_prompt = "session.reply.prompt";      // u64    tokens before it
inline constexpr std::string_view reply_unread = "session.reply.unread";      // i32[]  behind those that were read
inline constexpr std::string_view reply_random = "session.reply.random";      // u64    sampler_state
inline constexpr std::string_view reply_surprise = "session.reply.surprise";  // f32
}  // namespace session_key

inline constexpr std::string_view session_architecture = "nibble-session";
inline constexpr std::uint32_t session_version = 1;

[[nodiscard]] inline std::string_view name_of(cache_type type) noexcept {
    constexpr std::array<std::string_view, 3> names{"q16", "f16", "q8"};
    return names[static_cast<std::size_t>(type)];
}

/// Reads a saved session. Every error says which key or tensor, what was expected and what was found.
class session_reader {
public:
    session_reader(const gguf::file& file, session_state& into) : file_(file), into_(into) {}

    /// Fills a session that has read nothing.
    void read() {
        expect(session_key::architecture, std::string{session_architecture}, text(session_key::architecture));
        expect(session_key::version, std::to_string(session_version), std::to_string(number(session_key::version)));
        const std::uint64_t model = fingerprint(into_.source());
        if (number(session_key::model) != model)
            refuse(session_key::model, "the model that it was saved with (" + hex(model) + ")",
                   hex(number(session_key::model)));
        auto [cache, tokens] = into_.contents();
        const kv_pool& pool = *cache.pool();
        expect(session_key::cache_type, std::string{name_of(pool.type())}, text(session_key::cache_type));
        const auto ids = array<std::int32_t>(session_key::tokens);
        if (!ids.empty()) check_tokens(ids);
        check_layout(pool);
        const auto first = array<std::uint64_t>(session_key::first_blocks);
        if (first.size() != pool.n_groups())
            refuse(session_key::first_blocks, std::to_string(pool.n_groups()) + " numbers",
                   std::to_string(first.size()));
        const auto blocks = check_blocks(pool, ids.size(), first);
        const auto logits = find_logits();
        auto reply = find_reply(ids);
        if (!cache.assume(ids.size(), std::vector<std::size_t>(first.begin(), first.end())))
            refuse(session_key::first_blocks,
                   "blocks that layers with a window keep of " + std::to_string(ids.size()) +
                       " positions, and room for them",
                   "others");
        for (std::size_t g = 0; g < blocks.size(); ++g) {
            const std::byte* from = blocks[g].data();
            for (std::size_t i = cache.first_block(g); i < cache.n_blocks(); ++i) {
                const auto to = cache.block(g, i);
                std::memcpy(to.data(), from, to.size());
                from += to.size();
            }
        }
        tokens.assign(ids.begin(), ids.end());
        if (!logits.empty()) into_.set_logits(logits);
        into_.saved() = std::move(reply);
    }

private:
    [[noreturn]] void refuse(std::string_view where, std::string expected, std::string got) const {
        throw error{errc::gguf_layout, std::string{where}, std::move(expected), std::move(got)};
    }
    void expect(std::string_view key, const std::string& expected, const std::string& got) const {
        if (expected != got) refuse(key, '\'' + expected + '\'', '\'' + escaped(got) + '\'');
    }

    [[nodiscard]] const gguf::value& find(std::string_view key) const {
        const gguf::value* found = file_.find(key);
        if (!found) refuse(key, "a saved session, which has this key", "none");
        return *found;
    }
    [[nodiscard]] std::string text(std::string_view key) const {
        const auto found = find(key).as_string();
        if (!found) refuse(key, "a string", std::string{gguf::name_of(find(key).type())});
        return std::string{*found};
    }
    [[nodiscard]] std::uint64_t number(std::string_view key) const {
        const auto found = find(key).as_unsigned();
        if (!found) refuse(key, "a number from 0", std::string{gguf::name_of(find(key).type())});
        return *found;
    }
    template <class T>
    [[nodiscard]] gguf::number_range<T> array(std::string_view key) const {
        if (!find(key).is_array_of(gguf::type_of<T>()))
            refuse(key, "an array of " + std::string{gguf::name_of(gguf::type_of<T>())}, "another value");
        return find(key).template numbers<T>();
    }

    void check_tokens(const gguf::number_range<std::int32_t>& ids) const {
        into_.check_tokens(std::vector<token>(ids.begin(), ids.end()), 0, session_key::tokens.data());
    }

    /// Windows and the rotation may depend on context and batch: where they do, these must be the saved ones.
    void check_layout(const kv_pool& pool) const {
        const auto& engine = *into_.engine();
        bool depends = false;
        for (const layer_config& layer : into_.source().config().layers)
            depends |= layer.window != no_window || layer.convolution;
        for (const rope_config& rope : into_.source().config().ropes)
            depends |= rope.scaling.type == rope_scaling::method::longrope;
        if (!depends) return;
        expect(session_key::context, std::to_string(engine.context()), std::to_string(number(session_key::context)));
        expect(session_key::batch, std::to_string(pool.batch()), std::to_string(number(session_key::batch)));
    }

    /// The blocks of each group that `position` positions have.
    [[nodiscard]] std::vector<std::span<const std::byte>>
    check_blocks(const kv_pool& pool, std::size_t position, const gguf::number_range<std::uint64_t>& first) const {
        const std::size_t n_all = (position + attention_block - 1) / attention_block;
        std::vector<std::span<const std::byte>> blocks;
        for (std::size_t g = 0; g < pool.n_groups(); ++g) {
            const std::string name = std::string{session_key::blocks} + std::to_string(g);
            const std::uint64_t n_blocks = n_all - std::min<std::uint64_t>(first[g], n_all);
            const tensor_view* tensor = file_.find_tensor(name);
            if (n_blocks > 0 && !tensor) refuse(name, "a tensor with the keys and values", "none");
            const std::uint64_t size = n_blocks * pool.group_at(g).block_bytes,
                                found = tensor ? tensor->bytes.size() : 0;
            if (found != size) refuse(name, std::to_string(size) + " bytes", std::to_string(found));
            blocks.push_back(tensor ? tensor->bytes : std::span<const std::byte>{});
        }
        return blocks;
    }

    [[nodiscard]] std::span<const std::byte> find_logits() const {
        const tensor_view* tensor = file_.find_tensor(session_key::logits);
        if (!tensor) return {};
        const std::size_t size = into_.source().config().n_vocab * sizeof(float);
        if (tensor->type != data_type::f32 || tensor->bytes.size() != size)
            refuse(session_key::logits, std::to_string(size) + " bytes of F32", std::to_string(tensor->bytes.size()));
        return tensor->bytes;
    }

    /// Its last token need not fit: it is read when another one follows.
    [[nodiscard]] std::optional<saved_reply> find_reply(const gguf::number_range<std::int32_t>& read) const {
        if (!file_.find(session_key::reply_prompt)) return {};
        saved_reply out{{read.begin(), read.end()}, 0, {number(session_key::reply_random), 0}};
        const auto unread = array<std::int32_t>(session_key::reply_unread);
        out.text.insert(out.text.end(), unread.begin(), unread.end());
        const std::uint64_t n_prompt = number(session_key::reply_prompt);
        const std::size_t most = std::min(out.text.size(), into_.context());
        if (n_prompt < 1 || n_prompt > most)
            refuse(session_key::reply_prompt, "1 to " + std::to_string(most), std::to_string(n_prompt));
        out.n_prompt = static_cast<std::size_t>(n_prompt);
        const auto [fits, rest] = std::pair{std::span{out.text}.first(most), std::span{out.text}.subspan(most)};
        into_.check_tokens(fits, 0, session_key::reply_unread.data());
        if (!rest.empty()) into_.check_tokens(rest, into_.context() - 1, session_key::reply_unread.data());
        const auto surprise = find(session_key::reply_surprise).as_double();
        if (!surprise || !std::isfinite(*surprise)) refuse(session_key::reply_surprise, "a finite number", "another");
        out.sampling.mirostat_mu = static_cast<float>(*surprise);
        return out;
    }

    static std::string hex(std::uint64_t number) {
        std::string out;
        append_hex(out, number, 16);
        return out;
    }

    const gguf::file& file_;
    session_state& into_;
};

/// Writes what a session has read, and `reply`, its own, where not null.
inline void write_session(session_state& from, const saved_reply* reply, const byte_sink& sink) {
    auto [cache, tokens] = from.contents();
    const kv_pool& pool = *cache.pool();
    gguf::writer out;
    out.add(session_key::architecture, session_architecture)
        .add(session_key::version, session_version)
        .add(session_key::model, fingerprint(from.source()))
        .add(session_key::context, std::uint64_t{from.context()})
        .add(session_key::batch, std::uint64_t{pool.batch()})
        .add(session_key::cache_type, name_of(pool.type()))
        .add_array(session_key::tokens, tokens);
    if (reply)
        out.add(session_key::reply_prompt, std::uint64_t{reply->n_prompt})
            .add_array(session_key::reply_unread, std::span{reply->text}.subspan(tokens.size()))
            .add(session_key::reply_random, reply->sampling.random)
            .add(session_key::reply_surprise, reply->sampling.mirostat_mu);
    std::vector<std::uint64_t> first;
    for (std::size_t g = 0; g < pool.n_groups(); ++g) {
        first.push_back(cache.first_block(g));
        const std::uint64_t block_bytes = pool.group_at(g).block_bytes, n_blocks = cache.n_blocks() - first[g];
        if (n_blocks > 0)
            out.add_tensor({.name = std::string{session_key::blocks} + std::to_string(g),
                            .dims = {block_bytes, n_blocks},
                            .type = data_type::i8,
                            .data = {},
                            .data_size = block_bytes * n_blocks});
    }
    out.add_array(session_key::first_blocks, first);
    const auto logits = std::as_bytes(from.logits());
    if (!logits.empty())
        out.add_tensor({.name = std::string{session_key::logits},
                        .dims = {logits.size() / sizeof(float)},
                        .data = {},
                        .data_size = logits.size()});
    sink(out.head());
    for (std::size_t g = 0; g < pool.n_groups(); ++g)  // blocks are whole cache lines: nothing has to be padded
        for (std::size_t i = cache.first_block(g); i < cache.n_blocks(); ++i) sink(cache.block(g, i));
    if (!logits.empty()) sink(logits);
}

}  // namespace detail
NIBBLE_NAMESPACE_END
