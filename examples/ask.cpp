// SPDX-License-Identifier: Apache-2.0
// ask: one question, one answer: ask MODEL.gguf "What is the capital of France?"
#include <nibble/nibble.hpp>

#include <iostream>

int main(int argc, char** argv) try {
    if (const std::string_view first = argc > 1 ? argv[1] : ""; first == "-h" || first == "--help") {
        std::cout << "usage: ask MODEL.gguf QUESTION\nExit code: 0, or 1 after an error.\n";
        return 0;
    }
    if (argc != 3 || !*argv[2]) throw nibble::error{nibble::errc::bad_option, "usage", "ask MODEL.gguf QUESTION"};
    const auto model = nibble::model::load(argv[1]);
    auto session = nibble::session{model, {.context = 4096}};
    auto reply = session.chat({{nibble::role::user, argv[2]}}, {.temperature = 0.6f, .seed = 7});
    for (const std::string_view piece : reply) std::cout << piece << std::flush;
    std::cerr << '\n' << reply.stats().tokens_per_second() << " tokens/s\n";
} catch (const nibble::error& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
}
