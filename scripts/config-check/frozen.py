"""The few variations kept in test/integration/parity/configs, on models small enough to keep: those of `make_models.py OUT --frozen`."""

from bases import BASES, GONE, yarn

SMALL = dict(vocab_size=17, hidden_size=8, intermediate_size=9, num_hidden_layers=2, num_attention_heads=2)
WINDOWED = dict(head_dim=4, sliding_window=3)
OWN_SIZES = {
    "gpt2": dict(vocab_size=17, n_embd=8, n_layer=2, n_head=2),
    "gpt_neox": SMALL,
    "llama": dict(SMALL, num_key_value_heads=1),
    "mistral": dict(SMALL, num_key_value_heads=1, **WINDOWED),
    "qwen2": dict(SMALL, num_key_value_heads=1),
    "qwen3": dict(SMALL, num_key_value_heads=1, head_dim=4),
    "gemma2": dict(SMALL, num_key_value_heads=1, query_pre_attn_scalar=4, **WINDOWED),
    "gemma3": dict(SMALL, num_key_value_heads=1, num_hidden_layers=3, query_pre_attn_scalar=4, **WINDOWED),
    "gpt_oss": dict(SMALL, intermediate_size=8, num_key_value_heads=1, num_local_experts=3, **WINDOWED),
}
FROZEN_BASES = {family: dict(BASES[family], **sizes) for family, sizes in OWN_SIZES.items()}

DIFFERENT = ("head different", dict(tie_word_embeddings=True), dict(head="different"))
MISSING = ("head missing", dict(tie_word_embeddings=False), dict(head="missing"))
ALONE = ("head alone", dict(tie_word_embeddings=True), dict(head="alone"))
LINEAR = dict(rope_type="linear", factor=4.0)
NESTED = dict(
    full_attention=dict(rope_type="linear", factor=8.0, rope_theta=500.0),
    sliding_attention=dict(rope_type="default", rope_theta=50.0),
)

FROZEN = {
    "gpt2": [
        ("alias keys", dict(n_head=GONE, num_attention_heads=4, n_layer=GONE, num_hidden_layers=2), {}),
        ("unscaled, by layer", dict(scale_attn_weights=False, scale_attn_by_inverse_layer_idx=True), {}),
        DIFFERENT,
        MISSING,
        ALONE,
    ],
    "gpt_neox": [
        ("half a pair rotates", dict(rotary_pct=0.3), {}),
        ("share in the section", dict(rope_parameters=dict(rope_type="default", partial_rotary_factor=1.0)), {}),
        ("theta is a copy", dict(rope_theta=5.0, partial_rotary_factor=1.0, use_parallel_residual=False), {}),
        DIFFERENT,
        MISSING,
    ],
    "llama": [
        ("dynamic", dict(rope_scaling=dict(type="dynamic", factor=4.0)), {}),
        ("yarn, factor null", dict(rope_parameters=yarn(rope_theta=50.0) | dict(factor=None)), {}),
        ("scaling and parameters", dict(rope_scaling=LINEAR, rope_parameters=dict(rope_theta=5.0)), {}),
        (
            "context beside the section",
            dict(rope_scaling=yarn(), rope_theta=50.0, original_max_position_embeddings=48),
            {},
        ),
        ("share it ignores", dict(partial_rotary_factor=0.5), {}),
        DIFFERENT,
        MISSING,
        ALONE,
        ("head equal", dict(tie_word_embeddings=True), dict(head="equal")),
    ],
    "mistral": [
        ("layer types", dict(layer_types=["full_attention", "sliding_attention"]), {}),
        ("Ministral", dict(model_type="ministral", layer_types=["sliding_attention", "full_attention"]), {}),
        ("layer types, older names", dict(layer_types=["attention", "sliding_attention"]), {}),
        DIFFERENT,
    ],
    "qwen2": [
        (
            "window listed",
            dict(use_sliding_window=True, sliding_window=3, layer_types=["sliding_attention", "full_attention"]),
            {},
        ),
        ("window off", dict(sliding_window=3, max_window_layers=0, head_dim=6), {}),
        ALONE,
    ],
    "qwen3": [
        ("window from the second layer", dict(use_sliding_window=True, sliding_window=3, max_window_layers=1), {}),
        (
            "proportional",
            dict(rope_parameters=dict(rope_type="proportional", partial_rotary_factor=0.5, rope_theta=5.0)),
            {},
        ),
        MISSING,
    ],
    "gemma2": [
        ("layer types, no caps", dict(layer_types=["full_attention"] * 2, attn_logit_softcapping=None), {}),
        ("other activation key", dict(hidden_act="quick_gelu"), {}),
        DIFFERENT,
    ],
    "gemma3": [
        ("cap it ignores", dict(attn_logit_softcapping=0.5), {}),
        ("pattern", dict(sliding_window_pattern=2, _sliding_window_pattern=3), {}),
        ("settings of each kind", dict(rope_parameters=NESTED, sliding_window_pattern=2), {}),
        (
            "flat settings",
            dict(rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=5.0), sliding_window_pattern=2),
            {},
        ),
        (
            "multimodal",
            dict(final_logit_softcapping=2.0, tie_word_embeddings=False),
            dict(outer={}, head="tied"),
        ),
        ("multimodal, head different", {}, dict(outer={}, head="different")),
    ],
    "gpt_oss": [
        ("no scaling said", dict(rope_scaling=None), {}),
        ("alias experts", dict(num_local_experts=GONE, num_experts=3, experts_per_token=1), {}),
        ("no attention bias", dict(attention_bias=False, hidden_act="relu"), {}),
        ("layer types", dict(layer_types=["full_attention", "sliding_attention"]), {}),
        DIFFERENT,
    ],
}
