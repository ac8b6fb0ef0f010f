// SPDX-License-Identifier: Apache-2.0
// A reply in the time that is left of a frame.
#include <nibble/nibble.hpp>

#include <chrono>
#include <iostream>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [frames]
    nibble::session session{model, {.context = 1024}};
    auto reply = session.chat({{nibble::role::user, "What is the capital of Austria?"}},
                              {.temperature = 0, .lazy_prompt = true, .thinking = false});
    for (auto state = nibble::advance_result::pending; state != nibble::advance_result::done;) {
        state = reply.advance_for(std::chrono::milliseconds{4});
        if (state == nibble::advance_result::piece) std::cout << reply.piece();
        // and the rest of the frame
    }
    std::cout << '\n';
    // [frames]
}
