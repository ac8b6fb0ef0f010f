// SPDX-License-Identifier: Apache-2.0
// A reply that is shown while it is generated, and stopped from another thread.
#include <nibble/nibble.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <stop_token>
#include <string_view>
#include <thread>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [cancel]
    std::atomic<bool> cancel = false;
    std::atomic<int> pieces = 0;
    std::jthread reader{[&](std::stop_token done) {  // somebody for whom ten pieces are enough
        while (pieces < 10 && !done.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
        cancel = true;
    }};

    nibble::session session{model, {.context = 1024}};
    auto reply = session.chat({{nibble::role::user, "Tell me a story about a lion."}}, {.cancel = &cancel});
    for (const std::string_view piece : reply) {
        std::cout << piece << std::flush;
        ++pieces;
    }
    std::cout << "\nended by: " << name_of(reply.reason()) << '\n';
    // [cancel]
}
