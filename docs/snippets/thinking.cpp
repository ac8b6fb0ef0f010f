// SPDX-License-Identifier: Apache-2.0
// A reply as typed events: what the model thinks, and what it answers.
#include <nibble/nibble.hpp>

#include <iostream>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    nibble::session session{model, {.context = 1024}};
    // [thinking]
    auto reply = session.chat({{nibble::role::user, "Count from 8 to 19."}},
                              {.temperature = 0, .thinking = true, .thinking_budget = 500});
    auto events = reply.events();
    for (const auto& event : events)
        if (event.type == nibble::reply_event::kind::answer) std::cout << event.text << std::flush;
    std::cout << "\nIt thought: " << events.reply().reasoning << '\n';
    // [thinking]
}
