// SPDX-License-Identifier: Apache-2.0
// How well a model predicts a text, from the logits after each of its tokens.
#include <nibble/nibble.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <vector>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [perplexity]
    const auto tokens = model.tokenizer().encode("Once upon a time there was a strong lion who lived by the blue sea.");
    const std::size_t n_vocab = model.config().n_vocab;
    nibble::session session{model, {.context = tokens.size()}};
    std::vector<float> logits(tokens.size() * n_vocab);
    session.prefill(tokens, logits);

    double nll = 0;  // -ln p(token | tokens before it); the first token is given
    for (std::size_t i = 1; i < tokens.size(); ++i) {
        const auto row = std::span{logits}.subspan((i - 1) * n_vocab, n_vocab);
        const double best = static_cast<double>(*std::max_element(row.begin(), row.end()));
        double sum = 0;
        for (const float logit : row) sum += std::exp(static_cast<double>(logit) - best);
        nll += best + std::log(sum) - static_cast<double>(row[static_cast<std::size_t>(tokens[i])]);
    }
    std::printf("perplexity %.1f\n", std::exp(nll / static_cast<double>(tokens.size() - 1)));
    // [perplexity]
}
