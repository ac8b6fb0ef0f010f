// SPDX-License-Identifier: Apache-2.0
// What every part of a rendering shares: its heap, its budget, its place in the source, its errors.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/jinja/calendar_time.hpp>
#include <nibble/jinja/heap.hpp>
#include <nibble/jinja/limits.hpp>
#include <nibble/jinja/mapping.hpp>
#include <nibble/jinja/place.hpp>
#include <nibble/jinja/value.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

class runtime;

/// How many steps it takes at most to compare `v` with another key, beyond the one that a number or a short string
/// costs; nullopt for what cannot be a key: lists, dictionaries, their views, and tuples with such. Pays for the walk
/// through a tuple, in which one part may stand many times.
[[nodiscard]] std::optional<std::uint64_t> key_cost(runtime& rt, const value& v, int depth = 0);
/// The same for what must be a key.
std::uint64_t require_key(runtime& rt, const value& v);

/// The state of one rendering, used by one thread. All containers made on the way live until it ends: so nothing can
/// dangle, and releasing them takes no recursion, however deep they are nested.
class runtime {
public:
    runtime(std::string_view source, const limits& bounds, const calendar_time& date,
            const std::atomic<bool>* cancel = nullptr)
        : source_(source), limits_(bounds), steps_(bounds.steps), date_(date), cancel_(cancel) {}
    runtime(const runtime&) = delete;
    runtime& operator=(const runtime&) = delete;

    [[nodiscard]] const limits& bounds() const noexcept { return limits_; }
    [[nodiscard]] const calendar_time& date() const noexcept { return date_; }

    // ---- place and errors

    /// The construct being evaluated, as an offset into the source.
    void at(std::size_t offset) noexcept { offset_ = offset; }
    [[nodiscard]] std::size_t at() const noexcept { return offset_; }

    [[noreturn]] void fail(errc code, std::string message) const {
        throw error(code, place(source_, offset_), {}, std::move(message));
    }
    [[noreturn]] void type_error(std::string message) const { fail(errc::tmpl_type_error, std::move(message)); }

    /// Reports the use of something undefined.
    [[noreturn]] void undefined_error(const value& v) const {
        const undefined u = v.missing();
        const std::string what = "'" + escaped(u.what.view()) + "'";
        switch (u.why) {
            case undefined::reason::name:
            case undefined::reason::date: type_error(what + " is undefined");
            case undefined::reason::attribute: type_error("'" + std::string(u.owner) + "' has no attribute " + what);
            case undefined::reason::element:
                type_error("'" + std::string(u.owner) + "' has no element " + escaped(u.what.view()));
            case undefined::reason::unsafe:
                type_error("access to attribute " + what + " of '" + u.owner + "' is unsafe");
            case undefined::reason::note: break;
        }
        type_error(escaped(u.what.view()));
    }
    /// Refuses undefined values where Python would.
    void require_defined(const value& v) const {
        if (v.is_undefined()) undefined_error(v);
    }

    // ---- budget

    void spend(std::uint64_t steps = 1) {
        if (cancel_ && cancel_->load(std::memory_order_relaxed)) fail(errc::tmpl_cancelled, "cancelled");
        if (steps > steps_) {
            steps_ = 0;
            fail(errc::tmpl_out_of_fuel, "the template takes more steps than allowed");
        }
        steps_ -= steps;
    }
    /// Pays for looking at every byte of a string, or for moving that many.
    void spend_reading(std::uint64_t bytes) { spend(bytes / 64); }
    /// Adds to the budget: what the variables bring with them.
    void earn(std::uint64_t steps) noexcept { steps_ += std::min(steps, UINT64_MAX - steps_); }
    /// Pays for a string of `bytes` before it is made; refuses one that is too long.
    void spend_bytes(std::uint64_t bytes) {
        if (bytes > limits_.output_bytes)
            fail(errc::tmpl_output_too_large, "a text of more than " + std::to_string(limits_.output_bytes) + " bytes");
        spend(1 + bytes / 64);
    }

    /// Appends to a string that is being built, paying for it first.
    void append(std::string& out, std::string_view bytes) {
        spend_bytes(out.size() + bytes.size() > limits_.output_bytes ? out.size() + bytes.size() : bytes.size());
        out += bytes;
    }

    /// Counts one level of recursion for as long as it lives.
    class level {
    public:
        explicit level(runtime& rt) : rt_(rt) {
            if (rt.depth_ >= rt.limits_.depth) rt.fail(errc::tmpl_too_deep, "too many nested evaluations");
            ++rt.depth_;
        }
        ~level() { --rt_.depth_; }
        level(const level&) = delete;
        level& operator=(const level&) = delete;

    private:
        runtime& rt_;
    };

    // ---- values

