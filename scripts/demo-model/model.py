"""Gemma 2 in plain torch, with the activations that transcoders read and write."""

import json
import math

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

import settings

NORM_EPS = 1e-6
ROPE_THETA = 10000.0
ATTENTION_SOFTCAP = 50.0
LOGIT_SOFTCAP = 30.0


def normalized(x):
    """x / rms(x): what a norm is before its gain."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + NORM_EPS)


def softcap(x, cap):
    return cap * torch.tanh(x / cap)


class RMSNorm(nn.Module):
    """Stored as gain - 1, so that weight decay pulls the gain to 1."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        return normalized(x) * (1 + self.weight)


def rotary_table(n, size):
    """cos and sin [n, size], both halves alike."""
    frequencies = ROPE_THETA ** (-torch.arange(0, size, 2).float() / size)
    angles = torch.outer(torch.arange(n).float(), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads, self.size = c.N_HEADS, c.N_KEY_VALUE_HEADS, c.D_HEAD
        self.q_proj = nn.Linear(c.D_MODEL, self.heads * self.size, bias=False)
        self.k_proj = nn.Linear(c.D_MODEL, self.kv_heads * self.size, bias=False)
        self.v_proj = nn.Linear(c.D_MODEL, self.kv_heads * self.size, bias=False)
        self.o_proj = nn.Linear(self.heads * self.size, c.D_MODEL, bias=False)

    def forward(self, x, cos, sin, mask, frozen_pattern=None):
        """x [batch, n, d] -> output [batch, n, d] and pattern [batch, heads, n, n]"""
        split = lambda y, heads: y.unflatten(-1, (heads, self.size)).transpose(1, 2)
        repeat = lambda y: y.repeat_interleave(self.heads // self.kv_heads, dim=1)
        value = repeat(split(self.v_proj(x), self.kv_heads))
        pattern = frozen_pattern
        if pattern is None:
            query = rotate(split(self.q_proj(x), self.heads), cos, sin)
            key = repeat(rotate(split(self.k_proj(x), self.kv_heads), cos, sin))
            scores = softcap(query @ key.transpose(-1, -2) * self.size**-0.5, ATTENTION_SOFTCAP)
            pattern = scores.masked_fill(mask, float("-inf")).softmax(-1)
        return self.o_proj((pattern @ value).transpose(1, 2).flatten(2)), pattern


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.D_MODEL, c.D_MLP, bias=False)
        self.up_proj = nn.Linear(c.D_MODEL, c.D_MLP, bias=False)
        self.down_proj = nn.Linear(c.D_MLP, c.D_MODEL, bias=False)

    def forward(self, x):
        return self.down_proj(F.gelu(self.gate_proj(x), approximate="tanh") * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn = Attention(c)
        self.mlp = MLP(c)
        self.input_layernorm = RMSNorm(c.D_MODEL)
        self.post_attention_layernorm = RMSNorm(c.D_MODEL)
        self.pre_feedforward_layernorm = RMSNorm(c.D_MODEL)
        self.post_feedforward_layernorm = RMSNorm(c.D_MODEL)

    def mlp_out(self, resid_mid):
        """What `hook_mlp_out` sees: the MLP after the norm behind it."""
        return self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(resid_mid)))


class Gemma2(nn.Module):
    def __init__(self, vocab_size, c=settings):
        super().__init__()
        self.d_model = c.D_MODEL
        self.embed_tokens = nn.Embedding(vocab_size, c.D_MODEL)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.N_LAYERS))
        self.norm = RMSNorm(c.D_MODEL)
        cos, sin = rotary_table(c.CONTEXT, c.D_HEAD)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialize()

    def _initialize(self):
        # Random directions that are never trained: a city's embedding can't hold its state, an MLP has to look it up.
        directions = F.normalize(torch.randn_like(self.embed_tokens.weight), dim=-1)
        self.embed_tokens.weight = nn.Parameter(directions, requires_grad=False)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features**-0.5)
        # Each sublayer begins as a small addition to the residual stream.
        for layer in self.layers:
            nn.init.constant_(layer.post_attention_layernorm.weight, -0.7)
            nn.init.constant_(layer.post_feedforward_layernorm.weight, -0.7)

    def forward(self, ids, replace_mlp=None, patterns=None, record=None):
        """
        ids [batch, n] -> residual stream after the last norm [batch, n, d]

        replace_mlp: (layer, resid_mid, mlp_out) -> what is added instead of mlp_out.
        patterns: attention patterns to use, one per layer. record: a dict to fill with resid_mid, mlp_out and pattern.
        """
        n = ids.shape[1]
        mask = torch.ones(n, n, dtype=torch.bool).triu(1)
        x = self.embed_tokens(ids) * math.sqrt(self.d_model)
        for i, layer in enumerate(self.layers):
            frozen = None if patterns is None else patterns[i]
            attended, pattern = layer.self_attn(layer.input_layernorm(x), self.cos[:n], self.sin[:n], mask, frozen)
            resid_mid = x + layer.post_attention_layernorm(attended)
            mlp_out = layer.mlp_out(resid_mid)
            if replace_mlp is not None:
                mlp_out = replace_mlp(i, resid_mid, mlp_out)
            if record is not None:
                for name, value in (("resid_mid", resid_mid), ("mlp_out", mlp_out), ("pattern", pattern)):
                    record.setdefault(name, []).append(value)
            x = resid_mid + mlp_out
        return self.norm(x)

    def logits(self, final):
        return softcap(final @ self.embed_tokens.weight.T, LOGIT_SOFTCAP)


def hf_config(vocab_size, tokens, c=settings):
    """config.json. `tokens`: ids of the special tokens by name."""
    return {
        "architectures": ["Gemma2ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "attn_logit_softcapping": ATTENTION_SOFTCAP,
        "bos_token_id": tokens["<bos>"],
        "eos_token_id": tokens["<eos>"],
        "pad_token_id": tokens["<pad>"],
        "final_logit_softcapping": LOGIT_SOFTCAP,
        "head_dim": c.D_HEAD,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": c.D_MODEL,
        "initializer_range": 0.02,
        "intermediate_size": c.D_MLP,
        "max_position_embeddings": c.CONTEXT,
        "model_type": "gemma2",
        "num_attention_heads": c.N_HEADS,
        "num_hidden_layers": c.N_LAYERS,
        "num_key_value_heads": c.N_KEY_VALUE_HEADS,
        "query_pre_attn_scalar": c.D_HEAD,
        "rms_norm_eps": NORM_EPS,
        "rope_theta": ROPE_THETA,
        "sliding_window": 4096,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "use_cache": True,
        "vocab_size": vocab_size,
    }


def save(model, folder):
    weights = {f"model.{name}": value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def load(folder):
    """The model as stored, its rounded weights in float32."""
    config = json.loads((folder / "config.json").read_text())
    model = Gemma2(config["vocab_size"])
    weights = load_file(folder / "model.safetensors")
    model.load_state_dict({name.removeprefix("model."): value.float() for name, value in weights.items()})
    return model.eval().requires_grad_(False)
