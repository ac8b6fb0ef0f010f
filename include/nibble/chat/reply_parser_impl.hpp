// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/reply_parser.hpp: from text to events.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_parser.hpp>
#include <nibble/chat/tools.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION reply_parser::reply_parser(reply_format format, std::uint64_t seed)
    : format_(std::move(format)), seed_(seed) {
    for (const auto& form : format_.tool_calls) tags_.push_back(form.open);
    n_open_tags_ = tags_.size();
    for (const auto& form : format_.tool_calls) tags_.insert(tags_.end(), {form.list_open, form.list_close});
    n_tags_ = tags_.size();
    starts_.push_back(format_.think_open);
    for (const auto& answer : format_.answers) starts_.push_back(answer.open);
    reset();
}

NIBBLE_FUNCTION array_view<reply_event> reply_parser::push(std::string_view piece) {
    events_.clear();
    buffer_ += piece;
    parse(false);
    return events_;
}

NIBBLE_FUNCTION array_view<reply_event> reply_parser::finish() {
    events_.clear();
    parse(true);
    reply_.reasoning.resize(trim_end(reply_.reasoning).size());
    return events_;
}

NIBBLE_FUNCTION void reply_parser::reset() {
    events_.clear();
    buffer_.clear();
    reply_ = message{role::assistant, {}};
    part_ = format_.starts_in_reasoning ? part::reasoning : part::answer;
    at_start_ = trim_ = true;
    after_call_ = false;
    tags_.resize(n_tags_);
}

NIBBLE_FUNCTION void reply_parser::parse(bool ended) {
    done_ = 0;
    while (done_ < buffer_.size() && step(ended)) {
    }
    buffer_.erase(0, done_);
}

NIBBLE_FUNCTION bool reply_parser::step(bool ended) {
    switch (part_) {
        case part::reasoning: return read_reasoning(ended);
        case part::answer: return read_answer(ended);
        case part::call: return read_call(ended);
        case part::bare_call: return read_bare_call(ended);
    }
    return false;
}

NIBBLE_FUNCTION bool reply_parser::read_reasoning(bool ended) {
    const auto [at, tag] = find_tag({&format_.think_close, 1}, ended);
    give(kind::reasoning, at - done_);
    if (tag == none) return false;
    give(kind::reasoning, format_.think_close.size(), format_.think_close.size());
    reply_.reasoning.resize(trim_end(reply_.reasoning).size());
    part_ = part::answer;
    trim_ = true;
    return true;
}

NIBBLE_FUNCTION bool reply_parser::read_answer(bool ended) {
    if (after_call_) {
        const std::size_t next = buffer_.find_first_not_of(" \t\r\n;,", done_);
        if (next == none && !ended) return false;
        after_call_ = false;
        if (next != none && buffer_[next] == '{') {
            give(kind::answer, next - done_, next - done_);
            return begin_bare_call();
        }
    }
    if (at_start_) {
        const auto rest = std::string_view{buffer_}.substr(done_);
        give(kind::answer, rest.size() - trim_start(rest).size());
        if (done_ == buffer_.size()) return false;
        if (format_.bare_calls && buffer_[done_] == '{') return begin_bare_call();
        const auto [at, tag] = find_tag(starts_, ended, done_ + 1);
        if (at == done_ && tag != none) return begin_part(tag);
        if (at == done_) return false;  // perhaps a part of one
        at_start_ = false;
    }
    const auto [at, tag] = find_tag(tags_, ended);
    give(kind::answer, at - done_);
    if (tag == none) return false;
    if (tag < n_open_tags_) return begin_call(tags_[tag]);
    give(kind::answer, tags_[tag].size(), tags_[tag].size());
    at_start_ = at_start_ || tag >= n_tags_;  // behind the end of an answer
    trim_ = true;
    return true;
}

NIBBLE_FUNCTION bool reply_parser::begin_part(std::size_t tag) {
    const bool thinks = tag == 0;
    give(thinks ? kind::reasoning : kind::answer, starts_[tag].size(), starts_[tag].size());
    if (thinks)
        part_ = part::reasoning;
    else if (const auto& close = format_.answers[tag - 1].close;
             std::find(tags_.begin() + static_cast<std::ptrdiff_t>(n_tags_), tags_.end(), close) == tags_.end())
        tags_.push_back(close);
    trim_ = true;
    return true;
}

NIBBLE_FUNCTION bool reply_parser::begin_call(const std::string& open) {
    std::vector<tool_call_form> forms;
    for (const auto& form : format_.tool_calls)
        if (form.open == open && (forms.empty() || form.close == forms.front().close)) forms.push_back(form);
    call_.emplace(std::move(forms), format_.max_call_bytes);
    part_ = part::call;
    at_start_ = false;
    return true;
}

