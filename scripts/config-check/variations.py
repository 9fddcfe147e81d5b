"""
The variations that make_models.py builds: for each family a small config.json, and changes to it.

A change is (name, keys of config.json, more). `more` may hold `head`, how embedding and unembedding are stored: stored,
tied, equal, different, missing or alone (the head without the embedding); `outer`, keys beside `text_config`; and `newer`, why
transformers 4 gives other numbers than transformers 5, which this package follows.
"""

import random

from bases import BASES, GONE, LLAMA3, yarn

NEW_SECTION = "transformers 4 ignores rope_parameters"


def rope(pairs):
    """Changes of rotation that all families but GPT-2 and Gemma 3 share; `pairs` rotated pairs a head."""
    lists = dict(short_factor=[1.0 + 0.3 * i for i in range(pairs)], long_factor=[2.0 + i for i in range(pairs)])
    scaling = {
        "linear": dict(rope_type="linear", factor=4.0),
        "linear, by type": dict(type="linear", factor=4.0),
        "dynamic": dict(rope_type="dynamic", factor=4.0),
        "dynamic, by type": dict(type="dynamic", factor=2.0),
        "llama3": LLAMA3,
        "yarn": yarn(),
        "yarn, by type": dict(type="yarn", factor=4.0, original_max_position_embeddings=24),
        "yarn, untruncated": yarn(truncate=False, beta_fast=16.0, beta_slow=2.0),
        "yarn, own attention factor": yarn(attention_factor=1.5),
        "yarn, mscale": yarn(mscale=0.7, mscale_all_dim=1.3),
        "yarn, mscale of zero": yarn(mscale=1.0, mscale_all_dim=0),
        "yarn, no context": dict(rope_type="yarn", factor=4.0),
        "longrope, one set": dict(rope_type="longrope", factor=2.0, original_max_position_embeddings=96, **lists),
        "longrope, two sets": dict(rope_type="longrope", factor=4.0, original_max_position_embeddings=24, **lists),
        "unknown type": dict(rope_type="spiral", factor=4.0),
        "linear without factor": dict(rope_type="linear"),
    }
    for name, value in scaling.items():
        yield f"scaling {name}", dict(rope_scaling=value), {}
    yield "scaling null", dict(rope_scaling=None), {}
    yield "scaling empty", dict(rope_scaling={}), {}
    newer = dict(newer=NEW_SECTION)
    yield "parameters theta", dict(rope_parameters=dict(rope_type="default", rope_theta=500.0)), newer
    yield "parameters linear", dict(rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=500.0)), newer
    yield "parameters yarn", dict(rope_parameters=yarn(rope_theta=500.0)), newer
    null = dict(rope_type="yarn", factor=None, original_max_position_embeddings=24, rope_theta=10000.0)
    yield "parameters yarn, factor null", dict(rope_parameters=null), newer
    yield "parameters llama3, no context", dict(
        rope_parameters={k: v for k, v in LLAMA3.items() if k != "original_max_position_embeddings"}
    ), newer
    yield "parameters proportional", dict(
        rope_parameters=dict(rope_type="proportional", partial_rotary_factor=0.5, rope_theta=500.0)
    ), newer
    yield "parameters empty", dict(rope_parameters={}), newer
    yield "parameters null", dict(rope_parameters=None), {}
    both = dict(
        rope_scaling=dict(rope_type="linear", factor=4.0), rope_parameters=dict(rope_type="default", rope_theta=500.0)
    )
    yield "scaling and parameters", both, {}
    nested = dict(full_attention=dict(rope_type="default", rope_theta=500.0), sliding_attention=dict(rope_theta=50.0))
    yield "parameters of each kind", dict(rope_parameters=nested), newer
    yield "context beside the section", dict(rope_scaling=yarn(), original_max_position_embeddings=48), dict(
        newer="transformers 4 reads the context inside the section"
    )


