// SPDX-License-Identifier: Apache-2.0
// Objects of many types that stay where they are until all of them end together.
#pragma once

#include <utility>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// One list for objects of all types: g++ takes 3 MB for a deque of each type, which is the other way. Releasing the
/// objects takes no recursion, as none owns another.
class heap {
public:
    struct object {
        object() = default;
        object(const object&) = delete;
        object& operator=(const object&) = delete;
        virtual ~object() = default;

    private:
        friend heap;
        object* before_ = nullptr;
    };

    heap() = default;
    heap(const heap&) = delete;
    heap& operator=(const heap&) = delete;
    ~heap() {
        while (newest_) delete std::exchange(newest_, newest_->before_);
    }

    /// Takes over what was made with new.
    void adopt(object* made) noexcept {
        made->before_ = newest_;
        newest_ = made;
    }
    template <class T>
    T& make(T content) {
        auto* made = new holder<T>(std::move(content));
        adopt(made);
        return made->content;
    }

private:
    template <class T>
    struct holder final : object {
        T content;
        explicit holder(T c) : content(std::move(c)) {}
    };

    object* newest_ = nullptr;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
