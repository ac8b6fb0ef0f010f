// SPDX-License-Identifier: Apache-2.0
// The table of one sequence: blocks taken and given back, shared by copies, forgotten behind windows.
#include <nibble/model/kv_cache.hpp>

#include <cstring>
#include <memory>
#include <optional>

#include "test.hpp"

using namespace nibble;

namespace {

/// A layer that sees everything, and one with a window of 100 if `has_window`.
std::shared_ptr<kv_pool> pool_of(std::size_t positions, std::size_t sequences, bool has_window) {
    model_config config;
    config.n_layers = config.n_kv_heads = 1;
    config.head_dim = 16;
    config.layers = {{}};
    if (has_window) {
        config.n_layers = 2;
        config.layers.push_back({.window = 100});
    }
    return std::make_shared<kv_pool>(
        config, kv_shape{.type = cache_type::q8, .positions = positions, .sequences = sequences, .batch = 50});
}

/// Reads n tokens as a pass would.
void read(kv_cache& cache, std::size_t n) {
    cache.forget_before(n);
    cache.take_blocks(n);
    cache.commit(n);
}

}  // namespace

TEST_CASE("a sequence takes blocks as it grows and gives them back as it shrinks and ends") {
    const auto pool = pool_of(1024, 1, false);
    {
        kv_cache cache{pool};
        CHECK(cache.position() == 0);
        CHECK(pool->n_free(0) == 8);
        CHECK(cache.blocks_to_take(0, 129) == 2);
        read(cache, 129);
        CHECK(cache.position() == 129);
        CHECK(pool->n_free(0) == 6);
        CHECK(cache.blocks_to_take(0, 127) == 0);
        CHECK(cache.blocks_to_take(0, 128) == 1);
        cache.rewind(128);
        CHECK(cache.position() == 128);
        CHECK(pool->n_free(0) == 7);
        read(cache, 128 * 7);
        CHECK(pool->n_free(0) == 0);
        kv_cache moved{std::move(cache)};
        CHECK(moved.position() == 1024);
        CHECK(pool->n_free(0) == 0);
    }
    CHECK(pool->n_free(0) == 8);
}

TEST_CASE("a copy shares all blocks until one of both writes into the last") {
    const auto pool = pool_of(1024, 1, false);
    kv_cache cache{pool};
    read(cache, 200);
    std::memset(cache.layer(0).block(0, 1), 7, 64);
    {
        kv_cache copy{cache};
        CHECK(pool->n_free(0) == 6);
        CHECK(copy.layer(0).block(0, 1) == cache.layer(0).block(0, 1));
        CHECK(copy.blocks_to_take(0, 1) == 1);  // a block of its own, with what is in it
        read(copy, 1);
        CHECK(pool->n_free(0) == 5);
        CHECK(copy.layer(0).block(0, 0) == cache.layer(0).block(0, 0));
        REQUIRE(copy.layer(0).block(0, 1) != cache.layer(0).block(0, 1));
        CHECK(std::memcmp(copy.layer(0).block(0, 1), cache.layer(0).block(0, 1), 64) == 0);
        CHECK(cache.blocks_to_take(0, 1) == 0);  // it is alone again
        kv_cache full{cache};
        full.rewind(128);
        CHECK(full.blocks_to_take(0, 1) == 1);  // a new one: nothing is copied
    }
    CHECK(pool->n_free(0) == 6);
}

TEST_CASE("blocks of a pass that did not end are not a copy's") {
    const auto pool = pool_of(1024, 1, false);
    kv_cache cache{pool};
    read(cache, 128);
    cache.take_blocks(1);
    const kv_cache copy{cache};
    CHECK(pool->n_free(0) == 6);
    cache.rewind(cache.position());
    CHECK(pool->n_free(0) == 7);
}

TEST_CASE("a layer with a window keeps window and batch positions, which a sequence can go back to") {
    const auto pool = pool_of(4096, 1, true);
    REQUIRE(pool->n_groups() == 2);
    REQUIRE(pool->group_at(1).window == 100);
    CHECK(pool->group_at(0).n_blocks == 32);
    CHECK(pool->group_at(1).n_blocks == 3);  // 150 positions lie in 2 or 3 of them
    kv_cache cache{pool};
    for (std::size_t n = 0; n < 4096;) {
        const std::size_t step = n % 3 == 0 ? 50 : 17;
        if (n + step > 4096) break;
        REQUIRE(cache.blocks_to_take(1, step) <= 1);
        read(cache, step);
        n += step;
        CHECK(cache.earliest() <= n - std::min<std::size_t>(n, 50));
        if (n >= 400) CHECK(cache.earliest() + 50 + 128 > n);
    }
    const std::size_t end = cache.position(), back = cache.earliest();
    cache.rewind(back);
    CHECK(cache.position() == back);
    CHECK(cache.earliest() == back);  // what was forgotten does not come back
    read(cache, 50);
    cache.rewind(0);
    CHECK(cache.earliest() == 0);
    CHECK(pool->n_free(1) == 3);
    read(cache, 50);
    CHECK(pool->n_free(1) == 2);
    CHECK(end > 4000);
}

TEST_CASE("sequences with a window never want more blocks than there are for their number") {
    const auto pool = pool_of(1 << 16, 3, true);
    CHECK(pool->group_at(1).n_blocks == 9);
    std::vector<kv_cache> caches(3, kv_cache{pool});
    unsigned random = 1;
    for (int step = 0; step < 3000; ++step) {
        random = random * 1664525 + 1013904223;
        kv_cache& cache = caches[random % 3];
        const std::size_t n = 1 + (random >> 8) % 50;
        if ((random >> 16) % 16 == 0) {
            caches[(random >> 20) % 3] = cache;
        } else if (cache.position() + n > 4096) {
            cache.rewind(0);
        } else {
            cache.forget_before(n);
            REQUIRE(cache.blocks_to_take(1, n) <= pool->n_free(1));
            cache.take_blocks(n);
            cache.commit(n);
        }
    }
}
