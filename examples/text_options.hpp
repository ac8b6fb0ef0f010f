// SPDX-License-Identifier: Apache-2.0
// The options of loading a model that concern text, for programs that need no more of it too.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <nibble/chat/builtin_templates.hpp>
#include <nibble/core/error.hpp>
#include <nibble/text/tokenizer.hpp>

#include "read_file.hpp"

/// A chat template in place of the file's.
struct template_options {
    std::string text, path;

    /// Empty where none was chosen. Throws nibble::error.
    [[nodiscard]] std::string source() const {
        if (text.empty() && path.empty()) return {};
        const std::string chosen = path.empty() ? text : read_file(path);
        const auto builtin = nibble::find_builtin_template(chosen);
        if (!builtin.empty()) return std::string{builtin};
        // Without a tag it would make the same prompt of every conversation: a name that is mistyped.
        if (chosen.find('{') == std::string::npos)
            throw nibble::error{nibble::errc::bad_option, "chat template",
                                "a Jinja template, or one of" + builtin_names(), '\'' + nibble::escaped(chosen) + '\''};
        return chosen;
    }

    [[nodiscard]] static std::string builtin_names() {
        std::string names;
        for (const auto& builtin : nibble::builtin_templates) names += ' ' + std::string{builtin.name};
        return names;
    }
};

inline void declare_template(CLI::App& app, template_options& chosen) {
    auto* const text =
        app.add_option("--chat-template", chosen.text,
                       "chat template in place of the file's, or one of:" + template_options::builtin_names());
    auto* const path = app.add_option("--chat-template-file", chosen.path, "the same, in a file");
    text->type_name("TEXT");
    path->type_name("FILE")->excludes(text);
}

inline void declare_pretokenizer(CLI::App& app, nibble::tokenizer_options& chosen) {
    app.add_option("--pre", chosen.pretokenizer, "pre-tokenizer in place of the file's, such as llama-bpe")
        ->type_name("NAME");
}
