#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares nibble's tokens with those of other encoders on 10,000 random texts, and on those of ../shared.

    compare.py tiktoken PROGRAM SHARED       the ranks of SHARED/vocab-archs, with the patterns of o200k and of Llama 3
    compare.py tekken PROGRAM SHARED         the newest vocabulary of that kind in the package mistral-common
    compare.py sentencepiece PROGRAM SHARED  the newest of that kind in the same package

PROGRAM is nibble's tokenize. It exits with 1 where any text has other tokens; a package or a file that is not there is
named after "SKIPPED: ".
"""
import base64
import json
import pathlib
import random
import subprocess
import sys
import tempfile

SPECIALS = ("<|end|>", "<|eot_id|>", "<|endoftext|>", "[INST]", "</s>", "<s>", "<|start|>")
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
PATTERNS = {
    "gpt-oss": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
               rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
               r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + REST,
    "llama3_1": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + REST,
}


def skip(what):
    print("SKIPPED:", what)
    sys.exit(0)


try:
    import gguf
    import sentencepiece
    import tiktoken
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer
    import mistral_common
except ImportError as missing:
    skip(missing)


def random_texts(n, tokens):
    """Characters of one kind after another, names of tokens, spaces and line ends in all mixtures."""
    draw = random.Random(7)
    kinds = ["abcdefghijklmnopqrstuvwxyz", "ABCXYZ", "0123456789", " ", " \t\r\n", "'sStTreREveVEmMllLLdD",
             ".,;:!?/\\|-_=+*&^%$#@~`\"()[]{}<>"]
    ranges = [(0x80, 0x530), (0x530, 0x1100), (0x1e00, 0x2c00), (0x3000, 0xd7ff), (0x4e00, 0x9fff), (0x1f300, 0x1fb00),
              (0xe000, 0x10ffff), (0x300, 0x370), (0x2580, 0x2583), (1, 0x20)]

    def piece():
        kind = draw.random()
        if kind < 0.5:
            return "".join(draw.choices(draw.choice(kinds), k=draw.randint(1, 6)))
        if kind < 0.75:
            return "".join(chr(draw.randint(*draw.choice(ranges))) for _ in range(draw.randint(1, 3)))
        return draw.choice(SPECIALS) if kind < 0.77 else draw.choice(tokens)

    return ["".join(piece() for _ in range(draw.randint(1, 12))) for _ in range(n)]


def nibbles_ids(program, vocabulary, texts, options):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    out = subprocess.run([program, "--model", vocabulary, "--jsonl", *options], input=lines, text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line)["ids"] for line in out.splitlines()]


def compare(name, program, vocabulary, texts, encode, options=()):
    """The number of texts that have other tokens; the first ones are shown."""
    wrong = 0
    for text, ids in zip(texts, nibbles_ids(program, vocabulary, texts, options), strict=True):
        expected = encode(text)
        if ids == expected:
            continue
        wrong += 1
        if wrong <= 3:
            print(f"{name}: {text!r}: expected {expected}, got {ids}")
    print(f"{name}: {len(texts)} texts, {wrong} with other tokens")
    return wrong


def printable_bytes():
    """The character that stands for each byte in byte-level vocabularies."""
    plain = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
    others = (b for b in range(256) if b not in plain)
    return {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}


def compare_tiktoken(program, shared):
    byte_of = {character: byte for byte, character in printable_bytes().items()}
    wrong = 0
    for family, pattern in PATTERNS.items():
        path = shared / f"vocab-archs/{family}-vocab.gguf"
        if not path.exists():
            skip(f"needs ../shared/vocab-archs with {path.name}")
        fields = gguf.GGUFReader(path).fields
        types = fields["tokenizer.ggml.token_type"].contents()
        ranks, specials = {}, {}
        for id, text in enumerate(fields["tokenizer.ggml.tokens"].contents()):
            if types[id] == gguf.TokenType.NORMAL:
                ranks[bytes(byte_of[c] for c in text)] = id
            else:
                specials[text] = id
        encoding = tiktoken.Encoding(family, pat_str=pattern, mergeable_ranks=ranks, special_tokens=specials)
        with open(shared / f"vocab-archs/{family}-vectors.jsonl", encoding="utf-8") as vectors:
            texts = [json.loads(line)["text"] for line in vectors]
        texts += random_texts(10000, [token.decode("utf-8", "ignore") for token in ranks])
        wrong += compare(f"tiktoken, {family}", program, path, texts,
                         lambda text: encoding.encode(text, allowed_special="all"), ["--special"])
    return wrong


def merges_of(ranks):
    """What joins to each token: of the parts of its bytes, the pair that makes the token of the lowest rank, until two
    are left."""
    character = printable_bytes()
    merges = []
    for token, rank in ranks.items():
        parts = [token[i:i + 1] for i in range(len(token))]
        while len(parts) > 2:
            best = min(range(len(parts) - 1), key=lambda i: ranks.get(parts[i] + parts[i + 1], rank))
            if ranks.get(parts[best] + parts[best + 1], rank) == rank:
                break  # no merge of lower ones makes it
            parts[best:best + 2] = [parts[best] + parts[best + 1]]
        if len(parts) == 2:
            merges.append((rank, " ".join("".join(character[b] for b in part) for part in parts)))
    return [merge for _, merge in sorted(merges)]


def write_vocabulary(path, model, tokens, types, fill):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_add_bos_token(False)
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def newest(pattern):
    found = sorted((pathlib.Path(mistral_common.__file__).parent / "data").glob(pattern))
    if not found:
        skip(f"mistral-common has no data/{pattern}")
    return found[-1]


def compare_tekken(program, _):
    source = newest("tekken_*.json")
    tekken = json.loads(source.read_text())
    n_special = tekken["config"]["default_num_special_tokens"]
    n_words = tekken["config"]["default_vocab_size"] - n_special
    ranks = {base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in tekken["vocab"][:n_words]}
    character = printable_bytes()
    tokens = [f"<special {i}>" for i in range(n_special)] + ["".join(character[b] for b in token) for token in ranks]
    types = [gguf.TokenType.CONTROL] * n_special + [gguf.TokenType.NORMAL] * len(ranks)

    def fill(writer):
        writer.add_tokenizer_pre("tekken")
        writer.add_token_merges(merges_of(ranks))

    encoder = Tekkenizer.from_file(source)
    texts = random_texts(10000, [token.decode("utf-8", "ignore") for token in ranks])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tekken.gguf"
        write_vocabulary(path, "gpt2", tokens, types, fill)
        return compare(f"mistral-common, {source.name}", program, path, texts,
                       lambda text: encoder.encode(text, bos=False, eos=False))


def compare_sentencepiece(program, _):
    source = newest("mistral_instruct_tokenizer_*.model.*")
    encoder = sentencepiece.SentencePieceProcessor(model_file=str(source))
    ids = range(encoder.vocab_size())
    tokens = [encoder.id_to_piece(id) for id in ids]
    types = [gguf.TokenType.UNKNOWN if encoder.is_unknown(id) else gguf.TokenType.CONTROL if encoder.is_control(id)
             else gguf.TokenType.BYTE if encoder.is_byte(id) else gguf.TokenType.NORMAL for id in ids]

    def fill(writer):
        writer.add_token_scores([encoder.get_score(id) for id in ids])
        writer.add_unk_token_id(encoder.unk_id())
        writer.add_bos_token_id(encoder.bos_id())
        writer.add_eos_token_id(encoder.eos_id())

    # The library does not tell which tokens are user-defined. All of those begin with a bracket, and are in no text.
    texts = random_texts(10000, [token.replace("\u2581", " ") for token in tokens if not token.startswith("[")])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "sentencepiece.gguf"
        write_vocabulary(path, "llama", tokens, types, fill)
        return compare(f"sentencepiece, {source.name}", program, path, texts, encoder.encode)


def main(encoder, program, shared):
    comparisons = {"tiktoken": compare_tiktoken, "tekken": compare_tekken, "sentencepiece": compare_sentencepiece}
    sys.exit(comparisons[encoder](program, pathlib.Path(shared)) > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