def heads():
    for head in ["stored", "tied", "equal", "different", "missing", "alone"]:
        for value in [True, False, GONE]:
            yield f"head {head}, tie {value}", dict(tie_word_embeddings=value), dict(
                head=head,
                newer="transformers 4 ties whatever is stored" if head in ("different", "stored", "alone") else None,
            )


def common():
    yield "dtype", dict(torch_dtype="float32"), {}
    yield "generation settings", dict(max_length=20, temperature=0.5, repetition_penalty=1.2), {}
    yield "cache off", dict(use_cache=False), {}
    yield "stray keys", dict(embedding_multiplier=2.0, logit_scale=0.5, residual_multiplier=0.1, mup=True), {}
    yield "chunks", dict(chunk_size_feed_forward=3), {}
    yield "encoder-decoder", dict(is_encoder_decoder=True), {}
    yield "decoder", dict(is_decoder=True), {}
    yield "not causal", dict(is_causal=False), dict(newer="transformers 4 ignores is_causal")
    yield "causal", dict(is_causal=True), {}
    yield "per-layer settings", dict(per_layer_config={"1": {"intermediate_size": 40}}), dict(
        newer="transformers 4 ignores per_layer_config"
    )
    yield "no per-layer settings", dict(per_layer_config={}), {}
    yield "pad token", dict(pad_token_id=3), {}
    yield "dropout", dict(attention_dropout=0.5, hidden_dropout=0.5), {}
    yield "cross attention size", dict(cross_attention_hidden_size=12, tie_encoder_decoder=True), {}
    yield "labels", dict(num_labels=4, problem_type="regression"), {}
    yield "quantized", dict(quantization_config=dict(quant_method="gptq", bits=4)), {}


