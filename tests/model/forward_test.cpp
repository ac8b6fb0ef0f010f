// SPDX-License-Identifier: Apache-2.0
// What a forward pass leaves out, leaves behind and takes back.
#include <nibble/model/forward.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "support/forward_run.hpp"
#include "support/paths.hpp"
#include "support/same_bits.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

const test::opened_model& small_model() {
    static const test::opened_model model{test::data_dir() / "smollm3-q4_k.gguf"};
    return model;
}

/// One of each kind of layer: windows of 9 positions and two rotations; caps of scores and logits; blocks side by side;
/// convolutions.
const std::vector<const test::opened_model*>& models() {
    static const auto of = [](const char* name) { return test::data_dir() / (std::string{name} + ".gguf"); };
    static const test::opened_model gemma3{of("gemma3-f32")}, gemma2{of("gemma2-f32")}, cohere2{of("cohere2-f32")},
        lfm2{of("lfm2-f32")};
    static const std::vector<const test::opened_model*> all{&small_model(), &gemma3, &gemma2, &cohere2, &lfm2};
    return all;
}

/// The logits of the last `n` of all positions in `all`.
std::vector<float> tail(const std::vector<float>& all, std::size_t n, const test::opened_model& model = small_model()) {
    return {all.end() - static_cast<std::ptrdiff_t>(n * model.config.n_vocab), all.end()};
}

test::same_bits_as same_logits_as(std::vector<float> expected, const test::opened_model& model = small_model()) {
    return test::same_bits_as{std::move(expected), model.config.n_vocab};
}

std::vector<token> some_tokens(std::size_t n) {
    std::vector<token> tokens(n);
    for (std::size_t i = 0; i < n; ++i)
        tokens[i] = static_cast<token>((i * 37 + i * i * 11 + 5) % 128);  // the smallest vocabulary
    return tokens;
}

}  // namespace

TEST_CASE("asking for fewer logits changes none of them") {
    const auto tokens = some_tokens(40);
    for (const auto* model : models()) {
        const auto all = test::sequence_run{*model, 64}.read_at_once(tokens, 40);
        CAPTURE(model->config.family->name);
        for (const std::size_t n : {1u, 2u, 9u, 39u})
            CHECK_THAT((test::sequence_run{*model, 64}.read_at_once(tokens, n)),
                       same_logits_as(tail(all, n, *model), *model));
    }
}

TEST_CASE("the best logit of the last token is known when its logits are") {
    const auto tokens = some_tokens(40);
    for (const auto* model : models())
        for (const unsigned n_threads : {1u, 2u, 3u})
            for (const std::size_t n : {1u, 2u, 9u, 40u}) {
                CAPTURE(model->config.family->name, n_threads, n);
                test::sequence_run run{*model, 64, {.n_threads = n_threads}};
                const auto last = tail(run.read_at_once(tokens, n), 1, *model);
                const auto largest = std::max_element(last.begin(), last.end());
                CHECK(run.best_logit().index == static_cast<std::size_t>(largest - last.begin()));
                CHECK(run.best_logit().value == *largest);
                CHECK(last.size() == model->config.n_vocab);
            }
}

TEST_CASE("hidden states: those that logits are made of, for every token, and they change no logits") {
    const auto tokens = some_tokens(40);
    for (const auto* model : models()) {
        const auto& [n_embd, n_vocab] = std::pair{model->config.n_embd, model->config.n_vocab};
        CAPTURE(model->config.family->name);
        std::vector<float> hidden(40 * n_embd), last(3 * n_embd), cut(hidden.size());
        const auto all = test::sequence_run{*model, 64}.read_at_once(tokens, 40, hidden.data());
        CHECK_THAT((test::sequence_run{*model, 64}.read_at_once(tokens, 40)), same_logits_as(all, *model));
        CHECK_THAT((test::sequence_run{*model, 64}.read_at_once(tokens, 3, last.data())),
                   same_logits_as(tail(all, 3, *model), *model));
        const std::vector<float> end_of_hidden(hidden.end() - static_cast<std::ptrdiff_t>(last.size()), hidden.end());
        CHECK_THAT(last, test::same_bits_as(end_of_hidden, n_embd));
        test::sequence_run run{*model, 64};
        (void)run.read_at_once({tokens.data(), 33}, 33, cut.data());
        (void)run.read_at_once({tokens.data() + 33, 7}, 7, cut.data() + 33 * n_embd);
        CHECK_THAT(cut, test::same_bits_as(hidden, n_embd));

        const auto& output = model->weights.output;
        if (output.type != data_type::f32 || model->config.logit_scale != 1 || model->config.logit_cap != 0) continue;
        for (std::size_t t = 0; t < 40; t += 13)
            for (std::size_t row = 0; row < n_vocab; row += 17) {
                const auto* weights = reinterpret_cast<const float*>(output.row(row));
                const double product =
                    std::inner_product(weights, weights + n_embd, hidden.data() + t * n_embd, double{0});
                CHECK(std::abs(all[t * n_vocab + row] - product) < 1e-3);
            }
    }
}

