// SPDX-License-Identifier: Apache-2.0
// The memory for keys and values: sizes by the formula, layers that lie apart, groups by what layers see.
#include <nibble/model/kv_pool.hpp>

#include <set>

#include <nibble/core/error.hpp>

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

std::size_t bytes(const model_config& config, std::size_t positions, cache_type type) {
    return kv_pool::bytes(config, {.type = type, .positions = positions});
}

}  // namespace

TEST_CASE("a pool takes what its type and its positions, in whole blocks, call for") {
    const auto config = smollm3_shape();
    CHECK(bytes(config, 4096, cache_type::f16) == 73'728u * 4096);
    CHECK(bytes(config, 4096, cache_type::q16) == (73'728u + 36 * 4 * 8) * 4096);
    CHECK(bytes(config, 4096, cache_type::q8) == (73'728u / 2 + 36 * 4 * 8) * 4096);
    CHECK(bytes(config, 1, cache_type::f16) == 73'728u * 128);
    CHECK(bytes(config, 129, cache_type::f16) == 73'728u * 256);
    CHECK(kv_pool::bytes(config, {.type = cache_type::f16, .positions = 4096, .sequences = 7, .batch = 512}) ==
          73'728u * 4096);
}

TEST_CASE("blocks of different layers and heads lie apart and inside") {
    model_config config;
    config.n_layers = 3;
    config.n_kv_heads = 2;
    config.head_dim = 20;
    kv_pool pool{config, {.type = cache_type::q16, .positions = 300}};
    const std::size_t size = cache_block_bytes(cache_type::q16, 20);
    CHECK(pool.head_block_bytes() == size);
    CHECK(size % 64 == 0);
    std::set<std::size_t> offsets;
    for (std::size_t layer = 0; layer < 3; ++layer)
        for (std::size_t head = 0; head < 2; ++head)
            for (std::size_t block = 0; block < 3; ++block)
                offsets.insert(static_cast<std::size_t>(pool.block(0, block) - pool.block(0, 0)) +
                               pool.layer(layer).offset + head * size);
    CHECK(offsets.size() == 18);
    std::size_t expected = 0;
    for (const std::size_t offset : offsets) {
        CHECK(offset == expected);
        expected += size;
    }
    CHECK(expected == bytes(config, 300, cache_type::q16));
}

TEST_CASE("layers that see equally far back share blocks, a convolution's are floats") {
    model_config config;
    config.n_layers = 6;
    config.n_kv_heads = 2;
    config.head_dim = 20;
    config.n_embd = 24;
    config.conv_length = 3;
    config.layers = {{.convolution = true}, {}, {.convolution = true}, {.window = 100}, {}, {.window = 5000}};
    const std::size_t kv = 2 * cache_block_bytes(cache_type::f16, 20), history = 128 * 24 * 4;
    const kv_shape shape{.type = cache_type::f16, .positions = 4096, .sequences = 2, .batch = 200};
    const kv_pool pool{config, shape};
    REQUIRE(pool.n_groups() == 3);
    CHECK(pool.group_at(0).window == 3);
    CHECK(pool.group_at(0).block_bytes == 2 * history);
    CHECK(pool.group_at(0).n_blocks == 2 * 3);  // 203 positions, wherever they begin
    CHECK(pool.group_at(1).window == no_window);
    CHECK(pool.group_at(1).block_bytes == 3 * kv);  // a window beyond all positions is none
    CHECK(pool.group_at(1).n_blocks == 32);
    CHECK(pool.group_at(2).window == 100);
    CHECK(pool.group_at(2).block_bytes == kv);
    CHECK(pool.group_at(2).n_blocks == 2 * 4);
    CHECK(pool.layer(2).group == 0);
    CHECK(pool.layer(2).offset == history);
    CHECK(pool.layer(5).group == 1);
    CHECK(pool.layer(5).offset == 2 * kv);
    CHECK(kv_pool::bytes(config, shape) == 6 * 2 * history + 32 * 3 * kv + 8 * kv);
    kv_shape small = shape;  // window and batch are all there is
    small.positions = 300;
    CHECK(kv_pool{config, small}.n_groups() == 1);
}

TEST_CASE("blocks are given out once, and again when their last user has given them back") {
    model_config config;
    config.n_layers = config.n_kv_heads = 1;
    config.head_dim = 16;
    kv_pool pool{config, {.type = cache_type::q8, .positions = 384}};
    CHECK(pool.take(0) == 0);
    CHECK(pool.take(0) == 1);
    CHECK(pool.n_free(0) == 1);
    pool.share(0, 0);
    CHECK(pool.is_shared(0, 0));
    pool.give_back(0, 0);
    CHECK_FALSE(pool.is_shared(0, 0));
    CHECK(pool.n_free(0) == 1);
    pool.give_back(0, 0);
    CHECK(pool.n_free(0) == 2);
    CHECK(pool.take(0) == 0);
    CHECK(pool.take(0) == 2);
    CHECK(pool.n_free(0) == 0);
}

TEST_CASE("a pool that no machine can hold is an error") {
    auto config = smollm3_shape();
    config.n_layers = std::size_t{1} << 12;
    try {
        const kv_pool pool{config, {.type = cache_type::f16, .positions = std::size_t{1} << 40}};
        FAIL("no error");
    } catch (const error& e) {
        CHECK(e.code() == errc::out_of_memory);
    }
}