NIBBLE_FUNCTION bool reply_parser::read_call(bool ended) {
    const auto text = std::string_view{buffer_}.substr(done_);
    switch (call_->scan(text, ended)) {
        case detail::call_scanner::state::waits: return false;
        case detail::call_scanner::state::broken: return give_malformed(call_->at(), call_->problem());
        case detail::call_scanner::state::complete: break;
    }
    std::string problem;  // of the last form: the most general one
    for (const tool_call_form& form : call_->forms()) {
        try {
            auto calls = detail::read_tool_calls(call_->content(text), form);
            for (const tool_call& call : calls)
                if (!form.is_code && !is_offered(call.name))
                    return give_malformed(call_->at(), "no tool of the name '" + escaped(call.name) + "' was offered");
            return give_calls(std::move(calls), call_->at());
        } catch (const error& misfit) {
            problem = misfit.what();
        }
    }
    return give_malformed(call_->at(), std::move(problem));
}

NIBBLE_FUNCTION bool reply_parser::begin_bare_call() {
    part_ = part::bare_call;
    at_start_ = false;
    bare_ = {};
    scanned_ = 0;
    return true;
}

NIBBLE_FUNCTION bool reply_parser::read_bare_call(bool ended) {
    const auto rest = std::string_view{buffer_}.substr(done_);
    const auto decided = [&] { return bare_.done() || bare_.broken() || scanned_ >= format_.max_call_bytes; };
    for (; scanned_ < rest.size() && !decided(); ++scanned_) bare_.feed(rest[scanned_]);
    if (!decided() && !ended) return false;
    part_ = part::answer;
    const auto text = rest.substr(0, scanned_);
    if (bare_.done()) {
        try {
            const json object = json::parse(text);
            tool_call call = detail::read_json_call(object);
            if (detail::has_form_of_call(object) && is_offered(call.name))
                return give_calls({std::move(call)}, scanned_);
        } catch (const error&) {  // no call, then
        }
    } else if (text.starts_with('{') && trim_start(text.substr(1)).starts_with("\"name\"")) {
        return give_malformed(scanned_, "not the whole of a JSON object");
    }
    give(kind::answer, scanned_);
    return true;
}

NIBBLE_FUNCTION bool reply_parser::is_offered(std::string_view name) const {
    return !format_.tools || std::find(format_.tools->begin(), format_.tools->end(), name) != format_.tools->end();
}

NIBBLE_FUNCTION bool reply_parser::give_calls(std::vector<tool_call> calls, std::size_t length) {
    const std::string raw = buffer_.substr(done_, length);
    for (auto& call : calls) {
        if (call.id.empty()) call.id = detail::made_call_id(raw, reply_.tool_calls.size(), seed_);
        const bool is_first = &call == &calls.front();
        events_.push_back({kind::tool_call, is_first ? raw : "", {}, call});
        reply_.tool_calls.push_back(call);
    }
    done_ += length;
    after_call_ = format_.bare_calls;
    part_ = part::answer;
    trim_ = true;
    return true;
}

NIBBLE_FUNCTION bool reply_parser::give_malformed(std::size_t length, std::string problem) {
    const std::string raw = buffer_.substr(done_, length);
    reply_.content += raw;
    events_.push_back({kind::tool_call_malformed, raw, {}, {}, std::move(problem)});
    done_ += length;
    part_ = part::answer;
    return true;
}

NIBBLE_FUNCTION std::pair<std::size_t, std::size_t> reply_parser::find_tag(array_view<std::string> tags, bool ended,
                                                                           std::size_t limit) const {
    limit = std::min(limit, buffer_.size());
    for (std::size_t at = done_; at < limit; ++at) {
        for (std::size_t i = 0; i < tags.size(); ++i) {
            if (tags[i].empty() || tags[i][0] != buffer_[at]) continue;
            const auto rest = std::string_view{buffer_}.substr(at, tags[i].size());
            if (rest == tags[i]) return {at, i};
            if (!ended && tags[i].starts_with(rest)) return {at, none};
        }
    }
    return {limit, none};
}

NIBBLE_FUNCTION void reply_parser::give(kind type, std::size_t length, std::size_t markup) {
    if (length == 0) return;
    const auto raw = std::string_view{buffer_}.substr(done_, length);
    auto text = raw.substr(markup);
    if (trim_) {
        text = trim_start(text);
        trim_ = text.empty();
    }
    if (events_.empty() || events_.back().type != type) events_.push_back({type, {}, {}});
    events_.back().raw += raw;
    events_.back().text += text;
    (type == kind::reasoning ? reply_.reasoning : reply_.content) += text;
    done_ += length;
}

NIBBLE_NAMESPACE_END
