// SPDX-License-Identifier: Apache-2.0
// Two turns of a conversation: the second reads only what is new.
#include <nibble/nibble.hpp>

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [conversation]
    nibble::session session{model, {.context = 1024}};
    std::vector<nibble::message> messages;
    for (const char* question : {"Hi, I am Omar.", "What is my name?"}) {
        messages.push_back({nibble::role::user, question});
        auto reply = session.chat(messages, {.temperature = 0, .thinking = false});
        messages.push_back({nibble::role::assistant, std::string{reply.finish()}});

        const auto& stats = reply.stats();
        std::cout << messages.back().content << "  [prompt: " << stats.prompt_tokens << " tokens, "
                  << stats.reused_tokens << " of them in the cache]\n";
    }
    // [conversation]
}
