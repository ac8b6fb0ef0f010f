// SPDX-License-Identifier: Apache-2.0
// The values of a rendering: what an expression of a template evaluates to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/jinja/text.hpp>
#include <nibble/json/decimal.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// The value of what does not exist. Printing it gives nothing; using it is an error that says what was missing.
struct undefined {
    enum class reason : std::uint8_t {
        name,       ///< no variable of this name
        attribute,  ///< `owner` has no such attribute
        element,    ///< `owner` has no such element
        unsafe,     ///< the sandbox does not show this attribute of `owner`
        date,       ///< strftime_now where no date is given: a call of it gives an empty text
        note        ///< `what` is the whole message
    };
    text what = {};
    const char* owner = "";  ///< the type of the owner, as Jinja2 words it
    reason why = reason::name;
};

struct none {};

struct sequence;
struct mapping;
struct name_space;
struct callable;
struct loop_state;
struct cycler;
struct joiner;

enum class kind : std::uint8_t {
    undefined,
    none,
    boolean,
    integer,
    big_integer,
    number,
    string,
    sequence,
    mapping,
    name_space,
    callable,
    loop,
    cycler,
    joiner
};

/// One value; cheap to copy. Containers belong to the heap of the rendering and never change once made, except for
/// the objects that Jinja itself lets change: namespaces, loops, cyclers, joiners and the reading of generators.
class value {
public:
    value() noexcept = default;
    value(none) noexcept {}
    value(undefined u) noexcept : text_(std::move(u.what)), kind_(kind::undefined), why_(u.why) {
        data_.owner = u.owner;
    }
    value(bool b) noexcept : kind_(kind::boolean) { data_.boolean = b; }
    value(std::int64_t i) noexcept : kind_(kind::integer) { data_.integer = i; }
    value(double d) noexcept : kind_(kind::number) { data_.number = d; }
    value(text t) noexcept : text_(std::move(t)), kind_(kind::string) {}
    /// An integer beyond 64 bits, as nibble::big_integer writes it.
    [[nodiscard]] static value big_integer(text digits) noexcept {
        value out{std::move(digits)};
        out.kind_ = kind::big_integer;
        return out;
    }
    value(sequence* s) noexcept : kind_(kind::sequence) { data_.elements = s; }
    value(const mapping* m) noexcept : kind_(kind::mapping) { data_.entries = m; }
    value(name_space* n) noexcept : kind_(kind::name_space) { data_.space = n; }
    value(const callable* c) noexcept : kind_(kind::callable) { data_.function = c; }
    value(loop_state* l) noexcept : kind_(kind::loop) { data_.loop = l; }
    value(cycler* c) noexcept : kind_(kind::cycler) { data_.cycle = c; }
    value(joiner* j) noexcept : kind_(kind::joiner) { data_.join = j; }
    value(const char*) = delete;

    [[nodiscard]] kind type() const noexcept { return kind_; }
    [[nodiscard]] bool is_undefined() const noexcept { return type() == kind::undefined; }
    [[nodiscard]] bool is_none() const noexcept { return type() == kind::none; }
    [[nodiscard]] bool is_string() const noexcept { return type() == kind::string; }
    /// One of 64 bits. A bool counts as 0 or 1, as in Python.
    [[nodiscard]] bool is_integer() const noexcept { return type() == kind::boolean || type() == kind::integer; }
    [[nodiscard]] bool is_big_integer() const noexcept { return type() == kind::big_integer; }
    [[nodiscard]] bool is_number() const noexcept { return is_integer() || is_big_integer() || type() == kind::number; }
    [[nodiscard]] bool is_sequence() const noexcept { return type() == kind::sequence; }
    [[nodiscard]] bool is_mapping() const noexcept { return type() == kind::mapping; }

    // The content; the caller knows the kind.
    [[nodiscard]] bool boolean() const noexcept { return data_.boolean; }
    /// Of a bool, too.
    [[nodiscard]] std::int64_t integer() const noexcept {
        return kind_ == kind::boolean ? std::int64_t{data_.boolean} : data_.integer;
    }
    /// Of any number: the nearest double, an infinity beyond its range.
    [[nodiscard]] double number() const noexcept {
        if (is_big_integer()) return parse_double(digits()).value_or(0);
        return kind_ == kind::number ? data_.number : static_cast<double>(integer());
    }
    /// Of an integer beyond 64 bits.
    [[nodiscard]] std::string_view digits() const noexcept { return text_.view(); }
    [[nodiscard]] const text& as_text() const noexcept { return text_; }
    [[nodiscard]] std::string_view str() const noexcept { return text_.view(); }
    [[nodiscard]] sequence& seq() const noexcept { return *data_.elements; }
    [[nodiscard]] const mapping& map() const noexcept { return *data_.entries; }
    [[nodiscard]] name_space& space() const noexcept { return *data_.space; }
    [[nodiscard]] const callable& function() const noexcept { return *data_.function; }
    [[nodiscard]] loop_state& loop() const noexcept { return *data_.loop; }
    [[nodiscard]] cycler& cycle() const noexcept { return *data_.cycle; }
    [[nodiscard]] joiner& join() const noexcept { return *data_.join; }
    /// What is undefined.
    [[nodiscard]] undefined missing() const { return {text_, data_.owner, why_}; }
    /// Where a container or an object lies.
    [[nodiscard]] const void* address() const noexcept;

