#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden models of weight types whose blocks are drawn at random: smollm3-TYPE.gguf, .tokens and .logits.npy.

  make_golden_formats.py FOLDER [TYPE ...]

The logits are those of a forward pass in float64 over the weights that the gguf package (pip install gguf numpy)
decodes. It prints, for tests/model/golden_test.cpp, the error that rounding the activations as docs/formats.md says
gives when all else is exact.
"""
import pathlib
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

EMBD, HEADS, KV_HEADS, FFN, VOCAB, TOKENS = 256, 4, 1, 256, 128, 33
HEAD = EMBD // HEADS
THETA, EPS = 5e6, 1e-6
STD = EMBD ** -0.5
rng = np.random.default_rng()


def halves(n, typical):
    """n scales around a typical one, as two bytes each."""
    return (typical * rng.uniform(0.7, 1.3, n)).astype(np.float16).view(np.uint8).reshape(n, 2)


def noise(n, width):
    return rng.integers(0, 256, (n, width), np.uint8)


def ternary(type_):
    def make(n):
        scales = halves(n, STD / 0.82).view(np.float16).astype(np.float32)
        return gguf.quants.quantize(scales * rng.integers(-1, 2, (n, 256)).astype(np.float32), type_)
    return make


def q2_k(n):
    scales = rng.integers(4, 16, (n, 16), np.uint8)
    mins = np.clip(scales.astype(int) + rng.integers(-1, 2, (n, 16)), 0, 15).astype(np.uint8)
    d = halves(n, STD / 11)
    dmin = (d.view(np.float16) * np.float16(1.5)).view(np.uint8)
    return np.concatenate([scales | mins << 4, noise(n, 64), d, dmin], 1)


# n random blocks of each type: codes of any value, scales that give weights of the deviation STD
BLOCKS = {
    Type.MXFP4: lambda n: np.concatenate([rng.integers(121, 123, (n, 1), np.uint8), noise(n, 16)], 1),
    Type.IQ4_NL: lambda n: np.concatenate([halves(n, STD / 73), noise(n, 16)], 1),
    Type.IQ4_XS: lambda n: np.concatenate([halves(n, STD / (73 * 18)), noise(n, 134)], 1),
    Type.Q2_K: q2_k,
    Type.Q3_K: lambda n: np.concatenate([noise(n, 108), halves(n, STD / (2.35 * 18.5))], 1),
    Type.TQ1_0: ternary(Type.TQ1_0),
    Type.TQ2_0: ternary(Type.TQ2_0),
}


def make_tensors(type_):
    """Names to (bytes as they lie in the file, values); norms are floats."""
    block = gguf.GGML_QUANT_SIZES[type_][0]
    shapes = {'token_embd': (VOCAB, EMBD), 'blk.0.attn_q': (EMBD, EMBD), 'blk.0.attn_k': (KV_HEADS * HEAD, EMBD),
              'blk.0.attn_v': (KV_HEADS * HEAD, EMBD), 'blk.0.attn_output': (EMBD, EMBD), 'blk.0.ffn_gate': (FFN, EMBD),
              'blk.0.ffn_up': (FFN, EMBD), 'blk.0.ffn_down': (EMBD, FFN)}
    tensors = {}
    for name, (rows, depth) in shapes.items():
        data = BLOCKS[type_](rows * depth // block).reshape(rows, -1)
        tensors[name] = data, gguf.quants.dequantize(data, type_).astype(np.float64)
    for name in ('blk.0.attn_norm', 'blk.0.ffn_norm', 'output_norm'):
        data = (1 + 0.1 * rng.standard_normal(EMBD)).astype(np.float32)
        tensors[name] = data, data.astype(np.float64)
    return tensors


def write(path, type_, tensors):
    writer = gguf.GGUFWriter(path, 'smollm3')
    writer.add_name(f'random weights of {type_.name}')
    writer.add_block_count(1)
    writer.add_context_length(4096)
    writer.add_embedding_length(EMBD)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(THETA)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(EPS)
    writer.add_vocab_size(VOCAB)
    writer.add_tokenizer_model('no_vocab')
    for name, (data, _) in tensors.items():
        writer.add_tensor(name + '.weight', data, raw_dtype=type_ if data.dtype == np.uint8 else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def rounded(x, block):
    """Activations as nibble rounds them: a scale for each block, a sub-scale 1 .. 8 for every 16 values."""
    groups = x.reshape(len(x), -1, block // 16, 16)
    largest = np.abs(groups).max(-1, keepdims=True)
    d = largest.max(-2, keepdims=True) / 1016
    unit = d * np.clip(np.ceil(largest / (127 * d)), 1, 8)
    return (np.clip(np.round(groups / unit), -127, 127) * unit).reshape(x.shape)


def logits(tensors, tokens, block=None):
    """Of every position; activations are rounded in blocks of that length, or not at all."""
    w = {name: values for name, (_, values) in tensors.items()}
    n = len(tokens)

    def times(x, name):
        return (rounded(x, block) if block else x) @ w[name].T

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS) * w[name]

    angles = np.arange(n)[:, None] * THETA ** (-np.arange(0, HEAD, 2) / HEAD)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]

    def turned(x):
        even, odd = x[..., 0::2], x[..., 1::2]
        return np.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)

    x = w['token_embd'][tokens]
    h = norm(x, 'blk.0.attn_norm')
    q = turned(times(h, 'blk.0.attn_q').reshape(n, HEADS, HEAD))
    k = np.repeat(turned(times(h, 'blk.0.attn_k').reshape(n, KV_HEADS, HEAD)), HEADS // KV_HEADS, 1)
    v = np.repeat(times(h, 'blk.0.attn_v').reshape(n, KV_HEADS, HEAD), HEADS // KV_HEADS, 1)
    scores = np.einsum('qhd,khd->hqk', q, k) / np.sqrt(HEAD) + np.triu(np.full((n, n), -np.inf), 1)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    x = x + times(np.einsum('hqk,khd->qhd', weights, v).reshape(n, -1), 'blk.0.attn_output')
    h = norm(x, 'blk.0.ffn_norm')
    gate = times(h, 'blk.0.ffn_gate')
    x = x + times(gate / (1 + np.exp(-gate)) * times(h, 'blk.0.ffn_up'), 'blk.0.ffn_down')
    return times(norm(x, 'output_norm'), 'token_embd')


def main(folder, names):
    global rng
    for type_ in [Type[name] for name in names] or BLOCKS:
        rng = np.random.default_rng(type_.value)
        base = pathlib.Path(folder) / f'smollm3-{type_.name.lower()}'
        tensors = make_tensors(type_)
        tokens = rng.integers(0, VOCAB, TOKENS)
        exact = logits(tensors, tokens)
        write(f'{base}.gguf', type_, tensors)
        base.with_suffix('.tokens').write_text(','.join(map(str, tokens)))
        np.save(base.with_suffix('.logits.npy'), exact.astype(np.float32))
        error = logits(tensors, tokens, gguf.GGML_QUANT_SIZES[type_][0]) - exact
        print(f'{base.name}: error {np.linalg.norm(error) / np.linalg.norm(exact):.4f}, deviation {exact.std():.2f}')


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
