// SPDX-License-Identifier: Apache-2.0
// A reply that is shown while it is generated, and stopped from another thread.
#include <nibble/nibble.hpp>

#include <atomic>
#include <iostream>
#include <string_view>
#include <thread>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [cancel]
    std::atomic<bool> cancel = false;
    std::atomic<int> pieces = 0;
    std::jthread reader{[&] {  // somebody for whom ten pieces are enough
        for (int seen = 0; seen < 10; seen = pieces) pieces.wait(seen);
        cancel = true;
    }};

    nibble::session session{model, {.context = 1024}};
    auto reply = session.chat({{nibble::role::user, "Tell me a story about a lion."}}, {.cancel = &cancel});
    for (const std::string_view piece : reply) {
        std::cout << piece << std::flush;
        ++pieces;
        pieces.notify_one();
    }
    std::cout << "\nended by: " << name_of(reply.reason()) << '\n';
    // [cancel]
    pieces = 10;  // for a reply that ended sooner
    pieces.notify_one();
}
