// SPDX-License-Identifier: Apache-2.0
// One row of Q4_K weights times one vector, by the specification and by the fastest kernel of this CPU.
#include <nibble/core/cpu.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/quant/formats.hpp>
#include <nibble/quant/scalar.hpp>

#include <cstddef>
#include <iostream>
#include <vector>

int main() {
    // [dot_product]
    namespace quant = nibble::quant;
    constexpr std::size_t n_blocks = 8, depth = n_blocks * quant::q4_k::block_size;
    quant::q4_k::block block{.d = {0x00, 0x3c}, .dmin = {}, .scales = {1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1}, .qs = {}};
    for (auto& two : block.qs) two = 0xff;  // d = 1, all scales 1, all codes 15: weights of 15
    const std::vector<quant::q4_k::block> weights(n_blocks, block);
    const std::vector<float> x(depth, 0.5f);

    std::vector<quant::activation_block<256>> activations(n_blocks);
    for (std::size_t b = 0; b < n_blocks; ++b)
        quant::quantize_block(x.data() + b * quant::q4_k::block_size, activations[b]);
    const float expected = quant::dot<quant::q4_k>(weights.data(), activations.data(), n_blocks);

    const auto& kernels = nibble::best_kernels(nibble::detect_cpu());
    const auto* q4_k = kernels.find(nibble::data_type::q4_k);
    const auto& form = kernels.of(q4_k->form);
    std::vector<std::byte> token(n_blocks * form.block_bytes);
    form.quantize_row(x.data(), depth, token.data());
    float fast = 0;
    q4_k->gemv(reinterpret_cast<const std::byte*>(weights.data()), n_blocks * sizeof(quant::q4_k::block), 1, depth,
               token.data(), 1, &fast, 1);
    std::cout << expected << (fast == expected ? ", the same bits\n" : ", and not the same bits\n");
    // [dot_product]
}
