// SPDX-License-Identifier: Apache-2.0
// An editor in which somebody types a text: with each key when the completion of the last one begins to show, and after
// a word when it is whole: editor MODEL.gguf [TEXT] Every key cancels the completion of the key before it; what was
// read of the text stays read.
#include "completer.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <string>

namespace {

void type(const char* model_path, const std::string& text) {
    using clock_type = std::chrono::steady_clock;
    const auto model = nibble::model::load(model_path);
    completer completer{model};
    clock_type::duration worst{};
    for (std::size_t n = 1; n <= text.size(); ++n) {
        const auto began = clock_type::now();
        completer.edited({text.substr(0, n), ""});
        worst = std::max(worst, clock_type::now() - began);
        if (n < text.size() && text[n] != ' ') {
            (void)completer.wait_for_begin();
        } else {
            std::cout << text.substr(0, n) << '[' << completer.wait().text << "]\n";
        }
    }
    const auto stats = completer.stats();
    std::cout << text.size() << " keys: " << stats.n_finished << " completions finished, " << stats.n_cancelled
              << " cancelled\nprompt tokens: " << stats.tokens_read << " read, " << stats.tokens_reused
              << " read before\nthe worst key took " << std::chrono::duration<double, std::milli>{worst}.count()
              << " ms\n";
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: editor MODEL.gguf [TEXT]\n";
        return 2;
    }
    try {
        type(argv[1], argc > 2 ? argv[2] : "Once upon a time there was a lion.");
    } catch (const std::exception& problem) {
        std::cerr << "error: " << problem.what() << '\n';
        return 1;
    }
}
