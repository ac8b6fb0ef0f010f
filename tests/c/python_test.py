# SPDX-License-Identifier: Apache-2.0
"""The C interface from Python's ctypes: python_test.py LIBRARY nibble-tiny.gguf [SmolLM2.gguf expected.jsonl]"""
import ctypes
import json
import sys
import threading
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int32, c_size_t, c_uint64, c_void_p, sizeof

NUL_ENDED = c_size_t(-1)
USER, PARSE_SPECIAL, THINKING_OFF, JSON_SCHEMA, END_TOKEN, CANCELLED = 1, 2, 0, 1, 1, 6


class ReplyOptions(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("seed", c_uint64), ("max_tokens", c_size_t), ("thinking_budget", c_size_t),
                ("stop", c_void_p), ("n_stop", c_size_t), ("structure_text", c_char_p), ("structure_length", c_size_t),
                ("tools", c_char_p), ("tools_length", c_size_t), ("variables", c_char_p),
                ("variables_length", c_size_t), ("cancel", c_void_p), ("time_limit", c_double),
                ("bias_tokens", POINTER(c_int32)), ("biases", POINTER(c_float)), ("n_biases", c_size_t)]
    _fields_ += [(name, c_float) for name in
                 ("temperature", "top_p", "min_p", "typical_p", "top_n_sigma", "xtc_probability", "xtc_threshold",
                  "mirostat_tau", "mirostat_eta", "repeat_penalty", "presence_penalty", "frequency_penalty",
                  "dry_multiplier", "dry_base")]
    _fields_ += [(name, c_int32) for name in
                 ("dry_allowed_length", "dry_penalty_last_n", "repeat_last_n", "top_k", "mirostat", "n_probs",
                  "draft_lookup", "lazy_prompt", "thinking", "structure", "tool_choice", "year", "month", "day")]


class ReplyInfo(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("prompt_tokens", c_size_t), ("reused_tokens", c_size_t),
                ("generated_tokens", c_size_t), ("prompt_seconds", c_double), ("generation_seconds", c_double),
                ("finish", c_int32), ("is_complete", c_int32)]


lib = ctypes.CDLL(sys.argv[1])
lib.nibble_error_new.restype = c_void_p
lib.nibble_error_text.restype = c_char_p
error = c_void_p(lib.nibble_error_new())


def call(name, *arguments):
    """Calls a function whose last argument is the error; raises its text."""
    status = getattr(lib, "nibble_" + name)(*arguments, error)
    if status != 0:
        raise RuntimeError(f"{name}: {status}: {lib.nibble_error_text(error).decode()}")


def load(path):
    model = c_void_p()
    call("model_load", path.encode(), NUL_ENDED, None, byref(model))
    return model


def session_of(model):
    session = c_void_p()
    call("session_new", model, None, byref(session))
    return session


def conversation_of(text):
    conversation = c_void_p()
    call("conversation_new", byref(conversation))
    call("conversation_add", conversation, USER, text.encode(), NUL_ENDED)
    return conversation


def greedy(**changed):
    options = ReplyOptions()
    assert lib.nibble_reply_options_init(byref(options), c_size_t(sizeof(options))) == 0
    options.temperature, options.thinking = 0, THINKING_OFF
    for name, value in changed.items():
        setattr(options, name, value)
    return options


def info_of(reply):
    info = ReplyInfo(size=sizeof(ReplyInfo))
    call("reply_get_info", reply, byref(info))
    return info


def pieces(reply):
    piece, length = POINTER(ctypes.c_char)(), c_size_t()
    while True:
        call("reply_next", reply, byref(piece), byref(length))
        if length.value == 0:
            return
        yield piece[:length.value].decode()  # each is UTF-8 by itself


def chat(session, text, options):
    conversation, reply = conversation_of(text), c_void_p()
    call("session_chat", session, conversation, byref(options), byref(reply))
    lib.nibble_conversation_free(conversation)
    return reply


