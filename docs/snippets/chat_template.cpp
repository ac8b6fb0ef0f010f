// SPDX-License-Identifier: Apache-2.0
// The prompt that a chat template makes of a conversation.
#include <nibble/nibble.hpp>

#include <iostream>
#include <vector>

int main(int argc, char** argv) {
    // [chat_template]
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    const std::vector<nibble::message> messages{{nibble::role::user, "What year is it now?"}};
    std::cout << model.apply_chat_template(messages,
                                           {.enable_thinking = false, .date = {.year = 2030, .month = 8, .day = 21}});

    // A template of one's own: the Jinja of Hugging Face, sandboxed.
    const nibble::chat_template letter{"Dear {{ reader | default('reader') }},\n"
                                       "{% for m in messages %}{{ m.content }}\n{% endfor %}"
                                       "{{ strftime_now('%d %B %Y') }}"};
    const nibble::json reader = nibble::json_object{{"reader", "Ada"}};
    std::cout << letter.render(messages, {.variables = reader, .date = {.year = 1843}}) << '\n';
    // [chat_template]
}
