// SPDX-License-Identifier: Apache-2.0
// The cache's bookkeeping: sizes by the formula, rows committed and forgotten.
#include <nibble/model/kv_cache.hpp>

#include <set>

#include "test.hpp"

using namespace nibble;

namespace {

model_config smollm3_shape() {
    model_config config;
    config.n_layers = 36;
    config.n_heads = 16;
    config.n_kv_heads = 4;
    config.head_dim = 128;
    return config;
}

}  // namespace

TEST_CASE("a cache takes what its type and its capacity, in whole blocks, call for") {
    const auto config = smollm3_shape();
    CHECK(kv_cache::bytes(config, 4096, cache_type::f16) == 73'728u * 4096);
    CHECK(kv_cache::bytes(config, 4096, cache_type::q16) == (73'728u + 36 * 4 * 8) * 4096);
    CHECK(kv_cache::bytes(config, 4096, cache_type::q8) == (73'728u / 2 + 36 * 4 * 8) * 4096);
    CHECK(kv_cache::bytes(config, 1, cache_type::f16) == 73'728u * 128);
    CHECK(kv_cache::bytes(config, 129, cache_type::f16) == 73'728u * 256);
}

TEST_CASE("blocks of different layers and heads lie apart and inside") {
    model_config config;
    config.n_layers = 3;
    config.n_kv_heads = 2;
    config.head_dim = 20;
    kv_cache cache{config, 300, cache_type::q16};
    CHECK(cache.capacity() == 300);
    CHECK(cache.n_blocks() == 3);
    const std::size_t size = cache_block_bytes(cache_type::q16, 20);
    CHECK(size % 64 == 0);
    std::set<std::size_t> offsets;
    for (std::size_t layer = 0; layer < 3; ++layer)
        for (std::size_t head = 0; head < 2; ++head)
            for (std::size_t block = 0; block < 3; ++block)
                offsets.insert(static_cast<std::size_t>(cache.layer(layer).block(head, block) - cache.layer(0).data));
    CHECK(offsets.size() == 18);
    std::size_t expected = 0;
    for (const std::size_t offset : offsets) {
        CHECK(offset == expected);
        expected += size;
    }
    CHECK(expected == kv_cache::bytes(config, 300, cache_type::q16));
}

TEST_CASE("a layer with a convolution keeps floats of every position in the place of keys and values") {
    model_config config;
    config.n_layers = 3;
    config.n_kv_heads = 2;
    config.head_dim = 20;
    config.n_embd = 24;
    config.layers = {{.convolution = true}, {}, {.convolution = true}};
    kv_cache cache{config, 130, cache_type::f16};
    const std::size_t history = 256 * 24 * 4, attention = 2 * 2 * cache_block_bytes(cache_type::f16, 20);
    CHECK(kv_cache::bytes(config, 130, cache_type::f16) == 2 * history + attention);
    const auto* begin = reinterpret_cast<std::byte*>(cache.history(0));
    CHECK(cache.layer(1).data == begin + history);
    CHECK(reinterpret_cast<std::byte*>(cache.history(2)) == begin + history + attention);
}

TEST_CASE("positions grow by commits and shrink by rewinding") {
    model_config config;
    config.n_layers = config.n_kv_heads = 1;
    config.head_dim = 16;
    kv_cache cache{config, 10, cache_type::q8};
    CHECK(cache.position() == 0);
    cache.commit(7);
    cache.commit(1);
    CHECK(cache.position() == 8);
    cache.rewind(3);
    CHECK(cache.position() == 3);
}

TEST_CASE("a cache that no machine can hold is an error") {
    auto config = smollm3_shape();
    config.n_layers = std::size_t{1} << 30;
    try {
        const kv_cache cache{config, std::size_t{1} << 20, cache_type::f16};
        FAIL("no error");
    } catch (const error& e) {
        CHECK(e.code() == errc::out_of_memory);
    }
}
