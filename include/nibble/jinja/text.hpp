// SPDX-License-Identifier: Apache-2.0
// The strings of a rendering: borrowed or shared, never copied.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// An immutable string: either borrowed from what outlives the rendering (the template, its variables) or shared.
/// Parts of a string share its bytes.
class text {
public:
    text() noexcept = default;
    [[nodiscard]] static text borrowed(std::string_view bytes) noexcept {
        text t;
        t.view_ = bytes;
        return t;
    }
    [[nodiscard]] static text owned(std::string bytes) {
        text t;
        t.owner_ = std::make_shared<const std::string>(std::move(bytes));
        t.view_ = *t.owner_;
        return t;
    }
    /// `bytes`, which lie inside this text.
    [[nodiscard]] text part(std::string_view bytes) const {
        text t = *this;
        t.view_ = bytes;
        return t;
    }
    [[nodiscard]] std::string_view view() const noexcept { return view_; }

    /// HTML that is not to be escaped again, as the filters safe and escape give it: what is added to it is escaped.
    [[nodiscard]] bool is_markup() const noexcept { return markup_; }
    [[nodiscard]] text as_markup(bool markup = true) const {
        text t = *this;
        t.markup_ = markup;
        return t;
    }

private:
    std::shared_ptr<const std::string> owner_;
    std::string_view view_;
    bool markup_ = false;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