TEST_CASE("a pass without logits fills the cache all the same") {
    const auto tokens = some_tokens(40);
    for (const auto* model : models()) {
        const auto all = test::sequence_run{*model, 64}.read(tokens);
        test::sequence_run run{*model, 64};
        CHECK(run.read_at_once({tokens.data(), 33}, 0).empty());
        CHECK(run.cache().position() == 33);
        CHECK_THAT(run.read_at_once({tokens.data() + 33, 7}, 7), same_logits_as(tail(all, 7, *model), *model));
        CHECK(run.cache().position() == 40);
    }
}

TEST_CASE("after rewinding, a sequence goes on as if the rest had never been") {
    const auto tokens = some_tokens(200);
    auto other = tokens;
    std::reverse(other.begin(), other.end());
    for (const auto* model : models())
        for (const auto type : {cache_type::q16, cache_type::f16, cache_type::q8}) {
            const test::run_options options{.chunk = 256, .cached_as = type};
            const auto expected = test::sequence_run{*model, 256, options}.read(tokens);
            test::sequence_run run{*model, 256, options};
            run.read({tokens.data(), 130});
            run.read({other.data(), 60});
            run.cache().rewind(130);
            CAPTURE(static_cast<int>(type), model->config.family->name);
            CHECK_THAT(run.read({tokens.data() + 130, 70}), same_logits_as(tail(expected, 70, *model), *model));
        }
}

TEST_CASE("every cache type gives the same bits for any chunking, with windows, convolutions or neither") {
    const auto tokens = some_tokens(150);
    for (const auto* model : models())
        for (const auto type : {cache_type::q16, cache_type::f16, cache_type::q8}) {
            const auto expected =
                test::sequence_run{*model, 150, {.chunk = 1, .n_threads = 1, .cached_as = type}}.read(tokens);
            for (const std::size_t chunk : {3u, 40u, 150u}) {
                CAPTURE(static_cast<int>(type), model->config.family->name, chunk);
                test::sequence_run run{*model, 150, {.chunk = chunk, .n_threads = 3, .cached_as = type}};
                CHECK_THAT(run.read(tokens), same_logits_as(expected, *model));
            }
        }
}

TEST_CASE("through windows alone a token sees as far as they reach") {
    // the first five layers of gemma3-old have windows of 7, which reach back 6 positions each
    test::opened_model model{test::data_dir() / "gemma3-old-f32.gguf"};
    model.config.n_layers = 5;
    model.weights.layers.resize(5);
    auto tokens = some_tokens(60);
    const std::size_t n_vocab = model.config.n_vocab, reach = 5 * 6;
    const auto before = test::sequence_run{model, 60}.read(tokens);
    tokens[10] += 1;
    const auto after = test::sequence_run{model, 60}.read(tokens);
    for (std::size_t t = 0; t < 60; ++t) {
        const auto first = static_cast<std::ptrdiff_t>(t * n_vocab);
        const bool same =
            std::equal(before.begin() + first, before.begin() + first + static_cast<std::ptrdiff_t>(n_vocab),
                       after.begin() + first);
        CAPTURE(t);
        CHECK(same == (t < 10 || t > 10 + reach));
    }
}

TEST_CASE("a token sees its predecessors and not its successors") {
    auto tokens = some_tokens(20);
    const auto before = test::sequence_run{small_model(), 20}.read(tokens);
    tokens[10] = (tokens[10] + 1) % static_cast<token>(small_model().config.n_vocab);
    const auto after = test::sequence_run{small_model(), 20}.read(tokens);
    const std::size_t n_vocab = small_model().config.n_vocab;
    for (std::size_t t = 0; t < 20; ++t) {
        const bool same = std::equal(before.begin() + static_cast<std::ptrdiff_t>(t * n_vocab),
                                     before.begin() + static_cast<std::ptrdiff_t>((t + 1) * n_vocab),
                                     after.begin() + static_cast<std::ptrdiff_t>(t * n_vocab));
        CAPTURE(t);
        CHECK(same == (t < 10));
    }
}