def tokenize(model, text, flags):
    data, n = text.encode(), c_size_t()
    call("model_tokenize", model, data, c_size_t(len(data)), flags, None, c_size_t(0), byref(n))
    tokens = (c_int32 * n.value)()
    call("model_tokenize", model, data, c_size_t(len(data)), flags, tokens, n, byref(n))
    return list(tokens)


def render(model, text):
    conversation, n = conversation_of(text), c_size_t()
    call("model_render", model, conversation, None, None, c_size_t(0), byref(n))
    buffer = ctypes.create_string_buffer(n.value + 1)
    call("model_render", model, conversation, None, buffer, c_size_t(n.value + 1), byref(n))
    lib.nibble_conversation_free(conversation)
    return buffer.value.decode()


def test_tiny(path):
    model = load(path)
    session = session_of(model)
    assert lib.nibble_model_free(model) == 0
    reply = chat(session, "Hi, I am Omar.", greedy())
    assert "".join(pieces(reply)) == "Nice to meet you, Omar!"
    assert info_of(reply).finish == END_TOKEN and info_of(reply).prompt_tokens == 41
    assert lib.nibble_reply_free(reply) == 0

    schema = b'{"type": "object", "properties": {"floor": {"type": "integer"}}, "required": ["floor"]}'
    reply = chat(session, "Return a JSON object: city Warsaw and floor 3",
                 greedy(structure=JSON_SCHEMA, structure_text=schema))
    assert json.loads("".join(pieces(reply))) == {"floor": 3}
    assert lib.nibble_reply_free(reply) == 0
    try:
        chat(session, "Hi", greedy(structure=JSON_SCHEMA, structure_text=b"{"))
        raise AssertionError("no error")
    except RuntimeError as problem:
        assert "at byte 1" in str(problem)
    test_cancel(session)
    assert lib.nibble_session_free(session) == 0


def test_cancel(session):
    """Another thread stops a reply."""
    cancel = c_void_p()
    call("cancel_new", byref(cancel))
    reply = chat(session, "Tell me a story about a lion.", greedy(cancel=cancel))
    for n, _ in enumerate(pieces(reply)):
        if n == 2:
            stopper = threading.Thread(target=lambda: lib.nibble_cancel_set(cancel, 1))
            stopper.start()
            stopper.join()
        assert n <= 2
    assert info_of(reply).finish == CANCELLED
    assert lib.nibble_reply_free(reply) == 0 and lib.nibble_cancel_free(cancel) == 0


def test_real(path, expected):
    """A real model: prompts and their tokens are another engine's, and so is each token that is not nearly a tie."""
    model = load(path)
    session = session_of(model)
    n_checked = 0
    with open(expected, encoding="utf-8") as lines:
        for line in list(lines)[:3]:
            case = json.loads(line)
            prompt_ids = case["ids"][:case["prompt_tokens"]]
            question = case["messages"][0]["content"]
            assert render(model, question) == case["prompt"]
            assert tokenize(model, case["prompt"], PARSE_SPECIAL) == prompt_ids
            reply = chat(session, question, greedy(max_tokens=12))
            text = "".join(pieces(reply))
            tokens, n = POINTER(c_int32)(), c_size_t()
            call("reply_tokens", reply, byref(tokens), byref(n))
            assert text and n.value == 12
            generated = case["ids"][len(prompt_ids):]
            for i in range(n.value):
                best = case["best"][len(prompt_ids) - 1 + i]
                assert best in (-1, tokens[i]), (question, text, i)
                n_checked += best >= 0
                if tokens[i] != generated[i]:
                    break
            print(f"{question} {text}")
            assert lib.nibble_reply_free(reply) == 0
    assert n_checked > 10
    assert lib.nibble_session_free(session) == 0 and lib.nibble_model_free(model) == 0


test_tiny(sys.argv[2])
if len(sys.argv) > 4:
    test_real(sys.argv[3], sys.argv[4])
lib.nibble_error_free(error)
