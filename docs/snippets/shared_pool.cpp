// SPDX-License-Identifier: Apache-2.0
// Two sessions that work at the same time and take turns on the same threads.
#include <nibble/nibble.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <thread>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [shared_pool]
    const auto pool = std::make_shared<nibble::thread_pool>();
    const auto ask = [&](const char* question) -> std::string {
        nibble::session session{model, {.context = 1024, .pool = pool}};
        auto reply = session.chat({{nibble::role::user, question}}, {.temperature = 0, .thinking = false});
        return std::string{reply.finish()};
    };

    std::string austria, golden;
    {
        std::jthread first{[&] { austria = ask("What is the capital of Austria?"); }};
        std::jthread second{[&] { golden = ask("Spell golden with dashes."); }};
    }
    std::cout << austria << '\n' << golden << '\n';
    // [shared_pool]
}
