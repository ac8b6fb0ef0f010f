// SPDX-License-Identifier: Apache-2.0
// A conversation that is put away into a file and goes on from there.
#include <nibble/nibble.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    const auto path = std::filesystem::temp_directory_path() / "nibble-saved-session.gguf";
    // [saved]
    std::vector<nibble::message> messages{{nibble::role::user, "Hi, I am Omar."}};
    const nibble::generation_options options{.temperature = 0, .thinking = false};
    {
        nibble::session session{model, {.context = 512}};
        messages.push_back({nibble::role::assistant, std::string{session.chat(messages, options).finish()}});
        std::ofstream out{path, std::ios::binary};
        session.save([&](std::span<const std::byte> bytes) {
            out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        });
    }
    auto session = nibble::session::restore(model, nibble::gguf::file::open(path), {.context = 512});
    messages.push_back({nibble::role::user, "What is my name?"});
    auto reply = session.chat(messages, options);
    std::cout << reply.finish() << "  [" << reply.stats().reused_tokens << " tokens were there]\n";
    // [saved]
    std::filesystem::remove(path);
}
