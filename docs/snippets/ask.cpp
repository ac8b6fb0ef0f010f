// SPDX-License-Identifier: Apache-2.0
// One question, one answer.
#include <nibble/nibble.hpp>

#include <iostream>

int main(int, char** argv) try {
    const auto model = nibble::model::load(argv[1]);
    auto session = nibble::session{model, {.context = 4096}};
    auto reply =
        session.chat({{nibble::role::user, "Tell me a story about a lion."}}, {.temperature = 0.6f, .seed = 7});
    for (const std::string_view piece : reply) std::cout << piece << std::flush;
    std::cerr << '\n' << reply.stats().tokens_per_second() << " tokens/s\n";
} catch (const nibble::error& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
}
