// SPDX-License-Identifier: Apache-2.0
// Lines that are edited while they are typed: libedit, with Ctrl-C, pasted text and UTF-8 as chat wants them.
#pragma once

#include <cerrno>
#include <clocale>
#include <cstddef>
#include <cstdio>
#include <cwchar>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <histedit.h>
#include <langinfo.h>
#include <unistd.h>

#include <nibble/unicode/utf8.hpp>

#include "history_file.hpp"
#include "interrupts.hpp"

/// Prompts and lines go to standard error, keys come from standard input, both of them terminals. One per program.
///
/// Why libedit: of the line editors that are kept well, Debian has it and GNU readline, whose licence (GPL 3) would
/// become that of the program; linenoise and replxx are not packaged. What it lacks is here: a paste that stays one
/// text, and a wait that signals end.
///
/// Texts are UTF-8 whatever the locale says, as replies are; a byte that is none becomes U+FFFD.
class line_editor {
public:
    explicit line_editor(history_file file) : file_(std::move(file)) {
        std::setlocale(LC_CTYPE, "");  // for what a character looks like
        if (std::string_view{nl_langinfo(CODESET)} != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
        screen_.reset(::fdopen(::dup(STDERR_FILENO), "w"));
        if (screen_) editor_.reset(el_init("chat", stdin, screen_.get(), stderr));
        history_.reset(history_winit());
        if (!editor_ || !history_) throw std::runtime_error("the line editor cannot be started");
        set_keys();
        set_history();
    }
    line_editor(const line_editor&) = delete;
    line_editor& operator=(const line_editor&) = delete;

    /// The next line, or pasted lines, without newlines at its end; false after Ctrl-C, with what was typed so far, and
    /// at the end of the input.
    bool read(const char* prompt, std::string& line) {
        constexpr std::string_view paste_marks_on = "\033[?2004h", paste_marks_off = "\033[?2004l";
        prompt_ = prompt;
        std::cerr << paste_marks_on;
        int n = 0;
        const wchar_t* const typed = el_wgets(editor_.get(), &n);
        const LineInfoW* const shown = el_wline(editor_.get());
        line = typed ? utf8({typed, static_cast<std::size_t>(n)})
                     : utf8({shown->buffer, static_cast<std::size_t>(shown->lastchar - shown->buffer)});
        line.erase(line.find_last_not_of('\n') + 1);
        std::cerr << paste_marks_off;
        if (typed) remember(line);
        if (interrupted) unread_.clear();
        return typed != nullptr;
    }

private:
    static std::string utf8(std::wstring_view text) {
        std::string out;
        for (const wchar_t c : text) nibble::append_utf8(out, static_cast<char32_t>(c));
        return out;
    }

    static std::wstring wide(std::string_view text) {
        std::wstring out;
        for (std::size_t at = 0; at < text.size();) out += next_character(text, at);
        return out;
    }

    static wchar_t next_character(std::string_view text, std::size_t& at) {
        constexpr wchar_t replacement = 0xfffd;
        const auto unit = nibble::decode_utf8(text, at);
        at += unit.length;
        return unit.code_point == nibble::invalid_code_point ? replacement : static_cast<wchar_t>(unit.code_point);
    }

    static line_editor& of(EditLine* editor) {
        void* self = nullptr;
        el_get(editor, EL_CLIENTDATA, &self);
        return *static_cast<line_editor*>(self);
    }

    void set_keys() {
        EditLine* const editor = editor_.get();
        el_set(editor, EL_CLIENTDATA, this);
        el_set(editor, EL_EDITOR, "emacs");
        el_set(editor, EL_SIGNAL, 0);
        el_set(editor, EL_GETCFN, next_key);
        const auto prompt_of = [](EditLine* asking) { return of(asking).prompt_.data(); };
        el_set(editor, EL_PROMPT, static_cast<char* (*)(EditLine*)>(prompt_of));
        el_set(editor, EL_ADDFN, "paste", "insert what the terminal says is pasted", insert_paste);
        el_set(editor, EL_BIND, "^I", "ed-insert", nullptr);
        el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        for (const auto& [key, function] : bindings)
            el_set(editor, EL_BIND, ("\\e[" + std::string{key}).c_str(), function, nullptr);
        // Between two lines too, keys are kept as they come: the terminal itself would keep 4,095 bytes of a line.
        el_set(editor, EL_SETTY, "-x", "-icanon", "-echo", "-icrnl", "-inlcr", nullptr);
        el_set(editor, EL_SETTY, "-d", "-icrnl", "-inlcr", nullptr);  // a pasted CR LF is one end of a line
    }

    void set_history() {
        HistEventW event;
        history_w(history_.get(), &event, H_SETSIZE, history_file::most_entries);
        history_w(history_.get(), &event, H_SETUNIQUE, 1);
        el_wset(editor_.get(), EL_HIST, history_w, history_.get());
        for (const auto& entry : file_.read()) history_w(history_.get(), &event, H_ENTER, wide(entry).c_str());
    }

    void remember(const std::string& line) {
        if (line.find_first_not_of(" \t\n") == std::string::npos) return;
        const std::wstring entry = wide(line);
        HistEventW event;
        const bool again = history_w(history_.get(), &event, H_FIRST) == 0 && entry == event.str;
        if (again) return;
        history_w(history_.get(), &event, H_ENTER, entry.c_str());
        file_.append(line);
    }

    /// Waits until there is a character: 1, or 0 at the end of the input, or -1 after Ctrl-C.
    int wait_for_character() {
        // A signal may have come from another size of the window, or from a shell that has used the terminal.
        const auto redraw = [editor = editor_.get()] {
            if (interrupted) return;
            el_resize(editor);
            el_set(editor, EL_PREP_TERM, 0);
            el_set(editor, EL_PREP_TERM, 1);
            el_set(editor, EL_REFRESH);
        };
        while (nibble::incomplete_utf8_tail(unread_) == unread_.size()) {
            if (!wait_for_input(redraw)) return -1;
            char bytes[4096];
            const auto n = ::read(STDIN_FILENO, bytes, sizeof bytes);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return 0;
            unread_.append(bytes, static_cast<std::size_t>(n));
        }
        return 1;
    }

    wchar_t take_character() {
        std::size_t at = 0;
        const wchar_t character = next_character(unread_, at);
        unread_.erase(0, at);
        return character;
    }

    /// True where a key that nothing is bound to, such as F5, is what comes next, which is taken away: libedit would
    /// insert the end of what it sends.
    bool drop_unbound_key() {
        if (!unread_.starts_with("\033[")) return false;
        const auto end = unread_.find_first_not_of("0123456789;?<=>", 2);
        if (end == std::string::npos) return false;
        const auto key = unread_.substr(2, end - 1);
        for (const auto& bound : bindings)
            if (key == bound.key) return false;
        unread_.erase(0, end + 1);
        return true;
    }

    /// Called by libedit: 1 and a character, or what wait_for_character() says.
    static int next_key(EditLine* editor, wchar_t* key) {
        auto& self = of(editor);
        do {
            if (const int result = self.wait_for_character(); result != 1) return result;
        } while (self.drop_unbound_key());
        *key = self.take_character();
        return 1;
    }

    /// Called by libedit behind the mark that a terminal puts before what is pasted.
    static unsigned char insert_paste(EditLine* editor, wint_t) {
        constexpr std::wstring_view end_mark = L"\033[201~";
        auto& self = of(editor);
        std::wstring text;
        for (bool after_return = false; !text.ends_with(end_mark);) {
            if (self.wait_for_character() != 1) return CC_NORM;  // libedit asks for the next key and is told the same
            const wchar_t key = self.take_character();
            const bool is_line_end = key == L'\r' || (key == L'\n' && !after_return);
            if (is_line_end) text += L'\n';
            if (!is_line_end && key != L'\n' && key != L'\0') text += key;
            after_return = key == L'\r';
        }
        text.resize(text.size() - end_mark.size());
        el_winsertstr(editor, text.c_str());
        return CC_REFRESH;
    }

    struct binding {
        std::string_view key;  // behind ESC [
        const char* function;
    };
    static constexpr binding bindings[] = {
        {"A", "ed-prev-history"},      {"B", "ed-next-history"}, {"C", "ed-next-char"},    {"D", "ed-prev-char"},
        {"H", "ed-move-to-beg"},       {"1~", "ed-move-to-beg"}, {"F", "ed-move-to-end"},  {"4~", "ed-move-to-end"},
        {"3~", "ed-delete-next-char"}, {"1;5C", "em-next-word"}, {"1;5D", "ed-prev-word"}, {"200~", "paste"}};

    template <auto Close>
    struct closes {
        template <class T>
        void operator()(T* open) const {
            Close(open);
        }
    };

    history_file file_;
    std::unique_ptr<std::FILE, closes<std::fclose>> screen_;
    std::unique_ptr<HistoryW, closes<history_wend>> history_;
    std::unique_ptr<EditLine, closes<el_end>> editor_;
    std::string prompt_;
    std::string unread_;  // keys that libedit has not asked for
};
