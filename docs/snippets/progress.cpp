// SPDX-License-Identifier: Apache-2.0
// A prompt whose reading is watched, and a session that goes back.
#include <nibble/nibble.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    // [progress]
    nibble::session session{model, {.context = 512, .batch = 32}};
    const auto story = model.tokenizer().encode("Once upon a time there was a lion. One day, the lion met a bird. "
                                                "The bird had a broken wing and could not fly to its nest.");
    auto reply = session.generate(
        story, {.temperature = 0, .max_tokens = 8, .on_progress = [](std::size_t done, std::size_t total) {
                    std::cout << done << " of " << total << " tokens are read\n";
                }});
    const std::string first{reply.finish()};

    session.rewind(story.size() / 2);  // the first half stays
    auto again = session.generate(story, {.temperature = 0, .max_tokens = 8});
    std::cout << again.stats().reused_tokens << " tokens were still there, the text is "
              << (again.finish() == first ? "the same\n" : "another\n");
    // [progress]
}
