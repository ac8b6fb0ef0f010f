// SPDX-License-Identifier: Apache-2.0
// A value that is made when first asked for.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Made once, whichever thread asks first; the others wait. If making it throws, nothing has happened and the next one
/// to ask tries again. std::call_once says the same, but where libstdc++ leaves it to pthread_once (Windows) the next
/// one to ask then waits for ever.
template <class T>
class made_on_demand {
public:
    template <class Make>
    [[nodiscard]] const T& get(const Make& make) const {
        if (!made_.load(std::memory_order_acquire)) {
            const std::lock_guard lock{mutex_};
            if (!value_) value_.emplace(make());
            made_.store(true, std::memory_order_release);
        }
        return *value_;
    }

private:
    mutable std::atomic<bool> made_{false};
    mutable std::mutex mutex_;
    mutable std::optional<T> value_;
};

NIBBLE_NAMESPACE_END