    /// The same object or the same scalar: Python's `is`, as far as a template can tell.
    [[nodiscard]] bool same_as(const value& other) const noexcept;

private:
    union content {
        const char* owner;
        bool boolean;
        std::int64_t integer;
        double number;
        sequence* elements;
        const mapping* entries;
        name_space* space;
        const callable* function;
        loop_state* loop;
        cycler* cycle;
        joiner* join;
    };
    text text_;  // of a string, a big integer or of what is undefined; beside the union, so that copies need no code
    content data_{};
    kind kind_ = kind::none;
    undefined::reason why_ = undefined::reason::name;
};

/// Lists, tuples and what else is iterated in order.
struct sequence {
    enum class flavor : std::uint8_t { list, tuple, range, keys, values, items, generator };
    flavor form = flavor::list;
    std::vector<value> elements;
    std::size_t next = 0;                        ///< generator: elements read so far; each is read once
    std::int64_t start = 0, stop = 0, step = 1;  ///< range: as it was asked for
    bool is_group = false;                       ///< tuple: of groupby, with the names grouper and list

    [[nodiscard]] bool has_length() const noexcept { return form != flavor::generator; }
    /// Can be subscripted with integers and sliced.
    [[nodiscard]] bool is_indexable() const noexcept {
        return form == flavor::list || form == flavor::tuple || form == flavor::range;
    }
};

/// A namespace() object.
struct name_space {
    std::vector<std::pair<text, value>> attributes;

    /// Steps for the comparisons of find().
    [[nodiscard]] std::uint64_t cost_to_find(std::string_view name) const noexcept {
        return attributes.size() / 16 + attributes.size() * (name.size() / 64);
    }
    [[nodiscard]] value* find(std::string_view name) noexcept {
        for (auto& [key, held] : attributes)
            if (key.view() == name) return &held;
        return nullptr;
    }
};

/// The arguments of one call.
struct call_arguments {
    std::vector<value> positional;
    std::vector<std::pair<text, value>> keyword;
};

class runtime;
/// A filter, test, function or method: `self` is the piped value or the receiver.
using builtin = value (*)(runtime& rt, const value& self, const call_arguments& args);

namespace ast {
struct macro_definition;
}
struct scope;

/// Something that can be called: a built-in, perhaps bound to a receiver, or a macro with the scope it was defined in.
struct callable {
    std::string_view name;
    builtin function = nullptr;
    value self = {};
    const ast::macro_definition* macro = nullptr;
    scope* closure = nullptr;
};

/// What `loop` means inside a for loop.
struct loop_state {
    const std::vector<value>* items = nullptr;
    std::size_t index0 = 0;
    std::size_t depth0 = 0;
    std::vector<value> last_changed = {};
    bool has_changed = false;
};

struct cycler {
    std::vector<value> items;
    std::size_t position = 0;
};

struct joiner {
    text separator;
    bool used = false;
};

inline const void* value::address() const noexcept {
    switch (kind_) {
        case kind::sequence: return data_.elements;
        case kind::mapping: return data_.entries;
        case kind::name_space: return data_.space;
        case kind::callable: return data_.function;
        case kind::loop: return data_.loop;
        case kind::cycler: return data_.cycle;
        case kind::joiner: return data_.join;
        default: return nullptr;
    }
}
inline bool value::same_as(const value& other) const noexcept {
    if (kind_ != other.kind_) return false;
    switch (kind_) {
        case kind::undefined: return false;
        case kind::none: return true;
        case kind::boolean: return boolean() == other.boolean();
        case kind::integer: return integer() == other.integer();
        case kind::big_integer: return digits() == other.digits();
        case kind::number: return number() == other.number();
        case kind::string: return str() == other.str();
        default: return address() == other.address();
    }
}

/// Python's name of the type of a value, for messages.
[[nodiscard]] inline const char* type_name(const value& v) noexcept {
    switch (v.type()) {
        case kind::undefined: return "Undefined";
        case kind::none: return "NoneType";
        case kind::boolean: return "bool";
        case kind::integer:
        case kind::big_integer: return "int";
        case kind::number: return "float";
        case kind::string: return "str";
        case kind::mapping: return "dict";
        case kind::name_space: return "Namespace";
        case kind::callable: return v.function().macro ? "Macro" : "function";
        case kind::loop: return "LoopContext";
        case kind::cycler: return "Cycler";
        case kind::joiner: return "Joiner";
        case kind::sequence: break;
    }
    static constexpr const char* names[] = {"list",        "tuple",      "range",    "dict_keys",
                                            "dict_values", "dict_items", "generator"};
    return names[static_cast<std::size_t>(v.seq().form)];
}

/// How Jinja2 words the type of a value in messages about what it lacks.
[[nodiscard]] inline const char* object_name(const value& v) noexcept {
    switch (v.type()) {
        case kind::none: return "None";
        case kind::boolean: return "bool object";
        case kind::integer:
        case kind::big_integer: return "int object";
        case kind::number: return "float object";
        case kind::string: return "str object";
        case kind::mapping: return "dict object";
        case kind::sequence:
            return v.seq().form == sequence::flavor::list    ? "list object"
                   : v.seq().form == sequence::flavor::tuple ? "tuple object"
                                                             : "sequence object";
        case kind::name_space: return "namespace object";
        default: return "object";
    }
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
