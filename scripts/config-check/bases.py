"""The small config.json of each family that variations.py changes, and two kinds of scaled rotation."""

GONE = "<key removed>"

LLAMA = dict(
    vocab_size=61,
    hidden_size=24,
    intermediate_size=37,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=96,
    tie_word_embeddings=False,
)
GEMMA = dict(LLAMA, head_dim=8, query_pre_attn_scalar=8, sliding_window=5, tie_word_embeddings=True)

BASES = {
    "gpt2": dict(model_type="gpt2", vocab_size=61, n_positions=96, n_embd=24, n_layer=4, n_head=4),
    "gpt_neox": dict(
        model_type="gpt_neox",
        vocab_size=61,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=96,
        rotary_pct=0.5,
    ),
    "llama": dict(LLAMA, model_type="llama"),
    # transformers 5.18 fails where Ministral has no head_dim.
    "mistral": dict(LLAMA, model_type="mistral", sliding_window=5, head_dim=6),
    "qwen2": dict(LLAMA, model_type="qwen2"),
    "qwen3": dict(LLAMA, model_type="qwen3", head_dim=8),
    "gemma2": dict(GEMMA, model_type="gemma2", attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
    "gemma3": dict(GEMMA, model_type="gemma3_text", num_hidden_layers=7),
    # The kernel of transformers 5.18 needs rows of whole 16 bytes.
    "gpt_oss": dict(
        LLAMA,
        model_type="gpt_oss",
        intermediate_size=36,
        head_dim=8,
        num_local_experts=5,
        num_experts_per_tok=2,
        sliding_window=5,
    ),
}


def yarn(**more):
    return dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=24, **more)


LLAMA3 = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=24
)
