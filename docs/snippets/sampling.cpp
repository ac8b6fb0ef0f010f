// SPDX-License-Identifier: Apache-2.0
// How tokens are picked, and how likely they were.
#include <nibble/nibble.hpp>

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    nibble::session session{model, {.context = 1024}};
    // [sampling]
    nibble::generation_options options{.temperature = 0.9f, .top_k = 20, .top_p = 0.95f, .min_p = 0.05f, .seed = 7};
    options.max_tokens = 8;
    options.repeat_penalty = 1.1f;
    options.thinking = false;
    options.n_probs = 2;  // log-probabilities of the two most likely tokens

    auto reply = session.chat({{nibble::role::user, "Tell me a story about a lion."}}, options);
    reply.finish();
    const auto show = [&](const nibble::token_logprob& one) {
        const std::string text{model.tokenizer().piece(one.id, {.special = true})};
        std::printf("%-10s %5.1f %%", ('"' + text + '"').c_str(), 100 * std::exp(static_cast<double>(one.logprob)));
    };
    for (std::size_t i = 0; i < reply.tokens().size(); ++i) {
        show(reply.logprob(i));
        std::printf("  of");
        for (const auto& likely : reply.top_logprobs(i)) {
            std::printf("  ");
            show(likely);
        }
        std::printf("\n");
    }
    // [sampling]
}