TEST_CASE("the same tokens at other positions give other logits") {  // that rope is applied, and where
    std::vector<token> tokens(24, 7);
    tokens[0] = 1;
    const auto logits = test::sequence_run{small_model(), 24}.read(tokens);
    const auto n = static_cast<std::ptrdiff_t>(small_model().config.n_vocab);
    CHECK_FALSE(std::equal(logits.begin() + 5 * n, logits.begin() + 6 * n, logits.begin() + 20 * n));
}

namespace {

// A kernel set that counts: its products of floats and its norms set a flag when their number comes.
std::atomic<std::size_t> calls_left{0};
std::atomic<bool> cancel{false};
const kernel_set* counted = nullptr;

void count_call() noexcept {
    if (--calls_left == 0) cancel = true;
}
const format_kernels& floats_of(const kernel_set& set) { return *set.find(data_type::f32); }

kernel_set counting_set() {
    counted = &scalar_set();
    kernel_set set = *counted;
    auto& floats = set.formats[static_cast<std::size_t>(&floats_of(*counted) - counted->formats.data())];
    floats.gemv = [](auto... arguments) noexcept {
        count_call();
        floats_of(*counted).gemv(arguments...);
    };
    set.elementwise.rms_norm = [](auto... arguments) noexcept {
        count_call();
        counted->elementwise.rms_norm(arguments...);
    };
    return set;
}

/// An empty cache with blocks for `capacity` positions.
kv_cache cache_of(const test::opened_model& model, std::size_t capacity) {
    kv_cache cache{std::make_shared<kv_pool>(model.config, kv_shape{.positions = capacity, .batch = capacity})};
    cache.take_blocks(capacity);
    return cache;
}

}  // namespace

TEST_CASE("a pass that is stopped anywhere leaves nothing behind") {
    const auto tokens = some_tokens(11);
    const kernel_set set = counting_set();
    for (const char* name : {"smollm3-f32", "qwen3moe-f32", "lfm2-f32", "gemma3-f32"}) {
        const test::opened_model model{test::data_dir() / (std::string{name} + ".gguf")};
        const auto expected = test::sequence_run{model, 16}.read(tokens);
        for (const unsigned n_threads : {1u, 2u}) {
            bool stopped = true;
            for (std::size_t n_calls = 1; stopped; n_calls += n_calls / 8 + 1) {
                CAPTURE(name, n_threads, n_calls);
                thread_pool pool{n_threads};
                stop_signal stop;
                kv_cache cache = cache_of(model, 16);
                workspace work{set, model.config, model.weights, {8, 16, pool.size()}};
                forward_pass pass{model.config, model.weights, set, executor{pool, &stop}, work};
                std::vector<float> logits(tokens.size() * model.config.n_vocab);
                const auto run = [&](std::size_t first, std::size_t n) {
                    const batch_part part{{tokens.data() + first, n}, &cache, n};
                    return pass.run({&part, 1}, {.logits = logits.data() + first * model.config.n_vocab});
                };

                cancel = false;
                stop.watch({.cancel = &cancel});
                calls_left = n_calls;
                stopped = !run(0, 8);
                CHECK(cache.position() == (stopped ? 0 : 8));

                calls_left = 0;  // none has the number 0 - 1
                cancel = false;
                stop.watch({.cancel = &cancel});
                cache.rewind(0);
                cache.take_blocks(16);
                REQUIRE(run(0, 8));
                REQUIRE(run(8, 3));
                CHECK_THAT(logits, same_logits_as(expected, model));
            }
        }
    }
}

TEST_CASE("steps of a pass are a pass") {
    const auto tokens = some_tokens(9);
    for (const auto* model : models()) {
        const auto expected = test::sequence_run{*model, 16}.read(tokens);
        thread_pool pool{2};
        kv_cache cache = cache_of(*model, 16);
        workspace work{best_kernels(detect_cpu()), model->config, model->weights, {16, 16, pool.size()}};
        forward_pass pass{model->config, model->weights, work.activations.kernels(), executor{pool}, work};
        std::vector<float> logits(tokens.size() * model->config.n_vocab);
        for (std::size_t step = 0; step < pass.n_steps(); ++step) {
            CHECK(cache.position() == 0);
            const batch_part part{tokens, &cache, tokens.size()};
            pass.run_step(step, {&part, 1}, {.logits = logits.data()});
        }
        CHECK_THAT(logits, same_logits_as(expected, *model));
        // what is committed of it is good, the rest as if it had never been
        cache.commit(4);
        std::vector<float> rest(5 * model->config.n_vocab);
        const batch_part part{{tokens.data() + 4, 5}, &cache, 5};
        REQUIRE(pass.run({&part, 1}, {.logits = rest.data()}));
        CHECK_THAT(rest, same_logits_as(tail(expected, 5, *model), *model));
    }
}
