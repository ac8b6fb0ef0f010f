// SPDX-License-Identifier: Apache-2.0
// A token allocates nothing: counted by replacing the global operator new.
#include "test.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/tiny_model.hpp"

// The replacements below pair with each other; g++ judges each delete by the standard's new.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace {

std::atomic<std::size_t> n_allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
    ++n_allocations;
    const std::size_t rounded = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
    return std::aligned_alloc(alignment, rounded);
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
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

using nibble::test::tiny_model;

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
