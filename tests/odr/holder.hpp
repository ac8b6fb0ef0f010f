// SPDX-License-Identifier: Apache-2.0
// A header of a program that holds nibble's objects and knows their names alone.
#pragma once

#include <memory>

#include <nibble/fwd.hpp>

class holder {
public:
    holder();
    ~holder();
    [[nodiscard]] bool is_empty() const { return !model_ && !session_ && !file_; }
    void say(const nibble::message& message, const nibble::generation_options& options);
    nibble::finish_reason read(nibble::generation& reply);

private:
    std::unique_ptr<nibble::model> model_;
    std::unique_ptr<nibble::session> session_;
    std::unique_ptr<nibble::gguf::file> file_;
};