def windows(layers):
    yield "layer types", dict(layer_types=(["full_attention", "sliding_attention"] * layers)[:layers]), {}
    yield "layer types, all full", dict(layer_types=["full_attention"] * layers), {}
    yield "layer types, all sliding", dict(layer_types=["sliding_attention"] * layers), {}
    yield "layer types null", dict(layer_types=None), {}
    yield "layer types chunked", dict(layer_types=["chunked_attention"] * layers), {}
    yield "layer types too few", dict(layer_types=["full_attention"] * (layers - 1)), {}
    yield "layer types, older names", dict(
        layer_types=["attention", "sliding_attention"] * (layers // 2) + ["attention"] * (layers % 2)
    ), {}


def activations(key):
    for name in [
        "gelu",
        "gelu_new",
        "gelu_fast",
        "gelu_pytorch_tanh",
        "gelu_accurate",
        "relu",
        "silu",
        "swish",
        "quick_gelu",
        "relu2",
    ]:
        yield f"{key} {name}", {key: name}, {}


def sizes():
    yield "one key head", dict(num_key_value_heads=1), {}
    yield "as many key heads", dict(num_key_value_heads=4), {}
    yield "key heads null", dict(num_key_value_heads=None), {}
    yield "wide heads", dict(head_dim=10), {}
    yield "epsilon", dict(rms_norm_eps=0.1), {}
    yield "theta", dict(rope_theta=500.0), {}
    yield "share of rotation", dict(partial_rotary_factor=0.5), dict(newer="transformers 4 fails")
    yield "share of scaled rotation", dict(
        partial_rotary_factor=0.5, rope_scaling=dict(rope_type="linear", factor=2.0)
    ), {}


def gpt2():
    yield "alias heads", dict(n_head=GONE, num_attention_heads=3), {}
    yield "alias width", dict(n_embd=GONE, hidden_size=16), {}
    yield "alias layers", dict(n_layer=GONE, num_hidden_layers=3), {}
    yield "alias positions", dict(n_positions=GONE, max_position_embeddings=40), {}
    yield "aliases that agree", dict(num_attention_heads=4, num_hidden_layers=4), {}
    yield "aliases that contradict", dict(num_attention_heads=3), {}
    yield "older context key", dict(n_ctx=12), {}
    yield "inner", dict(n_inner=20), {}
    yield "inner null", dict(n_inner=None), {}
    yield "scaled by layer", dict(scale_attn_by_inverse_layer_idx=True), {}
    yield "unscaled", dict(scale_attn_weights=False), {}
    yield "unscaled, by layer", dict(scale_attn_weights=False, scale_attn_by_inverse_layer_idx=True), {}
    yield "reordered", dict(reorder_and_upcast_attn=True), {}
    yield "reordered, by layer", dict(reorder_and_upcast_attn=True, scale_attn_by_inverse_layer_idx=True), {}
    yield "epsilon", dict(layer_norm_epsilon=0.1), {}
    yield "summary", dict(summary_type="mean", summary_use_proj=False), {}
    yield "cross attention", dict(add_cross_attention=True), {}
    yield "pruned heads", dict(pruned_heads={"0": [1]}), dict(newer="transformers 5 ignores pruned_heads")
    yield "head dimension", dict(head_dim=3), {}
    yield "rotation", dict(rope_theta=5.0, rope_scaling=dict(rope_type="linear", factor=4.0)), {}
    yield from activations("activation_function")


def gpt_neox():
    yield "sequential", dict(use_parallel_residual=False), {}
    yield "no attention bias", dict(attention_bias=False), {}
    yield "base", dict(rotary_emb_base=500), {}
    yield "theta is a copy", dict(rope_theta=500.0, partial_rotary_factor=1.0), {}
    yield "all rotates", dict(rotary_pct=1.0), {}
    yield "a quarter rotates", dict(rotary_pct=GONE), {}
    yield "half a pair rotates", dict(rotary_pct=0.4), {}
    yield "share in the section", dict(rope_parameters=dict(rope_type="default", partial_rotary_factor=1.0)), dict(
        newer=NEW_SECTION
    )
    yield "share in the older section", dict(
        rope_scaling=dict(rope_type="linear", factor=2.0, partial_rotary_factor=1.0)
    ), dict(newer="transformers 4 reads the share outside the section")
    yield "head dimension", dict(head_dim=4), {}
    yield "same head dimension", dict(head_dim=8), {}
    yield "epsilon", dict(layer_norm_eps=0.1), {}
    yield from activations("hidden_act")
    yield from rope(2)


def llama():
    yield "attention bias", dict(attention_bias=True), {}
    yield "MLP bias", dict(mlp_bias=True), {}
    yield "both biases", dict(attention_bias=True, mlp_bias=True), {}
    yield "tensor parallel", dict(pretraining_tp=2), {}
    yield "head dimension null", dict(head_dim=None), {}
    yield "a window it ignores", dict(sliding_window=3), {}
    yield from sizes()
    yield from activations("hidden_act")
    yield from rope(3)


def mistral():
    yield "no window", dict(sliding_window=None), {}
    yield "window of one", dict(sliding_window=1), {}
    yield "window gone", dict(sliding_window=GONE), {}
    yield "listed, no window", dict(sliding_window=None, layer_types=["full_attention", "sliding_attention"] * 2), {}
    yield "Ministral", dict(model_type="ministral", layer_types=["sliding_attention", "full_attention"] * 2), {}
    yield "Ministral without list", dict(model_type="ministral"), {}
    yield "biases it ignores", dict(attention_bias=True, mlp_bias=True), {}
    yield "head dimension null", dict(head_dim=None), {}
    yield from windows(4)
    yield from sizes()
    yield from activations("hidden_act")
    yield from rope(3)


def qwen(pairs):
    yield "window switched off", dict(sliding_window=3, max_window_layers=0), {}
    yield "window", dict(use_sliding_window=True, sliding_window=3, max_window_layers=0), {}
    yield "window from the third layer", dict(use_sliding_window=True, sliding_window=3, max_window_layers=2), {}
    yield "window from the 29th layer", dict(use_sliding_window=True, sliding_window=3), {}
    yield "window null", dict(use_sliding_window=True, sliding_window=None, max_window_layers=0), {}
    yield "window off and null", dict(use_sliding_window=False, sliding_window=None, max_window_layers=4), {}
    yield "attention bias", dict(attention_bias=True), {}
    on = dict(use_sliding_window=True, sliding_window=3)
    for name, keys, more in windows(4):
        yield f"{name}, on", dict(on, **keys), more
        yield f"{name}, off", keys, more
    yield from sizes()
    yield from activations("hidden_act")
    yield from rope(pairs)


def gemma(layers):
    yield "attention bias", dict(attention_bias=True), {}
    yield "scale", dict(query_pre_attn_scalar=3), {}
    yield "scale gone", dict(query_pre_attn_scalar=GONE), {}
    yield "no window", dict(sliding_window=None), {}
    yield "window gone", dict(sliding_window=GONE), {}
    yield "both ways", dict(use_bidirectional_attention=True), dict(newer="transformers 4 ignores it in Gemma 2")
    yield "one way", dict(use_bidirectional_attention=False), {}
    yield "other activation key", dict(hidden_act="quick_gelu"), {}
    yield from windows(layers)
    yield from sizes()
    yield from activations("hidden_activation")


def gemma2():
    yield "no caps", dict(attn_logit_softcapping=None, final_logit_softcapping=None), {}
    yield "default caps", dict(attn_logit_softcapping=GONE, final_logit_softcapping=GONE), {}
    yield "cap of attention", dict(attn_logit_softcapping=0.5), {}
    yield from gemma(4)
    yield from rope(4)


def gemma3():
    yield "cap it ignores", dict(attn_logit_softcapping=0.5), {}
    yield "final cap", dict(final_logit_softcapping=2.0), {}
    yield "pattern", dict(sliding_window_pattern=2), {}
    yield "pattern of one", dict(sliding_window_pattern=1), {}
    yield "pattern under the wrong name", dict(_sliding_window_pattern=2), {}
    yield "local base", dict(rope_local_base_freq=50.0), {}
    yield from gemma(7)
    entry = dict(rope_type="linear", factor=8.0)
    yield "scaling linear", dict(rope_scaling=entry), {}
    yield "scaling dynamic", dict(rope_scaling=dict(rope_type="dynamic", factor=8.0)), {}
    yield "scaling yarn", dict(rope_scaling=yarn()), {}
    yield "scaling llama3", dict(rope_scaling=LLAMA3), {}
    yield "scaling null", dict(rope_scaling=None), {}
    yield "scaling by type", dict(rope_scaling=dict(type="linear", factor=8.0)), dict(newer="transformers 4 reads type")
    newer = dict(newer=NEW_SECTION)
    nested = dict(
        full_attention=dict(entry, rope_theta=500.0), sliding_attention=dict(rope_type="default", rope_theta=50.0)
    )
    yield "parameters", dict(rope_parameters=nested), newer
    yield "parameters and scaling", dict(rope_parameters=nested, rope_scaling=yarn()), newer
    yield "parameters, local scaled", dict(
        rope_parameters=dict(
            full_attention=dict(rope_type="default", rope_theta=500.0), sliding_attention=dict(entry, rope_theta=50.0)
        )
    ), newer
    yield "parameters, no base inside", dict(
        rope_theta=500.0,
        rope_local_base_freq=50.0,
        rope_parameters=dict(full_attention=entry, sliding_attention=dict(rope_type="default")),
    ), newer
    yield "parameters, one entry", dict(rope_parameters=dict(full_attention=dict(entry, rope_theta=500.0))), newer
    yield "parameters, null entry", dict(
        rope_parameters=dict(full_attention=dict(entry, rope_theta=500.0), sliding_attention=None)
    ), newer
    yield "parameters flat", dict(rope_parameters=dict(rope_type="default", rope_theta=500.0)), newer
    inside = dict(
        full_attention=yarn(rope_theta=500.0, truncate=False),
        sliding_attention=dict(rope_type="default", rope_theta=50.0),
    )
    yield "parameters yarn, untruncated inside", dict(rope_parameters=inside), newer
    yield "parameters yarn, untruncated beside", dict(
        rope_parameters=dict(inside, full_attention=yarn(rope_theta=500.0), truncate=False)
    ), newer
    yield "parameters proportional", dict(
        rope_parameters=dict(
            nested, full_attention=dict(rope_type="proportional", partial_rotary_factor=0.5, rope_theta=500.0)
        )
    ), newer
    for head, tie in [
        ("stored", False),
        ("tied", True),
        ("tied", GONE),
        ("different", True),
        ("equal", True),
        ("alone", True),
    ]:
        yield f"multimodal, head {head}, tie {tie}", {}, dict(
            outer=dict(tie_word_embeddings=tie),
            head=head,
            newer=head in ("stored", "different", "alone") and "transformers 4 ties by text_config" or None,
        )
    yield "multimodal, tie in the text alone", dict(tie_word_embeddings=False), dict(
        outer={}, head="different", newer="transformers 4 ties by text_config"
    )
    yield "multimodal, final cap", dict(final_logit_softcapping=2.0), dict(outer={}, head="tied")
    yield "multimodal, scaled", dict(rope_scaling=entry, sliding_window_pattern=3), dict(outer={}, head="tied")
    yield "multimodal, quantized", {}, dict(
        outer=dict(quantization_config=dict(quant_method="gptq", bits=4)), head="tied"
    )


def gpt_oss():
    yield "alias experts", dict(num_local_experts=GONE, num_experts=5), dict(newer="transformers 4 knows no alias")
    yield "aliases that contradict", dict(num_experts=4), dict(newer="transformers 4 knows no alias")
    yield "stray experts per token", dict(experts_per_token=1), {}
    yield "one expert a token", dict(num_experts_per_tok=1), {}
    yield "all experts", dict(num_experts_per_tok=5), {}
    yield "no attention bias", dict(attention_bias=False), dict(newer="transformers 4 always has biases")
    yield "activation it ignores", dict(hidden_act="relu"), {}
    yield "limit", dict(swiglu_limit=7.0), {}
    yield "other limit", dict(swiglu_limit=1.0), {}
    yield "router", dict(router_aux_loss_coef=0.1), {}
    yield "no window", dict(sliding_window=None), {}
    yield "window gone", dict(sliding_window=GONE), {}
    yield "initial context", dict(initial_context_length=12), {}
    yield "head dimension null", dict(head_dim=None), {}
    yield from windows(4)
    yield from sizes()
    for name, keys, more in rope(4):
        null = keys.get("rope_scaling", 0) in (None, {})
        yield name, keys, dict(more, newer=more.get("newer") or (null and "transformers 4 scales nothing") or None)


OWN = dict(
    gpt2=gpt2,
    gpt_neox=gpt_neox,
    llama=llama,
    mistral=mistral,
    qwen2=lambda: qwen(3),
    qwen3=lambda: qwen(4),
    gemma2=gemma2,
    gemma3=gemma3,
    gpt_oss=gpt_oss,
)


def variations(family, mixed=20, seed=13):
    """The base, every change alone, and `mixed` seeded mixtures of two to four."""
    yield "base", {}, {}
    own = list(OWN[family]())
    for change in [*own, *common(), *heads()]:
        yield change
    # Strings, not objects, so that the draw depends on nothing but family and seed.
    drawing = random.Random(f"{family} {seed}")
    plain = [change for change in own if "outer" not in change[2]]
    for i in range(mixed):
        chosen = drawing.sample(plain, drawing.randint(2, 4))
        keys = {key: value for _, changed, _ in chosen for key, value in changed.items()}
        newer = "; ".join(sorted({more["newer"] for _, _, more in chosen if more.get("newer")}))
        yield f"mixture {i + 1}: " + " + ".join(name for name, _, _ in chosen), keys, dict(newer=newer or None)
