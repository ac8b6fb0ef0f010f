// SPDX-License-Identifier: Apache-2.0
// A reply as typed events: what the model thinks, and what it answers.
#include <nibble/nibble.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    nibble::session session{model, {.context = 1024}};
    // [thinking]
    auto reply = session.chat({{nibble::role::user, "Count from 8 to 19."}},
                              {.temperature = 0, .thinking = true, .thinking_budget = 500});
    std::string thoughts, answer;
    for (const auto& event : reply.events()) {
        using kind = nibble::reply_event::kind;
        if (event.type == kind::reasoning) thoughts += event.text;
        if (event.type == kind::answer) answer += event.text;
    }
    std::cout << "thoughts: " << thoughts << "\nanswer: " << answer << '\n';
    // [thinking]
}
