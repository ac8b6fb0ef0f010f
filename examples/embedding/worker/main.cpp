// SPDX-License-Identifier: Apache-2.0
// A worker that answers a question a line, 32 of them at a time: worker MODEL.gguf [MOST] < QUESTIONS
#include "conversations.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>

namespace {

void work(const char* model_path, std::size_t most) {
    const auto model = nibble::model::load(model_path);
    std::size_t n_answered = 0, most_active = 0;
    conversations all{model, most, [&](const job& done) {
                          ++n_answered;
                          std::cout << done.number << " [rounds " << done.began << " to " << done.ended << "] "
                                    << done.question << " -> " << done.answer << std::endl;
                      }};
    std::size_t n_asked = 0;
    for (std::string line; std::getline(std::cin, line);)
        if (!line.empty()) all.add({.number = ++n_asked, .question = line});
    while (all.round()) most_active = std::max(most_active, all.n_active());
    std::cout << n_answered << " answers in " << all.n_rounds() << " rounds, up to " << most_active << " at a time\n";
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: worker MODEL.gguf [MOST] < QUESTIONS\n";
        return 2;
    }
    try {
        work(argv[1], argc > 2 ? std::stoul(argv[2]) : 32);
    } catch (const std::exception& problem) {
        std::cerr << "error: " << problem.what() << '\n';
        return 1;
    }
}
