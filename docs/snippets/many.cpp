// SPDX-License-Identifier: Apache-2.0
// Many conversations on one engine: what they have in common is read and kept once.
#include <nibble/nibble.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [many]
    // memory for four conversations of up to 512 tokens, 1024 in all
    const nibble::engine engine{model, {.context = 512, .sequences = 4, .positions = 1024}};
    const nibble::message rules{nibble::role::system,
                                "You are a helpful guide of a small zoo. Answer in one sentence."};

    nibble::session prepared{engine};
    prepared.chat({rules, {nibble::role::user, "Hello"}}, {.max_tokens = 1}).finish();
    for (const char* question : {"What is the capital of Austria?", "Spell golden with dashes."}) {
        nibble::session visitor = prepared.fork();  // shares what has been read
        auto reply = visitor.chat({rules, {nibble::role::user, question}}, {.temperature = 0, .thinking = false});
        std::cout << reply.finish() << "  [" << reply.stats().reused_tokens << " of " << reply.stats().prompt_tokens
                  << " tokens were there]\n";
    }
    // [many]
}
