// SPDX-License-Identifier: Apache-2.0
// Tokens of several sequences in one pass over the weights.
#include <nibble/nibble.hpp>

#include <algorithm>
#include <iostream>
#include <span>
#include <vector>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [batch]
    nibble::engine engine{model, {.context = 256, .sequences = 2}};
    const auto prompt = [&](const char* question) {
        const nibble::message asked{nibble::role::user, question};
        return model.tokenizer().encode(model.apply_chat_template({&asked, 1}, {.enable_thinking = false}),
                                        {.parse_special = true});
    };
    const auto of_first = prompt("What is the capital of Austria?"), of_second = prompt("Spell golden with dashes.");
    nibble::sequence first{engine}, second{engine};
    const std::size_t n_vocab = model.config().n_vocab;
    std::vector<float> logits(2 * n_vocab);
    const auto likeliest = [&](std::size_t row) {  // nibble::session samples as options say
        const auto of = std::span{logits}.subspan(row * n_vocab, n_vocab);
        return static_cast<nibble::token>(std::max_element(of.begin(), of.end()) - of.begin());
    };
    engine.run({{&first, of_first}, {&second, of_second}}, logits);  // the logits of the last token of each
    for (int step = 0; step < 8; ++step) {
        const nibble::token a = likeliest(0), b = likeliest(1);
        engine.run({{&first, {&a, 1}}, {&second, {&b, 1}}}, logits);
    }
    std::cout << model.tokenizer().decode(first.tokens().subspan(of_first.size())) << '\n'
              << model.tokenizer().decode(second.tokens().subspan(of_second.size())) << '\n';
    // [batch]
}
