// Rows of weights as floats.
#include <nibble/kernels/dequantize.hpp>

#include <vector>

#include <nibble/kernels/best.hpp>

#include "support/random_weights.hpp"
#include "test.hpp"

using namespace nibble;

TEST_CASE("a row of floats is what its product with unit vectors says") {
    for (const auto type : {data_type::f32, data_type::f16, data_type::bf16}) {
        const auto weights = test::random_weights(type, 1, 512, 21);
        const auto& cell = *scalar_set().find(type);
        std::vector<float> values(512);
        cell.dequantize_row(weights.data(), 512, values.data());
        for (const std::size_t i : {0u, 31u, 511u}) {
            std::vector<float> unit(512, 0.0f);
            unit[i] = 1;
            float out = 0;
            cell.gemv(weights.data(), weights.size(), 1, 512, unit.data(), 1, &out, 1);
            CHECK(out == values[i]);
        }
    }
}

TEST_CASE("a row of blocks is one block after the other") {
    const auto weights = test::random_weights(data_type::q5_k, 1, 512, 22);
    std::vector<float> row(512), block(256);
    kernels::dequantize_row<quant::q5_k>(weights.data(), 512, row.data());
    quant::dequantize_block<quant::q5_k>(quant::blocks_of<quant::q5_k>(weights.data())[1], block.data());
    CHECK(std::vector<float>(row.begin() + 256, row.end()) == block);
}