    [[nodiscard]] value string(std::string bytes) {
        spend_bytes(bytes.size());
        return text::owned(std::move(bytes));
    }
    [[nodiscard]] sequence& make_sequence(std::vector<value> elements, sequence::flavor form = sequence::flavor::list) {
        spend(1 + elements.size());
        return heap_.make<sequence>({form, std::move(elements)});
    }
    [[nodiscard]] value list(std::vector<value> elements) { return &make_sequence(std::move(elements)); }
    [[nodiscard]] value tuple(std::vector<value> elements) {
        return &make_sequence(std::move(elements), sequence::flavor::tuple);
    }
    [[nodiscard]] value generator(std::vector<value> elements) {
        return &make_sequence(std::move(elements), sequence::flavor::generator);
    }
    [[nodiscard]] value dict(std::vector<mapping::entry> entries) {
        spend(1 + 2 * entries.size());
        const std::uint64_t comparisons = mapping::comparisons_to_build(entries.size());
        for (const auto& e : entries) spend(require_key(*this, e.key) * comparisons);
        return &heap_.make(mapping{std::move(entries)});
    }
    [[nodiscard]] name_space* make_namespace() { return spend(), &heap_.make(name_space{}); }
    [[nodiscard]] const callable* make_callable(callable c) { return spend(), &heap_.make(std::move(c)); }
    [[nodiscard]] loop_state* make_loop(loop_state l) { return spend(), &heap_.make(std::move(l)); }
    [[nodiscard]] value make_cycler(std::vector<value> items) { return &heap_.make(cycler{std::move(items)}); }
    [[nodiscard]] value make_joiner(text separator) { return &heap_.make(joiner{std::move(separator)}); }

private:
    std::string_view source_;
    const limits& limits_;
    std::uint64_t steps_;
    calendar_time date_;
    const std::atomic<bool>* cancel_;  // or null
    std::size_t offset_ = 0;
    std::size_t depth_ = 0;

    heap heap_;
};

// A cost is at most a 64th of the longest string for each step that was paid in the walk: products fit into 64 bits.
inline std::optional<std::uint64_t> key_cost(runtime& rt, const value& v, int depth) {
    if (v.is_string()) return v.str().size() / 64;
    if (v.is_mapping() || depth > 16) return std::nullopt;
    if (!v.is_sequence()) return 0;
    const auto form = v.seq().form;
    if (form == sequence::flavor::generator || form == sequence::flavor::range) return 0;
    if (form != sequence::flavor::tuple) return std::nullopt;
    std::uint64_t total = 0;
    for (const value& item : v.seq().elements) {
        rt.spend();
        const auto cost = key_cost(rt, item, depth + 1);
        if (!cost) return std::nullopt;
        total += 1 + *cost;
    }
    return total;
}
inline std::uint64_t require_key(runtime& rt, const value& v) {
    if (const auto cost = key_cost(rt, v)) return *cost;
    rt.type_error(std::string("unhashable type: '") + type_name(v) + "'");
}

/// The value under `key`, which costs `cost` to compare, or nullptr.
[[nodiscard]] inline const value* look_up(runtime& rt, const mapping& m, const value& key, std::uint64_t cost) {
    rt.spend(cost * m.comparisons_to_search());
    return m.search(key);
}
[[nodiscard]] inline const value* look_up(runtime& rt, const mapping& m, std::string_view key) {
    const value name = text::borrowed(key);
    return look_up(rt, m, name, key.size() / 64);
}

[[nodiscard]] inline value missing_note(std::string message) {
    return undefined{text::owned(std::move(message)), "", undefined::reason::note};
}

/// The arguments of a call laid out in the order of `names`; nullptr where one is not given. Python's rules: too many,
/// unknown or doubled arguments and missing ones among the first `required` are errors that name the function.
template <std::size_t N>
[[nodiscard]] std::array<const value*, N> bind(runtime& rt, const call_arguments& args, std::string_view function,
                                               const std::array<std::string_view, N>& names, std::size_t required = 0) {
    std::array<const value*, N> bound{};
    const auto complain = [&](std::string_view what) {
        rt.type_error(std::string(function) + "() " + std::string(what));
    };
    if (args.positional.size() > N) complain("takes at most " + std::to_string(N) + " arguments");
    for (std::size_t i = 0; i < args.positional.size(); ++i) bound[i] = &args.positional[i];
    for (const auto& [name, given] : args.keyword) {
        const auto slot = static_cast<std::size_t>(std::find(names.begin(), names.end(), name.view()) - names.begin());
        if (slot == N) complain("has no argument '" + escaped(name.view()) + "'");
        if (bound[slot]) complain("got several values for argument '" + escaped(name.view()) + "'");
        bound[slot] = &given;
    }
    for (std::size_t i = 0; i < required; ++i)
        if (!bound[i]) complain("needs the argument '" + std::string(names[i]) + "'");
    return bound;
}
/// For a function without arguments.
inline void bind_nothing(runtime& rt, const call_arguments& args, std::string_view function) {
    if (!args.positional.empty() || !args.keyword.empty())
        rt.type_error(std::string(function) + "() takes no arguments");
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
