// SPDX-License-Identifier: Apache-2.0
// A token allocates nothing, and where an allocation fails nothing is lost: by replacing the global operator new.
#include "test.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <vector>

#if defined(_WIN32)
#include <malloc.h>
#endif

#include <nibble/generate/session.hpp>

#include "support/tiny_model.hpp"

// The replacements below pair with each other; g++ judges each delete by the standard's new.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace {

std::atomic<std::size_t> n_allocations{0};
std::atomic<std::size_t> failing{0};  // the number of the allocation that fails; 0: none does

void* counted(std::size_t size, std::size_t alignment) {
    if (++n_allocations == failing) return nullptr;
    const std::size_t rounded = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
#if defined(_WIN32)
    return ::_aligned_malloc(rounded, alignment);
#else
    return std::aligned_alloc(alignment, rounded);
#endif
}

void release(void* memory) {
#if defined(_WIN32)
    ::_aligned_free(memory);
#else
    std::free(memory);
#endif
}

void* counted_or_throw(std::size_t size, std::size_t alignment) {
    if (void* memory = counted(size, alignment)) return memory;
    throw std::bad_alloc{};
}

constexpr std::size_t usual = alignof(std::max_align_t);

}  // namespace

void* operator new(std::size_t size) { return counted_or_throw(size, usual); }
void* operator new[](std::size_t size) { return counted_or_throw(size, usual); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size, usual); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size, usual); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

using nibble::test::tiny_model;

namespace {

/// Calls `step` until it gets through, with its allocation number `first`, first + stride, ... failing on the way.
/// Returns how often it failed.
template <class Step>
std::size_t with_failures(std::size_t first, std::size_t stride, Step step) {
    for (std::size_t n_failures = 0;; ++n_failures) {
        failing = n_allocations + first + n_failures * stride;
        try {
            step();
            failing = 0;
            return n_failures;
        } catch (const std::bad_alloc&) {
            failing = 0;
        }
    }
}

}  // namespace

TEST_CASE("the counter counts", "[allocation]") {
    const std::size_t before = n_allocations;
    int* volatile memory = new int;
    delete memory;
    CHECK(n_allocations > before);
}

TEST_CASE("reading and sampling allocate nothing after the start", "[allocation]") {
    nibble::session session{tiny_model(), {.threads = 2, .batch = 16}};
    const auto tokens = tiny_model().tokenizer().encode("Tell me a story about an otter who lived by the sea, please.");
    session.prefill(tokens);
    session.rewind(0);
    const std::size_t before = n_allocations;
    session.prefill(tokens);
    for (const auto id : tokens) session.decode(id);
    CHECK(n_allocations == before);
}

TEST_CASE("a generated token allocates nothing, whatever the options", "[allocation]") {
    using stage = nibble::sampling_stage;
    std::vector<nibble::generation_options> all{
        {.temperature = 0},
        {.temperature = 1.2f},
        {.temperature = 1.2f, .top_k = 0, .top_p = 0.99f, .min_p = 0},
        {.repeat_penalty = 1.1f,
         .repeat_last_n = -1,
         .presence_penalty = 0.5f,
         .frequency_penalty = 0.5f,
         .dry_multiplier = 0.8f},
        {.top_k = 0, .typical_p = 0.9f, .top_n_sigma = 2, .xtc_probability = 0.5f},
        {.mirostat = true, .n_probs = 5},
        {.temperature = 0, .draft = {.lookup = true}},
        {.order = {stage::temperature, stage::top_k}, .logit_bias = {{5, 1.0f}}, .on_logits = [](std::span<float>) {}},
    };
    nibble::session session{tiny_model(), {.threads = 2}};
    for (auto& options : all) {
        options.max_tokens = 60;
        options.stop = {"no such text"};
        auto reply = session.generate("Once upon a time", options);
        auto it = reply.begin();
        std::size_t warm = 0;
        std::size_t before = 0;
        for (; it != reply.end(); ++it)
            if (++warm == 3) before = n_allocations;
        CHECK(n_allocations == before);
        CHECK(reply.tokens().size() > 5);
    }
}

TEST_CASE("events lose nothing of a reply, whichever of their allocations fails", "[allocation]") {
    for (const char* part : {"I know this one: Germany, Berlin.", "<tool_call>\n{\"name\": \"order_note\""}) {
        const auto& all = nibble::test::tiny_conversations();
        const auto c = *std::find_if(all.begin(), all.end(),
                                     [&](const auto& each) { return each.text.find(part) != std::string::npos; });
        nibble::generation_options options{.temperature = 0};
        options.thinking = c.thinking;
        options.tools = c.tools;
        options.date = c.date;
        nibble::session session{tiny_model(), {.threads = 1}};
        struct seen {
            std::string raw, texts;
            std::size_t n_calls = 0, n_failures = 0;
        };
        // A stride of 0 would fail for ever: the first fails at `first`, the next ones later.
        const auto walk = [&](std::size_t first, std::size_t stride) {
            auto reply = session.chat(c.messages, options);
            auto events = reply.events();
            seen out;
            nibble::reply_events::iterator it;
            out.n_failures += with_failures(first, stride, [&] { it = events.begin(); });
            while (it != events.end()) {
                out.raw += it->raw;
                out.texts += it->text;
                out.n_calls += it->type == nibble::reply_event::kind::tool_call;
                out.n_failures += with_failures(first, stride, [&] { ++it; });
            }
            CHECK(out.raw == reply.text());
            out.texts += "|" + events.reply().reasoning + "|" + events.reply().content;
            out.n_calls += 100 * events.reply().tool_calls.size();
            return out;
        };
        const auto expected = walk(1'000'000, 1'000'000);  // no failure
        CHECK(expected.n_failures == 0);
        for (std::size_t first = 1; first <= 16; ++first)
            for (const std::size_t stride : {std::size_t{1}, std::size_t{1'000'000}}) {
                if (stride == 1 && first > 1) continue;
                CAPTURE(part, first, stride);
                const auto got = walk(first, stride);
                CHECK(got.raw == expected.raw);
                CHECK(got.texts == expected.texts);
                CHECK(got.n_calls == expected.n_calls);
                if (first == 1) CHECK(got.n_failures > 0);
            }
    }
}
