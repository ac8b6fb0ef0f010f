#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a model with random weights in the shape of a real one, in the mixture of types of Q4_K_M.

  bench/make_model.py FAMILY OUT.gguf [--layers N] [--gb N]     bench/make_model.py --list

Prints whose shape it has and the layers: as many as there are, or fit. It says nothing, but takes as long as the real one: names, shapes, types and keys are those, values are finite. There is
no vocabulary in it. Needs the packages gguf and numpy.
"""
import argparse
import math
from dataclasses import dataclass, field

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter


@dataclass
class Shape:
    model: str  # which it is the shape of
    layers: int
    embd: int
    ff: int
    heads: int
    kv_heads: int
    head: int
    vocab: int
    tied: bool = True
    norms: tuple = ("attn_norm", "ffn_norm")
    head_norm: str = ""  # of queries and keys: "head", "row" or none
    biases: tuple = ()  # of these tensors
    layer_norm: str = ""  # "plain" or "bias" for one that subtracts the mean
    fused: tuple = ()  # "qkv", "gate"
    gate: bool = True
    rope: int = 0  # values of a head that turn; 0: all
    experts: tuple = ()  # number, used, width
    expert_type: Type = None
    sinks: bool = False
    convolutions: tuple = ()  # the layers that have one in the place of attention
    factors: bool = False  # longrope
    keys: dict = field(default_factory=dict)


BOTH_NORMS = ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
POST_NORMS = ("post_attention_norm", "post_ffw_norm")
QKV = ("attn_q", "attn_k", "attn_v")

SHAPES = {
    "llama": Shape("Llama-3.2-1B", 16, 2048, 8192, 32, 8, 64, 128256),
    "smollm3": Shape("SmolLM3-3B", 36, 2048, 11008, 16, 4, 128, 128256),
    "qwen2": Shape("Qwen2.5-1.5B", 28, 1536, 8960, 12, 2, 128, 151936, biases=QKV),
    "qwen3": Shape("Qwen3-1.7B", 28, 2048, 6144, 16, 8, 128, 151936, head_norm="head"),
    "qwen3moe": Shape("Qwen3-30B-A3B", 48, 2048, 6144, 32, 4, 128, 151936, tied=False, head_norm="head",
                      experts=(128, 8, 768)),
    "gemma2": Shape("gemma-2-2b", 26, 2304, 9216, 8, 4, 256, 256000, norms=BOTH_NORMS,
                    keys={"attention.sliding_window": 4096, "attn_logit_softcapping": 50.0,
                          "final_logit_softcapping": 30.0}),
    "gemma3": Shape("gemma-3-1b", 26, 1152, 6912, 4, 1, 256, 262144, norms=BOTH_NORMS, head_norm="head",
                    keys={"attention.sliding_window": 512}),
    "olmo2": Shape("OLMo-2-1B", 16, 2048, 8192, 16, 16, 128, 100352, tied=False, norms=POST_NORMS, head_norm="row"),
    "olmoe": Shape("OLMoE-1B-7B", 16, 2048, 1024, 16, 16, 128, 50304, tied=False, head_norm="row",
                   experts=(64, 8, 1024)),
    "exaone4": Shape("EXAONE-4.0-1.2B", 30, 2048, 4096, 32, 8, 64, 102400, norms=POST_NORMS, head_norm="head"),
    "phi3": Shape("Phi-4-mini", 32, 3072, 8192, 24, 8, 128, 200064, fused=("qkv", "gate"), rope=96, factors=True,
                  keys={"rope.scaling.original_context_length": 4096, "rope.scaling.attn_factor": 1.19}),
    "glm4": Shape("GLM-4-9B-0414", 40, 4096, 13696, 32, 2, 128, 151552, tied=False, norms=BOTH_NORMS, biases=QKV,
                  fused=("gate",), rope=64),
    "cohere2": Shape("Command-R7B", 32, 4096, 14336, 32, 8, 128, 256000, norms=("attn_norm",), layer_norm="plain",
                     keys={"attention.sliding_window": 4096, "logit_scale": 0.25}),
    "starcoder2": Shape("starcoder2-3b", 30, 3072, 12288, 24, 2, 128, 49152, layer_norm="bias", gate=False,
                        biases=QKV + ("attn_output", "ffn_up", "ffn_down")),
    "gpt-oss": Shape("gpt-oss-20b", 24, 2880, 2880, 64, 8, 64, 201088, tied=False,
                     norms=("attn_norm", "post_attention_norm"), experts=(32, 4, 2880), expert_type=Type.MXFP4,
                     sinks=True, biases=QKV + ("attn_output", "ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps",
                                               "ffn_down_exps"),
                     keys={"attention.sliding_window": 128, "rope.scaling.type": "yarn", "rope.scaling.factor": 32.0,
                           "rope.scaling.original_context_length": 4096}),
    "granite": Shape("granite-3.3-2b", 40, 2048, 8192, 32, 8, 64, 49159,
                     keys={"embedding_scale": 12.0, "residual_scale": 0.22, "attention.scale": 0.015625,
                           "logit_scale": 8.0}),
    "mistral3": Shape("Ministral-3-3B", 26, 3072, 9216, 32, 8, 128, 131072,
                      keys={"attention.temperature_scale": 0.1, "rope.scaling.type": "yarn",
                            "rope.scaling.factor": 16.0, "rope.scaling.original_context_length": 16384,
                            "rope.scaling.yarn_log_multiplier": 1.0}),
    "ernie4_5": Shape("ERNIE-4.5-0.3B", 18, 1024, 3072, 16, 2, 128, 103424),
    "seed_oss": Shape("Seed-OSS-36B", 64, 5120, 27648, 80, 8, 128, 155136, tied=False,
                      norms=("attn_norm", "post_attention_norm"), biases=QKV),
    "hunyuan-dense": Shape("Hunyuan-1.8B", 32, 2048, 6144, 16, 4, 128, 120818, head_norm="head"),
    "lfm2": Shape("LFM2-1.2B", 16, 2048, 8192, 32, 8, 64, 65536, head_norm="head",
                  convolutions=(0, 1, 3, 4, 6, 7, 9, 11, 13, 15), keys={"shortconv.l_cache": 3}),
}

random = np.random.default_rng(1)
# Bytes of a block, values in it, where its scales lie (halves), and how far codes reach: value = scale * code.
BLOCKS = {Type.Q4_K: (144, 256, (0, 2), 7 * 40), Type.Q6_K: (210, 256, (208,), 18 * 60),
          Type.Q5_0: (22, 32, (0,), 9), Type.Q8_0: (34, 32, (0,), 73)}


def random_blocks(kind, n, deviation):
    """The bytes of n values."""
    if kind == Type.MXFP4:
        blocks = random.integers(0, 256, (n // 32, 17), np.uint8)
        blocks[:, 0] = random.integers(119, 122, n // 32)
        return blocks
    size, values, scales, reach = BLOCKS[kind]
    blocks = np.frombuffer(bytearray(random.bytes(n // values * size)), np.uint8).reshape(-1, size)
    for at in scales:
        scale = (deviation / reach * random.uniform(0.7, 1.3, len(blocks))).astype(np.float16)
        blocks[:, at:at + 2] = scale.view(np.uint8).reshape(-1, 2)
    return blocks


def type_of(name, depth, layer, s):
    if name.endswith("_exps") and s.expert_type:
        return s.expert_type
    wide = name == "output" or (name == "token_embd" and s.tied) or (
        name in ("attn_v", "ffn_down", "ffn_down_exps") and layer % 2 == 0)
    if depth % 256 != 0:
        return Type.Q8_0 if wide else Type.Q5_0
    return Type.Q6_K if wide else Type.Q4_K


class Model:
    def __init__(self, family, path, n_layers):
        self.shape = SHAPES[family]
        self.writer = GGUFWriter(path, family)
        self.n_layers = n_layers
        self.put_keys(family)
        self.put_tensors()

    def put_keys(self, family):
        s, w = self.shape, self.writer
        numbers = {"block_count": self.n_layers, "context_length": 131072, "embedding_length": s.embd,
                   "feed_forward_length": s.ff, "vocab_size": s.vocab, "attention.head_count": s.heads,
                   "attention.key_length": s.head, "attention.value_length": s.head,
                   "rope.dimension_count": s.rope or s.head, "rope.freq_base": 1e6,
                   f"attention.layer_norm{'' if s.layer_norm else '_rms'}_epsilon": 1e-5}
        if s.experts:
            numbers |= dict(zip(("expert_count", "expert_used_count", "expert_feed_forward_length"), s.experts))
        if family == "olmoe":
            del numbers["expert_feed_forward_length"]
        w.add_name(f"{s.model} shape")
        kv_heads = [0 if i in s.convolutions else s.kv_heads for i in range(self.n_layers)]
        if s.convolutions:
            w.add_array(f"{family}.attention.head_count_kv", kv_heads)
        else:
            numbers["attention.head_count_kv"] = s.kv_heads
        for key, value in (numbers | s.keys).items():
            add = {int: w.add_uint32, float: w.add_float32, str: w.add_string}[type(value)]
            add(f"{family}.{key}", value)
        w.add_quantization_version(2)
        w.add_file_type(15)
        w.add_string("tokenizer.ggml.model", "no_vocab")

    def vector(self, name, *dims, value=None):
        data = np.full(dims, value, np.float32) if value is not None else random.normal(0, 0.02, dims)
        self.writer.add_tensor(name, data.astype(np.float32))

    def norm(self, name, n, kind="weight"):
        self.vector(f"{name}.{kind}", n, value=1 if kind == "weight" else 0)

    def matrix(self, prefix, name, depth, *rows, layer=0):
        """Of so many rows; of experts, so many matrices of so many rows."""
        kind = type_of(name, depth, layer, self.shape)
        blocks = random_blocks(kind, depth * math.prod(rows), 1 / math.sqrt(depth))
        self.writer.add_tensor(f"{prefix}{name}.weight", blocks.reshape(*rows, -1), raw_dtype=kind)
        if name in self.shape.biases:
            self.vector(f"{prefix}{name}.bias", *rows)

    def put_tensors(self):
        s = self.shape
        self.matrix("", "token_embd", s.embd, s.vocab)
        last = "token_embd_norm" if s.convolutions else "output_norm"
        self.norm(last, s.embd)
        if s.layer_norm == "bias":
            self.norm(last, s.embd, "bias")
        if not s.tied:
            self.matrix("", "output", s.embd, s.vocab)
        if s.factors:
            for which in ("long", "short"):
                self.vector(f"rope_factors_{which}.weight", s.rope // 2, value=1)
        for layer in range(self.n_layers):
            self.put_layer(f"blk.{layer}.", layer)
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()

    def put_layer(self, at, layer):
        s = self.shape
        for name in s.norms:
            self.norm(at + name, s.embd)
            if s.layer_norm == "bias":
                self.norm(at + name, s.embd, "bias")
        if layer in s.convolutions:
            self.matrix(at, "shortconv.in_proj", s.embd, 3 * s.embd)
            self.matrix(at, "shortconv.out_proj", s.embd, s.embd)
            self.vector(at + "shortconv.conv.weight", s.embd, s.keys["shortconv.l_cache"])
        else:
            self.put_attention(at, layer)
        if s.experts:
            n, _, width = s.experts
            self.vector(at + "ffn_gate_inp.weight", n, s.embd)
            if "ffn_gate_inp" in s.biases:
                self.vector(at + "ffn_gate_inp.bias", n)
            for name in ("ffn_gate_exps", "ffn_up_exps"):
                self.matrix(at, name, s.embd, n, width, layer=layer)
            self.matrix(at, "ffn_down_exps", width, n, s.embd, layer=layer)
            return
        if s.gate and "gate" not in s.fused:
            self.matrix(at, "ffn_gate", s.embd, s.ff)
        self.matrix(at, "ffn_up", s.embd, s.ff * (2 if "gate" in s.fused else 1))
        self.matrix(at, "ffn_down", s.ff, s.embd, layer=layer)

    def put_attention(self, at, layer):
        s = self.shape
        q, kv = s.heads * s.head, s.kv_heads * s.head
        if "qkv" in s.fused:
            self.matrix(at, "attn_qkv", s.embd, q + 2 * kv)
        else:
            for name, rows in zip(QKV, (q, kv, kv)):
                self.matrix(at, name, s.embd, rows, layer=layer)
        if s.head_norm:
            for name, row in (("attn_q_norm", q), ("attn_k_norm", kv)):
                self.norm(at + name, s.head if s.head_norm == "head" else row)
        if s.sinks:
            self.vector(at + "attn_sinks.weight", s.heads)
        self.matrix(at, "attn_output", q, s.embd)


def layers_within(s, bytes_wanted):
    """How many layers the model may have; about 0.6 bytes a weight."""
    q, kv = s.heads * s.head, s.kv_heads * s.head
    n, _, width = s.experts or (1, 1, s.ff)
    layer = s.embd * (2 * q + 2 * kv + 3 * n * width)
    rest = s.embd * s.vocab * (1.4 if s.tied else 2.4)
    return max(1, min(s.layers, int((bytes_wanted / 0.6 - rest) / layer)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="the families, with the model and its number of layers")
    parser.add_argument("--layers", type=int, help="fewer than the model has")
    parser.add_argument("--gb", type=float, help="so many layers that the file is about as large")
    parser.add_argument("family", nargs="?", choices=list(SHAPES), metavar="FAMILY")
    parser.add_argument("out", nargs="?")
    chosen = parser.parse_args()
    if chosen.list:
        for name, shape in SHAPES.items():
            print(name, shape.model, shape.layers)
    elif chosen.family and chosen.out:
        shape = SHAPES[chosen.family]
        fit = layers_within(shape, chosen.gb * 1e9) if chosen.gb else shape.layers
        n_layers = min(chosen.layers or fit, fit)
        Model(chosen.family, chosen.out, n_layers)
        print(shape.model, n_layers)
    else:
        parser.error("a family and a file are required")


if __name__ == "__main__":
    main()
